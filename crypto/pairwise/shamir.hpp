// Shamir's secret sharing of 32 bytes, byte by byte over GF(2^8) (Shamir 1979):
// share(x) = secret + c_1 x + .. + c_(t-1) x^(t-1) for x in 1..255. Any t shares give the secret,
// t-1 say nothing about it. Points x are public and known to all sides from the graph; a share does
// not say whether it is right: the caller checks the secret against its key or commitment.
#pragma once

#include "crypto/pairwise/outcome.hpp"
#include "crypto/secret.hpp"

namespace tributary::pairwise {

inline constexpr std::size_t shared_bytes = 32;
using SharedSecret = crypto::Secret<struct SharedSecretTag, shared_bytes>;
using ShareValue = crypto::Secret<struct ShareValueTag, shared_bytes>;

struct Share {
  std::uint8_t point;
  ShareValue value;
};

// Shares at the points 1..count. 1 <= threshold <= count <= 255, else std::invalid_argument.
// `coefficients` are (threshold-1) * 32 uniformly random secret bytes, c_1 first, used for nothing
// else; without them the system's random source gives them.
std::vector<Share> split(const SharedSecret& secret, std::size_t threshold, std::size_t count,
                         ByteView coefficients);
std::vector<Share> split(const SharedSecret& secret, std::size_t threshold, std::size_t count);

enum class ShamirFault { too_few, too_many, zero_point, duplicate_point };

// The Lagrange coefficients at 0 of a set of points: made once in O(t^2), then each secret whose
// shares lie at exactly these points costs t additions of bit planes.
class Interpolation {
 public:
  // too_few: no point at all.
  static Outcome<Interpolation, ShamirFault> over(ByteView points);
  std::size_t size() const { return weights_.size(); }
  // values[i] is the share at points[i]; size() of them, else std::invalid_argument.
  SharedSecret reconstruct(std::span<const ShareValue* const> values) const;

 private:
  explicit Interpolation(Bytes weights) : weights_(std::move(weights)) {}
  Bytes weights_;
};

// From the first `threshold` of the shares, in their order; the others are not looked at.
Outcome<SharedSecret, ShamirFault> reconstruct(std::span<const Share> shares,
                                               std::size_t threshold);

}  // namespace tributary::pairwise
