#include "crypto/public_draw.hpp"

#include <numeric>
#include <stdexcept>
#include <utility>

#include "crypto/sodium.hpp"

namespace tributary::crypto {
namespace {

constexpr std::uint64_t words_in_block = 16;
constexpr std::uint64_t words_in_stream = words_in_block << 32;

}  // namespace

std::uint32_t PublicDraw::word() {
  if (words_ == words_in_stream) throw std::length_error("draw: the seed's stream has ended");
  const std::size_t at = words_ % words_in_block;
  if (at == 0) {
    constexpr std::array<std::uint8_t, crypto_stream_chacha20_IETF_NONCEBYTES> nonce{};
    block_ = {};
    crypto_stream_chacha20_ietf_xor_ic(block_.data(), block_.data(), block_.size(), nonce.data(),
                                       static_cast<std::uint32_t>(words_ / words_in_block),
                                       seed_.bytes.data());
  }
  ++words_;
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < 4; ++i) value |= std::uint32_t{block_[4 * at + i]} << (8 * i);
  return value;
}

std::uint32_t PublicDraw::below(std::uint32_t bound) {
  if (bound == 0) throw std::invalid_argument("draw: nothing to draw from");
  const std::uint64_t range = std::uint64_t{1} << 32;
  const std::uint64_t multiple = range - range % bound;
  std::uint64_t drawn = word();
  while (drawn >= multiple) drawn = word();
  return static_cast<std::uint32_t>(drawn % bound);
}

std::vector<std::uint32_t> permutation(const Hash& seed, std::uint32_t n) {
  std::vector<std::uint32_t> order(n);
  std::iota(order.begin(), order.end(), 0U);
  PublicDraw draw(seed);
  for (std::uint32_t i = n; i-- > 1;) std::swap(order[i], order[draw.below(i + 1)]);
  return order;
}

}  // namespace tributary::crypto
