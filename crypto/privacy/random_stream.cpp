#include "crypto/privacy/random_stream.hpp"

#include <cstring>
#include <stdexcept>

#include "crypto/sodium.hpp"

namespace tributary::privacy {
namespace {

constexpr std::array<std::uint8_t, crypto_stream_chacha20_ietf_NONCEBYTES> no_nonce{};
constexpr std::uint32_t block_bytes = 64;

}  // namespace

RandomStream::RandomStream(const crypto::Seed& seed) : seed_(seed.clone()) {
  crypto::require_sodium();
}

RandomStream::~RandomStream() {
  crypto::wipe(buffer_);
}

void RandomStream::refill() {
  constexpr std::uint32_t blocks = buffered / block_bytes;
  if (block_ > 0xFFFFFFFFU - blocks) throw std::length_error("privacy: a seed gives 256 GiB");
  buffer_.fill(0);
  crypto_stream_chacha20_ietf_xor_ic(buffer_.data(), buffer_.data(), buffer_.size(),
                                     no_nonce.data(), block_, seed_.expose().data());
  block_ += blocks;
  used_ = 0;
}

std::uint64_t RandomStream::bits() {
  if (used_ == buffered) refill();
  std::uint64_t value = 0;
  std::memcpy(&value, buffer_.data() + used_, sizeof value);
  used_ += sizeof value;
  return value;
}

std::uint64_t RandomStream::below(std::uint64_t bound) {
  // The lowest 2^64 mod bound values would make some remainders likelier than others.
  const std::uint64_t least = (0 - bound) % bound;
  for (;;) {
    const std::uint64_t value = bits();
    if (value >= least) return value % bound;
  }
}

double RandomStream::open_unit() {
  return static_cast<double>((bits() >> 11) + 1) * 0x1p-53;
}

}  // namespace tributary::privacy
