// Numbers everybody draws alike from a public seed: for graph, witnesses and the blocks that travel.
#pragma once

#include "crypto/bytes.hpp"

namespace tributary::crypto {

// Little-endian u32 words of ChaCha20-IETF(key = seed, nonce 0, counter from 0), in order.
class PublicDraw {
 public:
  explicit PublicDraw(const Hash& seed) : seed_(seed) {}
  // Uniform in 0..bound-1, bound >= 1. Words at or above the largest multiple of bound are passed
  // over. A seed gives 2^36 words; past them it throws std::length_error.
  std::uint32_t below(std::uint32_t bound);

 private:
  std::uint32_t word();

  Hash seed_;
  std::array<std::uint8_t, 64> block_{};
  std::uint64_t words_ = 0;
};

// 0..n-1 shuffled: i from n-1 down to 1, j uniform in 0..i, swap (Fisher-Yates). n >= 1.
std::vector<std::uint32_t> permutation(const Hash& seed, std::uint32_t n);

}  // namespace tributary::crypto
