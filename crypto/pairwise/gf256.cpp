#include "crypto/pairwise/gf256.hpp"

namespace tributary::pairwise {

std::uint8_t gf256_multiply(std::uint8_t a, std::uint8_t b) {
  unsigned product = 0;
  unsigned left = a;
  for (unsigned bit = 0; bit < 8; ++bit) {
    product ^= left & (0U - ((unsigned{b} >> bit) & 1U));
    left = (left << 1) ^ (0x11bU & (0U - (left >> 7)));
  }
  return static_cast<std::uint8_t>(product);
}

std::uint8_t gf256_inverse(std::uint8_t a) {
  // a^254 = a^2 * a^4 * .. * a^128
  std::uint8_t square = a;
  std::uint8_t inverse = 1;
  for (int i = 0; i < 7; ++i) {
    square = gf256_multiply(square, square);
    inverse = gf256_multiply(inverse, square);
  }
  return inverse;
}

}  // namespace tributary::pairwise
