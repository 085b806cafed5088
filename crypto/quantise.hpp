// Fixed-point encoding parameters and decoding of released sums (PROTOCOL.md 6).
#pragma once

#include <vector>

#include "crypto/ring.hpp"
#include "crypto/rotation.hpp"

namespace tributary::crypto {

struct EncodingPlan {
  RingBits bits;
  std::uint32_t parameters;  // d', those that travel (crypto/subset.hpp)
  std::int32_t scale_log2;
  double clip_l2;
  double clip_inf;
  std::uint32_t weight_scale_log2;
  double loss_cap;
  std::uint32_t canary_words;
  bool rotated = false;  // PROTOCOL.md 6.1
  Hash rotation = {};    // seed of the signs, where rotated
  // Standard deviation of all Gaussian noise in a sum, in units of its sensitivity; 0: none (PROTOCOL.md 6.2).
  double noise = 0;
  double device_noise =
      0;  // z' of PROTOCOL.md 6.3: what each device adds to its own words; 0: none

  std::size_t words() const { return std::size_t{parameters} + 3 + canary_words; }
  // The largest magnitude of a device's model word: floor(s * clip_inf); rotated: floor(s * clip_l2) + 1,
  // or the ring's largest.
  std::int64_t coordinate_bound() const;
  // The largest squared norm of a device's model words: floor((s C)^2); rotated, with conditional
  // rounding at beta = e^-1/2 (Kairouz 2021, theorem 3.1): floor(min((R + sqrt d)^2,
  // R^2 + d/4 + R + sqrt(d)/2)) with R = s C.
  double norm_bound() const;
  // Standard deviations, in units of a word, of noise of multiplier z in model words and in the weight and
  // metric words. One update changes the sum by at most S = sqrt(norm_bound()) in the model words (rotated: more
  // than s*C, for rounding adds to the norm) and 2^weight_scale_log2 in each of the three others. Measured in
  // units of S and of metric_noise_ratio * 2^weight_scale_log2, its L2 norm is at most
  // r = sqrt(1 + 3 / metric_noise_ratio^2): model words get z*r*S, the others z*r*metric_noise_ratio*2^ws.
  struct Deviation {
    double model;
    double metric;
  };
  static constexpr double metric_noise_ratio = 4;
  static double joint_sensitivity();  // r
  Deviation noise_deviation(double multiplier) const;
  // Of one device's own noise: ceil(z' S) and ceil(4 z' 2^weight_scale_log2), whole numbers.
  Deviation device_noise_deviation() const;
  // Of all noise together in a sum of `count` updates: the parties' and that of each device.
  Deviation total_noise(std::uint64_t count) const;
  bool noisy() const { return noise > 0 || device_noise > 0; }
  // No sum of n_max updates leaves the ring; rotated, or with 8 standard deviations of noise: but for one
  // round in 2^40.
  bool cannot_wrap(std::uint32_t n_max) const;
};

// Largest scale for which n_max updates cannot wrap, with room for 8 standard deviations of noise of
// `clip_l2 * noise` (0 = none): s = 2^floor(log2((2^(b-1)-1) / (n_max*clip_inf + 8*clip_l2*noise))).
// With noise_deviation's r in `noise` this is the scale of an EncodingPlan.
std::int32_t choose_scale_log2(RingBits bits, std::uint32_t n_max, double clip_inf, double clip_l2,
                               double noise);
// The same for rotated updates of d = `parameters` words, which no coordinate but the norm bounds:
// s = 2^floor(log2((2^(b-1)-1 - n_max) / (spread*n_max*clip_l2/sqrt(block) + 8*clip_l2*noise))).
// std::invalid_argument when n_max alone does not fit.
std::int32_t choose_rotated_scale_log2(RingBits bits, std::uint32_t n_max, double clip_l2,
                                       std::uint32_t parameters, double noise);
// The largest that leaves room for n_max weights and 8 standard deviations of `noise` of them.
std::uint32_t choose_weight_scale_log2(RingBits bits, std::uint32_t n_max, double noise);
// Fills scale_log2 and weight_scale_log2 of a plan that is complete otherwise, for sums of n_max:
// plan.cannot_wrap(n_max) holds then. std::invalid_argument where no scale would do.
void choose_scales(EncodingPlan& plan, std::uint32_t n_max);

// Sums of n_max updates in this encoding would be noise more than a model: without rotation the largest
// coordinate has fewer than 4 steps; with it the rounding's share of the largest sum's norm is above 1/8.
bool too_coarse(const EncodingPlan& plan, std::uint32_t n_max);

// Integer totals, exact over any split of devices into gateways.
struct WordSums {
  std::vector<std::int64_t> words;  // plan.words()
  std::uint64_t count = 0;          // survivors
  void add(const WordSums& other);  // same length
};

enum class SumFault { none, canary, coordinate_bound, norm_bound, weight };
// Rules C2 and C3 for one sum of `count` updates and the plan's noise, 8 standard deviations of it.
SumFault check_sum(const EncodingPlan& plan, const WordSums& sum);

struct DecodedMean {
  std::vector<float> delta;  // d'
  double weight;             // sum of w
  double loss;               // weighted mean training loss
  double accuracy;           // weighted mean training accuracy, 0..1
};
// X_model / X_weight with the weight clamped to its floor, 1 / 2^weight_scale_log2 for each survivor, and
// loss and accuracy to their ranges: noise may have carried them out.
DecodedMean decode_mean(const EncodingPlan& plan, const WordSums& sum);

}  // namespace tributary::crypto
