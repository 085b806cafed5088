#include "crypto/mask.hpp"

#include <doctest/doctest.h>

#include <stdexcept>

using namespace tributary;
using namespace tributary::crypto;

namespace {

constexpr RingBits rings[] = {RingBits::b16, RingBits::b24, RingBits::b32};

std::vector<Seed> make_seeds(std::size_t count) {
  std::vector<Seed> seeds;
  for (std::size_t i = 0; i < count; ++i) {
    seeds.push_back(*Seed::from(Bytes(32, static_cast<std::uint8_t>(i + 1))));
  }
  return seeds;
}

}  // namespace

// RFC 8439 appendix A.1, test vectors 1 and 2: key zero, nonce zero, blocks 0 and 1.
TEST_CASE("the mask is the ChaCha20 key stream") {
  const Seed zero = *Seed::from(Bytes(32));
  Bytes mask(128);
  add_mask(RingBits::b32, zero, 0, mask);
  CHECK(to_hex(ByteView(mask).first(16)) == "76b8e0ada0f13d90405d6ae55386bd28");
  CHECK(to_hex(ByteView(mask).subspan(64, 16)) == "9f07e7be5551387a98ba977c732d080d");
}

TEST_CASE("a mask from an offset is that part of the whole mask") {
  for (const RingBits bits : rings) {
    const Seed seed = *Seed::from(Bytes(32, 5));
    const std::size_t size = 192 * 1100 + 17 * word_bytes(bits);
    Bytes whole(size);
    add_mask(bits, seed, 0, whole);
    for (const std::size_t offset : {0, 192, 6144, 6144 + 192, 192 * 1024, 192 * 1100}) {
      CAPTURE(static_cast<int>(bits));
      CAPTURE(offset);
      Bytes part(size - offset);
      add_mask(bits, seed, offset, part);
      CHECK(part == Bytes(whole.begin() + static_cast<std::ptrdiff_t>(offset), whole.end()));
    }
  }
}

TEST_CASE("a mask far into the stream uses the block counter") {
  const Seed seed = *Seed::from(Bytes(32, 5));
  const std::uint64_t last_block = (std::uint64_t{1} << 38) - 64;
  Bytes last(64);
  add_mask(RingBits::b32, seed, last_block, last);
  Bytes first(64);
  add_mask(RingBits::b32, seed, 0, first);
  CHECK(last != first);
  CHECK(last != Bytes(64));
  Bytes beyond(128);
  CHECK_THROWS_AS(add_mask(RingBits::b32, seed, last_block, beyond), std::invalid_argument);
}

TEST_CASE("offsets and sizes that split a block or a word are refused") {
  const Seed seed = *Seed::from(Bytes(32, 5));
  Bytes words(48);
  CHECK_THROWS_AS(add_mask(RingBits::b32, seed, 32, words), std::invalid_argument);
  CHECK_THROWS_AS(add_mask(RingBits::b24, seed, 64, words), std::invalid_argument);
  CHECK_NOTHROW(add_mask(RingBits::b24, seed, 192, words));
  CHECK_THROWS_AS(add_mask(RingBits::b32, seed, 0, std::span(words).first(47)),
                  std::invalid_argument);
}

TEST_CASE("the sum of masks is the masks, added") {
  for (const RingBits bits : rings) {
    for (const std::size_t words : {std::size_t{0}, std::size_t{1}, std::size_t{37},
                                    std::size_t{2048}, std::size_t{70'001}}) {
      CAPTURE(static_cast<int>(bits));
      CAPTURE(words);
      const auto seeds = make_seeds(5);
      Bytes expected(words * word_bytes(bits));
      for (const Seed& seed : seeds) {
        Bytes mask(expected.size());
        add_mask(bits, seed, 0, mask);
        ring_add(bits, expected, mask);
      }
      CHECK(sum_masks(bits, seeds, words) == expected);
    }
    CHECK(sum_masks(bits, {}, 3) == Bytes(3 * word_bytes(bits)));
  }
}

TEST_CASE("adding and subtracting the mask sum leaves the plain sum") {
  for (const RingBits bits : rings) {
    const auto seeds = make_seeds(3);
    Bytes masked(1000 * word_bytes(bits), 1);
    const Bytes plain = masked;
    for (const Seed& seed : seeds) add_mask(bits, seed, 0, masked);
    CHECK(masked != plain);
    ring_subtract(bits, masked, sum_masks(bits, seeds, 1000));
    CHECK(masked == plain);
  }
}
