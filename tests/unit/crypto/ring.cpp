#include "crypto/ring.hpp"

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <stdexcept>

#include "crypto/ring_kernels.hpp"
#include "crypto/secret.hpp"

using namespace tributary;
using namespace tributary::crypto;

namespace {

constexpr RingBits rings[] = {RingBits::b16, RingBits::b24, RingBits::b32};

Bytes words_of(RingBits bits, std::initializer_list<std::int64_t> values) {
  Bytes bytes;
  for (const std::int64_t value : values) {
    for (std::size_t i = 0; i < word_bytes(bits); ++i) {
      bytes.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
    }
  }
  return bytes;
}

std::int64_t half(RingBits bits) {
  return std::int64_t{1} << (static_cast<int>(bits) - 1);
}

}  // namespace

TEST_CASE("rings are 16, 24 and 32 bits") {
  CHECK(ring_bits(16) == RingBits::b16);
  CHECK(ring_bits(24) == RingBits::b24);
  CHECK(ring_bits(32) == RingBits::b32);
  for (const std::uint32_t bits : {0U, 8U, 17U, 64U, 272U}) {
    CAPTURE(bits);
    CHECK_FALSE(ring_bits(bits).has_value());
  }
}

TEST_CASE("centring covers the whole range") {
  for (const RingBits bits : rings) {
    CAPTURE(static_cast<int>(bits));
    const std::int64_t h = half(bits);
    const auto centred = ring_centre(bits, words_of(bits, {0, 1, -1, h - 1, -h, h}));
    CHECK(centred == std::vector<std::int64_t>{0, 1, -1, h - 1, -h, -h});
    CHECK(ring_centre(bits, {}).empty());
  }
}

TEST_CASE("addition and subtraction wrap at the ends") {
  for (const RingBits bits : rings) {
    CAPTURE(static_cast<int>(bits));
    const std::int64_t h = half(bits);
    Bytes sum = words_of(bits, {h - 1, -1, 0, -h});
    ring_add(bits, sum, words_of(bits, {1, 1, -1, -h}));
    CHECK(ring_centre(bits, sum) == std::vector<std::int64_t>{-h, 0, -1, 0});
    ring_subtract(bits, sum, words_of(bits, {1, 1, -1, -h}));
    CHECK(ring_centre(bits, sum) == std::vector<std::int64_t>{h - 1, -1, 0, -h});
  }
}

TEST_CASE("vectors of other lengths or parts of words are refused") {
  for (const RingBits bits : rings) {
    CAPTURE(static_cast<int>(bits));
    Bytes two(2 * word_bytes(bits));
    const Bytes three(3 * word_bytes(bits));
    CHECK_THROWS_AS(ring_add(bits, two, three), std::invalid_argument);
    CHECK_THROWS_AS(ring_subtract(bits, two, three), std::invalid_argument);
    Bytes odd(word_bytes(bits) + 1);
    CHECK_THROWS_AS(ring_add(bits, odd, Bytes(odd.size())), std::invalid_argument);
    CHECK_THROWS_AS(ring_centre(bits, odd), std::invalid_argument);
  }
}

// Lengths around every vector width, and an alignment that is no vector's.
TEST_CASE("the processor's loops agree with the portable ones and touch nothing else") {
  for (const RingBits bits : rings) {
    for (std::size_t words = 0; words < 200; ++words) {
      CAPTURE(static_cast<int>(bits));
      CAPTURE(words);
      const std::size_t size = words * word_bytes(bits);
      Bytes fast(size + 2);
      Bytes addend(size + 1);
      fill_random(fast);
      fill_random(addend);
      if (words % 3 == 0) std::ranges::fill(addend, std::uint8_t{0xff});
      Bytes portable = fast;
      ring_kernels().add(bits)(fast.data() + 1, addend.data() + 1, size);
      portable_ring_kernels().add(bits)(portable.data() + 1, addend.data() + 1, size);
      CHECK(fast == portable);
    }
  }
}

TEST_CASE("the sum of words is the word of the sum") {
  for (const RingBits bits : rings) {
    CHECK(rc::check("ring addition", [bits](const std::vector<std::pair<int, int>>& pairs) {
      Bytes a;
      Bytes b;
      Bytes expected;
      for (const auto& [x, y] : pairs) {
        const auto append = [bits](Bytes& to, std::int64_t value) {
          const Bytes word = words_of(bits, {value});
          to.insert(to.end(), word.begin(), word.end());
        };
        append(a, x);
        append(b, y);
        append(expected, std::int64_t{x} + y);
      }
      ring_add(bits, a, b);
      RC_ASSERT(a == expected);
    }));
  }
}

TEST_CASE("ring_words is what ring_centre undoes") {
  for (const auto bits : {RingBits::b16, RingBits::b24, RingBits::b32}) {
    const std::int64_t half = std::int64_t{1} << (static_cast<unsigned>(bits) - 1);
    const std::vector<std::int64_t> values = {0, 1, -1, half - 1, -half, 12345, -12345};
    CHECK(ring_centre(bits, ring_words(bits, values)) == values);
    // Beyond the ring: modulo 2^b.
    CHECK(ring_centre(bits, ring_words(bits, std::vector<std::int64_t>{half})).front() == -half);
  }
}
