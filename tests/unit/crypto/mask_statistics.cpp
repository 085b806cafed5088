// What a mask must look like to whoever lacks its seed, and that no two seeds share one.
#include <doctest/doctest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <functional>

#include "crypto/keys.hpp"
#include "crypto/mask.hpp"

using namespace tributary;
using namespace tributary::crypto;

namespace {

// Everything below is derived from these: the same numbers in every run.
PairKey fixed_pair_key() {
  Bytes bytes(32);
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::uint8_t>(i);
  return *PairKey::from(bytes);
}

Nonce numbered(std::uint64_t counter) {
  Nonce nonce{};
  for (std::size_t i = 0; i < 8; ++i)
    nonce.bytes[i] = static_cast<std::uint8_t>(counter >> (8 * i));
  return nonce;
}

struct Inputs {
  Bytes key = Bytes(32, 1);
  Hash ctx_hash{};
  DeviceId device{};
  Nonce nonce{};

  Bytes mask(std::size_t size) const {
    Bytes words(size);
    add_mask(RingBits::b32, mask_seed(*PairKey::from(key), ctx_hash, device, nonce), 0, words);
    return words;
  }
};

std::size_t differing_bits(const Bytes& a, const Bytes& b) {
  std::size_t bits = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    bits += static_cast<std::size_t>(std::popcount(static_cast<unsigned>(a[i] ^ b[i])));
  }
  return bits;
}

double chi_square(std::span<const std::size_t> counts, double expected) {
  double sum = 0;
  for (const auto count : counts) {
    sum += (static_cast<double>(count) - expected) * (static_cast<double>(count) - expected) /
           expected;
  }
  return sum;
}

}  // namespace

TEST_CASE("masked words are uniform, whatever is masked: bytes and pairs of neighbouring bytes") {
  constexpr std::size_t words = 1 << 20;
  const auto key = fixed_pair_key();
  for (const auto update : {std::uint8_t{0x00}, std::uint8_t{0x01}, std::uint8_t{0xff}}) {
    Bytes masked(words * 4, update);  // the most predictable vectors there are
    add_mask(RingBits::b32, mask_seed(key, Hash{}, DeviceId{}, numbered(update)), 0, masked);
    std::vector<std::size_t> bytes(256), pairs(65536);
    for (std::size_t i = 0; i < masked.size(); ++i) {
      ++bytes[masked[i]];
      if (i % 2 == 1) ++pairs[masked[i - 1] * 256U + masked[i]];
    }
    const auto size = static_cast<double>(masked.size());
    // Mean 255 and 65535, deviation sqrt(2 mean): six of them, a false alarm once in 10^9.
    CHECK(std::abs(chi_square(bytes, size / 256) - 255) < 6 * std::sqrt(2 * 255.0));
    CHECK(std::abs(chi_square(pairs, size / 131072) - 65535) < 6 * std::sqrt(2 * 65535.0));
  }
}

TEST_CASE("the key space is not folded: a mask never comes again under 2^20 other seeds") {
  constexpr std::size_t seeds = 1 << 20;
  const auto key = fixed_pair_key();
  std::vector<std::array<std::uint8_t, 16>> beginnings(seeds);
  Bytes block(16);
  for (std::size_t i = 0; i < seeds; ++i) {
    std::ranges::fill(block, std::uint8_t{0});
    add_mask(RingBits::b32, mask_seed(key, Hash{}, DeviceId{}, numbered(i)), 0, block);
    std::ranges::copy(block, beginnings[i].begin());
  }
  // 2^39 pairs of 128 bits: by chance once in 2^89 runs. With seeds folded to 32 bits there would be about 128.
  std::ranges::sort(beginnings);
  CHECK(std::ranges::adjacent_find(beginnings) == beginnings.end());
}

TEST_CASE("any bit of what a seed is made of changes half of the mask") {
  constexpr std::size_t size = 1 << 13;
  constexpr double bits = size * 8;
  const Inputs inputs;
  const Bytes mask = inputs.mask(size);
  const auto half_changes = [&](const std::function<void(Inputs&)>& change) {
    Inputs changed = inputs;
    change(changed);
    const double share = static_cast<double>(differing_bits(mask, changed.mask(size))) / bits;
    // Deviation 1 / (2 sqrt(bits)): six of them.
    CHECK(std::abs(share - 0.5) < 3 / std::sqrt(bits));
  };
  for (std::size_t bit = 0; bit < 256; ++bit) {
    const auto flip = [bit](auto& bytes) {
      bytes[bit / 8] = static_cast<std::uint8_t>(bytes[bit / 8] ^ (1U << (bit % 8)));
    };
    half_changes([&](Inputs& to) { flip(to.key); });
    half_changes([&](Inputs& to) { flip(to.ctx_hash.bytes); });
    if (bit < 128) half_changes([&](Inputs& to) { flip(to.device.bytes); });
    if (bit < 128) half_changes([&](Inputs& to) { flip(to.nonce.bytes); });
  }
}
