// Vectors over Z_2^b as little-endian bytes, b in {16, 24, 32}; sums and centred decoding.
#pragma once

#include "crypto/bytes.hpp"

namespace tributary::crypto {

enum class RingBits : std::uint8_t { b16 = 16, b24 = 24, b32 = 32 };
std::optional<RingBits> ring_bits(std::uint32_t bits);
constexpr std::size_t word_bytes(RingBits bits) {
  return static_cast<std::size_t>(bits) / 8;
}

// sum += addend mod 2^b, word by word. Both are the same whole number of words.
void ring_add(RingBits bits, std::span<std::uint8_t> sum, ByteView addend);
// sum -= subtrahend mod 2^b.
void ring_subtract(RingBits bits, std::span<std::uint8_t> sum, ByteView subtrahend);
// Each value modulo 2^b: what ring_centre reads back when it is within the ring.
Bytes ring_words(RingBits bits, std::span<const std::int64_t> values);
// Each word as the representative in [-2^(b-1), 2^(b-1)).
std::vector<std::int64_t> ring_centre(RingBits bits, ByteView words);

}  // namespace tributary::crypto
