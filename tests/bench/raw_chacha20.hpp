// The limit of everything that expands masks: as much ChaCha20 key stream, and nothing done with it.
#pragma once

#include <openssl/evp.h>
#include <sodium.h>

#include "crypto/bytes.hpp"

namespace tributary::bench {

// In blocks that stay in the first-level cache.
constexpr std::size_t raw_block_bytes = 6144;

inline void raw_sodium(std::size_t total) {
  static Bytes block(raw_block_bytes);
  const unsigned char key[32] = {1};
  const unsigned char nonce[12] = {};
  for (std::size_t made = 0; made < total; made += block.size()) {
    crypto_stream_chacha20_ietf(block.data(), block.size(), nonce, key);
  }
}

inline void raw_openssl(std::size_t total) {
  static const Bytes zeros(raw_block_bytes);
  static Bytes block(raw_block_bytes);
  static EVP_CIPHER_CTX* const context = EVP_CIPHER_CTX_new();
  const unsigned char key[32] = {1};
  const unsigned char iv[16] = {};
  EVP_EncryptInit_ex(context, EVP_chacha20(), nullptr, key, iv);
  int written = 0;
  for (std::size_t made = 0; made < total; made += block.size()) {
    EVP_EncryptUpdate(context, block.data(), &written, zeros.data(), raw_block_bytes);
  }
}

}  // namespace tributary::bench
