#include "crypto/rotation.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <vector>

#include "crypto/hash.hpp"
#include "crypto/sodium.hpp"

namespace tributary::crypto {
namespace {

constexpr std::uint32_t most_in_block = 4096;
constexpr double log2_of_failure = 40;

// Bits of ChaCha20-IETF under the seed, nonce 0, counter from 0; the lowest bit of a byte first.
std::vector<std::uint8_t> sign_bits(std::size_t count, const Hash& seed) {
  require_sodium();
  constexpr std::array<std::uint8_t, crypto_stream_chacha20_ietf_NONCEBYTES> nonce{};
  std::vector<std::uint8_t> bytes((count + 7) / 8);
  crypto_stream_chacha20_ietf(bytes.data(), bytes.size(), nonce.data(), seed.bytes.data());
  return bytes;
}

void transform(std::span<double> values) {
  for (std::size_t half = 1; half < values.size(); half *= 2) {
    for (std::size_t at = 0; at < values.size(); at += 2 * half) {
      for (std::size_t i = at; i < at + half; ++i) {
        const double a = values[i];
        const double b = values[i + half];
        values[i] = a + b;
        values[i + half] = a - b;
      }
    }
  }
  const double factor = 1 / std::sqrt(static_cast<double>(values.size()));
  for (double& value : values) value *= factor;
}

// The blocks in the order they are rotated: whole ones from the front, then what is left over together
// with the end of the last.
std::vector<std::span<double>> blocks_of(std::span<double> values) {
  const std::size_t size = rotation_block(static_cast<std::uint32_t>(values.size()));
  std::vector<std::span<double>> blocks;
  for (std::size_t at = 0; at + size <= values.size(); at += size) {
    blocks.push_back(values.subspan(at, size));
  }
  if (values.size() % size != 0) blocks.push_back(values.last(size));
  return blocks;
}

class Signs {
 public:
  Signs(std::size_t count, const Hash& seed) : bits_(sign_bits(count, seed)) {}

  void apply(std::span<double> block, std::size_t index) const {
    for (std::size_t i = 0; i < block.size(); ++i) {
      const std::size_t t = index * block.size() + i;
      if ((bits_[t / 8] >> (t % 8) & 1) != 0) block[i] = -block[i];
    }
  }

 private:
  std::vector<std::uint8_t> bits_;
};

}  // namespace

std::uint32_t rotation_block(std::uint32_t words) {
  std::uint32_t size = 1;
  while (size < most_in_block && 2 * size <= words) size *= 2;
  return size;
}

Hash rotation_seed(const TaskId& task, std::uint64_t round) {
  return hash("rotation", {task.view(), le64(round)});
}

void rotate(std::span<double> values, const Hash& seed) {
  if (values.empty()) return;
  const auto blocks = blocks_of(values);
  const Signs signs(blocks.size() * blocks.front().size(), seed);
  for (std::size_t index = 0; index < blocks.size(); ++index) {
    signs.apply(blocks[index], index);
    transform(blocks[index]);
  }
}

void unrotate(std::span<double> values, const Hash& seed) {
  if (values.empty()) return;
  const auto blocks = blocks_of(values);
  const Signs signs(blocks.size() * blocks.front().size(), seed);
  for (std::size_t index = blocks.size(); index-- > 0;) {
    transform(blocks[index]);
    signs.apply(blocks[index], index);
  }
}

double rotation_spread(std::uint32_t words) {
  return std::sqrt(2 * (std::log(2.0 * words) + log2_of_failure * std::numbers::ln2));
}

}  // namespace tributary::crypto
