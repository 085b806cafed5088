#include "crypto/ring.hpp"

#include <bit>
#include <cstring>
#include <stdexcept>

#include "crypto/ring_kernels.hpp"

namespace tributary::crypto {
namespace {

void require_same_words(RingBits bits, std::size_t sum, std::size_t other) {
  if (sum != other) throw std::invalid_argument("ring: the vectors differ in length");
  if (sum % word_bytes(bits) != 0) throw std::invalid_argument("ring: not a whole number of words");
}

}  // namespace

std::optional<RingBits> ring_bits(std::uint32_t bits) {
  switch (bits) {
    case 16:
      return RingBits::b16;
    case 24:
      return RingBits::b24;
    case 32:
      return RingBits::b32;
    default:
      return std::nullopt;
  }
}

void ring_add(RingBits bits, std::span<std::uint8_t> sum, ByteView addend) {
  require_same_words(bits, sum.size(), addend.size());
  ring_kernels().add(bits)(sum.data(), addend.data(), sum.size());
}

void ring_subtract(RingBits bits, std::span<std::uint8_t> sum, ByteView subtrahend) {
  require_same_words(bits, sum.size(), subtrahend.size());
  const std::size_t width = word_bytes(bits);
  for (std::size_t at = 0; at < sum.size(); at += width) {
    std::uint32_t word = 0;
    std::uint32_t other = 0;
    std::memcpy(&word, sum.data() + at, width);
    std::memcpy(&other, subtrahend.data() + at, width);
    word -= other;
    std::memcpy(sum.data() + at, &word, width);
  }
}

Bytes ring_words(RingBits bits, std::span<const std::int64_t> values) {
  const std::size_t width = word_bytes(bits);
  Bytes words(values.size() * width);
  for (std::size_t j = 0; j < values.size(); ++j) {
    const auto value = static_cast<std::uint64_t>(values[j]);
    for (std::size_t i = 0; i < width; ++i) {
      words[j * width + i] = static_cast<std::uint8_t>(value >> (8 * i));
    }
  }
  return words;
}

std::vector<std::int64_t> ring_centre(RingBits bits, ByteView words) {
  require_same_words(bits, words.size(), words.size());
  const std::size_t width = word_bytes(bits);
  const unsigned unused_bits = 32 - static_cast<unsigned>(bits);
  std::vector<std::int64_t> centred(words.size() / width);
  for (std::size_t j = 0; j < centred.size(); ++j) {
    std::uint32_t word = 0;
    std::memcpy(&word, words.data() + j * width, width);
    // Moving the sign bit to the top and back extends it.
    centred[j] = static_cast<std::int32_t>(word << unused_bits) >> unused_bits;
  }
  return centred;
}

}  // namespace tributary::crypto
