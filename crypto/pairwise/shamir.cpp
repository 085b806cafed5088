#include "crypto/pairwise/shamir.hpp"

#include <bitset>
#include <cstring>
#include <stdexcept>

#include "crypto/pairwise/gf256.hpp"

namespace tributary::pairwise {
namespace {

using Lanes = std::array<std::uint64_t, shared_bytes / 8>;

Lanes lanes_of(ByteView bytes) {
  Lanes lanes;
  std::memcpy(lanes.data(), bytes.data(), sizeof lanes);
  return lanes;
}

void add(Lanes& sum, const Lanes& other) {
  for (std::size_t i = 0; i < sum.size(); ++i) sum[i] ^= other[i];
}

void multiply_by_x(Lanes& lanes) {
  for (std::uint64_t& lane : lanes) lane = gf256_times_x(lane);
}

// lanes *= point. The point is public: a branch on it tells nothing.
void multiply(Lanes& lanes, std::uint8_t point) {
  const Lanes factor = lanes;
  lanes = {};
  for (int bit = 7; bit >= 0; --bit) {
    multiply_by_x(lanes);
    if (point >> bit & 1) add(lanes, factor);
  }
}

template <class Type>
Type taken_from(Lanes& lanes) {
  std::array<std::uint8_t, shared_bytes> bytes;
  std::memcpy(bytes.data(), lanes.data(), bytes.size());
  auto secret = Type::from(bytes);
  crypto::wipe(bytes);
  crypto::wipe({reinterpret_cast<std::uint8_t*>(lanes.data()), sizeof lanes});
  return std::move(*secret);
}

// Horner's rule from the highest coefficient down to the secret.
ShareValue value_at(std::uint8_t point, const SharedSecret& secret, ByteView coefficients) {
  Lanes value{};
  for (std::size_t at = coefficients.size(); at != 0; at -= shared_bytes) {
    add(value, lanes_of(coefficients.subspan(at - shared_bytes, shared_bytes)));
    multiply(value, point);
  }
  add(value, lanes_of(secret.expose()));
  return taken_from<ShareValue>(value);
}

}  // namespace

std::vector<Share> split(const SharedSecret& secret, std::size_t threshold, std::size_t count,
                         ByteView coefficients) {
  if (threshold < 1 || threshold > count || count > 255) {
    throw std::invalid_argument("shamir: not 1 <= threshold <= shares <= 255");
  }
  if (coefficients.size() != (threshold - 1) * shared_bytes) {
    throw std::invalid_argument("shamir: coefficients are not threshold-1 times 32 bytes");
  }
  std::vector<Share> shares;
  shares.reserve(count);
  for (std::size_t point = 1; point <= count; ++point) {
    const auto x = static_cast<std::uint8_t>(point);
    shares.push_back({x, value_at(x, secret, coefficients)});
  }
  return shares;
}

std::vector<Share> split(const SharedSecret& secret, std::size_t threshold, std::size_t count) {
  Bytes coefficients(threshold < 1 ? 0 : (threshold - 1) * shared_bytes);
  crypto::fill_random(coefficients);
  auto shares = split(secret, threshold, count, coefficients);
  crypto::wipe(coefficients);
  return shares;
}

Outcome<Interpolation, ShamirFault> Interpolation::over(ByteView points) {
  if (points.empty()) return ShamirFault::too_few;
  if (points.size() > 255) return ShamirFault::too_many;
  std::bitset<256> seen;
  for (const std::uint8_t point : points) {
    if (point == 0) return ShamirFault::zero_point;
    if (seen.test(point)) return ShamirFault::duplicate_point;
    seen.set(point);
  }
  // weight_i = prod_{j != i} x_j / (x_j - x_i), subtraction being addition
  Bytes weights;
  for (const std::uint8_t own : points) {
    std::uint8_t above = 1;
    std::uint8_t below = 1;
    for (const std::uint8_t other : points) {
      if (other == own) continue;
      above = gf256_multiply(above, other);
      below = gf256_multiply(below, other ^ own);
    }
    weights.push_back(gf256_multiply(above, gf256_inverse(below)));
  }
  return Interpolation(std::move(weights));
}

SharedSecret Interpolation::reconstruct(std::span<const ShareValue* const> values) const {
  if (values.size() != weights_.size()) {
    throw std::invalid_argument("shamir: not one value per point");
  }
  // planes[b] sums the shares whose public weight has bit b; then Horner's rule over the bits.
  std::array<Lanes, 8> planes{};
  for (std::size_t i = 0; i < values.size(); ++i) {
    const Lanes value = lanes_of(values[i]->expose());
    for (std::size_t bit = 0; bit < 8; ++bit) {
      const std::uint64_t chosen = 0 - static_cast<std::uint64_t>(weights_[i] >> bit & 1);
      for (std::size_t lane = 0; lane < value.size(); ++lane) {
        planes[bit][lane] ^= value[lane] & chosen;
      }
    }
  }
  Lanes secret = planes[7];
  for (std::size_t bit = 7; bit-- > 0;) {
    multiply_by_x(secret);
    add(secret, planes[bit]);
  }
  crypto::wipe({reinterpret_cast<std::uint8_t*>(planes.data()), sizeof planes});
  return taken_from<SharedSecret>(secret);
}

Outcome<SharedSecret, ShamirFault> reconstruct(std::span<const Share> shares,
                                               std::size_t threshold) {
  if (threshold < 1 || shares.size() < threshold) return ShamirFault::too_few;
  Bytes points;
  std::vector<const ShareValue*> values;
  for (const Share& share : shares.first(threshold)) {
    points.push_back(share.point);
    values.push_back(&share.value);
  }
  const auto interpolation = Interpolation::over(points);
  if (!interpolation) return interpolation.reason();
  return interpolation->reconstruct(values);
}

}  // namespace tributary::pairwise
