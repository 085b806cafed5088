// Correlated noise of the banded square root (BSR: Kalinin and Lampert 2024, arXiv 2405.13763): the
// noise of a round takes back a part of the rounds before, so that the error of the model, a prefix
// sum, grows far slower than with independent noise of the same privacy.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

namespace tributary::privacy {

// When a device may take part: rounds at least `separation` apart, at most `cap` of them. The device
// enforces it; the sensitivity below holds only then.
struct Participation {
  std::uint32_t separation;  // from 1
  std::uint32_t cap;         // from 1
};

class BandedRoot {
 public:
  // C is lower triangular Toeplitz with the first `band` coefficients of (1-x)^(-1/2); band from 1.
  // band 1 is independent noise. Throws std::invalid_argument for band 0.
  explicit BandedRoot(std::uint32_t band);

  std::span<const double> coefficients() const { return coefficients_; }  // c_0 = 1, descending

  // L2 sensitivity of C x when one device's updates of norm at most 1 follow the rule over `rounds`
  // rounds: sqrt(m sum_i c_i^2) with m participations whose columns do not overlap. Throws
  // std::invalid_argument unless separation >= band. Exact when all m columns fit, an upper bound else.
  double sensitivity(const Participation& rule, std::uint32_t rounds) const;

  // Root mean square over t = 1..rounds of the standard deviation of the noise in the prefix sum up
  // to t, when the noise multiplier is 1: sensitivity * sqrt(mean_t |row t of A C^-1|^2).
  double rms_prefix_error(const Participation& rule, std::uint32_t rounds) const;

  // Noise of round t (from 0) in `out`, standard deviation as that of the fresh vectors:
  // n_t = z_t - sum_i c_i n_(t-i). `fresh(s, z)` fills z with round s's independent Gaussian vector
  // from that round's seed: nothing is stored between rounds, all is made again, in memory of two
  // vectors and time O(t) vectors.
  using Fresh = std::function<void(std::uint32_t round, std::span<double> z)>;
  void noise(std::uint32_t round, const Fresh& fresh, std::span<double> out) const;

 private:
  std::vector<double> inverse(std::uint32_t terms) const;  // of the power series

  std::vector<double> coefficients_;
};

}  // namespace tributary::privacy
