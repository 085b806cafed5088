// The field GF(2^8) with the polynomial x^8 + x^4 + x^3 + x + 1 (0x11b), in constant time: no
// table, no branch on an operand.
#pragma once

#include <cstddef>
#include <cstdint>

namespace tributary::pairwise {

std::uint8_t gf256_multiply(std::uint8_t a, std::uint8_t b);
std::uint8_t gf256_inverse(std::uint8_t a);  // a^254; 0 for 0

// Eight elements side by side, one per byte, times x.
constexpr std::uint64_t gf256_times_x(std::uint64_t elements) {
  const std::uint64_t high = (elements >> 7) & 0x0101010101010101U;
  return ((elements & 0x7f7f7f7f7f7f7f7fU) << 1) ^ (high * 0x1b);
}

}  // namespace tributary::pairwise
