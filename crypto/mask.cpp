#include "crypto/mask.hpp"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>
#include <stdexcept>

#include "crypto/hash.hpp"
#include "crypto/ring_kernels.hpp"

namespace tributary::crypto {
namespace {

// Keystream of one call: with the zeros it is made from and the part of the sum it is added to it
// stays in the first-level cache. Whole ChaCha20 blocks and whole words of every ring.
constexpr std::size_t block_bytes = 6144;
static_assert(block_bytes % 192 == 0);
// Part of the sum that all seeds visit in turn; stays in the second-level cache.
constexpr std::size_t stripe_bytes = 32 * block_bytes;
constexpr std::uint64_t stream_bytes = std::uint64_t{64} << 32;  // a 32-bit block counter

alignas(64) constexpr std::array<std::uint8_t, block_bytes> zeros{};

struct FreeContext {
  void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
};

void require_libcrypto(bool ok) {
  if (!ok) throw std::runtime_error("libcrypto: ChaCha20 failed; is its default provider loaded?");
}

// ChaCha20 key streams, one after the other. Freed with its key wiped.
class KeyStream {
 public:
  KeyStream() : context_(EVP_CIPHER_CTX_new()) {
    // Fetched once: a fetch by name at every use costs more than a block.
    static EVP_CIPHER* const cipher = EVP_CIPHER_fetch(nullptr, "ChaCha20", nullptr);
    require_libcrypto(context_ != nullptr && cipher != nullptr &&
                      EVP_EncryptInit_ex2(context_.get(), cipher, nullptr, nullptr, nullptr) == 1);
  }

  // The stream of `seed` from byte `offset` on, a multiple of 64.
  void begin(const Seed& seed, std::uint64_t offset) {
    std::array<std::uint8_t, 16> counter_and_nonce{};
    std::ranges::copy(le32(static_cast<std::uint32_t>(offset / 64)), counter_and_nonce.begin());
    require_libcrypto(EVP_EncryptInit_ex2(context_.get(), nullptr, seed.expose().data(),
                                          counter_and_nonce.data(), nullptr) == 1);
  }

  // The next out.size() bytes, at most block_bytes.
  void next(std::span<std::uint8_t> out) {
    int written = 0;
    require_libcrypto(EVP_EncryptUpdate(context_.get(), out.data(), &written, zeros.data(),
                                        static_cast<int>(out.size())) == 1);
  }

 private:
  std::unique_ptr<EVP_CIPHER_CTX, FreeContext> context_;
};

void add_stream(KeyStream& stream, RingAdd add, std::span<std::uint8_t> sum) {
  alignas(64) std::array<std::uint8_t, block_bytes> block;
  for (std::size_t at = 0; at < sum.size(); at += block_bytes) {
    const std::size_t size = std::min(block_bytes, sum.size() - at);
    stream.next({block.data(), size});
    add(sum.data() + at, block.data(), size);
  }
  wipe(block);
}

}  // namespace

void add_mask(RingBits bits, const Seed& seed, std::uint64_t offset, std::span<std::uint8_t> sum) {
  const std::size_t width = word_bytes(bits);
  if (offset % 64 != 0 || offset % width != 0 || sum.size() % width != 0) {
    throw std::invalid_argument("mask: offset or size is not whole words and blocks");
  }
  if (offset > stream_bytes || sum.size() > stream_bytes - offset) {
    throw std::invalid_argument("mask: longer than one seed's 256 GiB");
  }
  KeyStream stream;
  stream.begin(seed, offset);
  add_stream(stream, ring_kernels().add(bits), sum);
}

Bytes sum_masks(RingBits bits, std::span<const Seed> seeds, std::size_t words) {
  Bytes sum(words * word_bytes(bits));
  if (sum.size() > stream_bytes) throw std::invalid_argument("mask: longer than 256 GiB");
  const RingAdd add = ring_kernels().add(bits);
  KeyStream stream;
  for (std::size_t at = 0; at < sum.size(); at += stripe_bytes) {
    const auto stripe = std::span(sum).subspan(at, std::min(stripe_bytes, sum.size() - at));
    for (const Seed& seed : seeds) {
      stream.begin(seed, at);
      add_stream(stream, add, stripe);
    }
  }
  return sum;
}

}  // namespace tributary::crypto
