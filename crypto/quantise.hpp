// Fixed-point encoding parameters and decoding of released sums (PROTOCOL.md 6).
#pragma once

#include <vector>

#include "crypto/ring.hpp"
#include "crypto/rotation.hpp"

namespace tributary::crypto {

struct EncodingPlan {
  RingBits bits;
  std::uint32_t parameters;  // d
  std::int32_t scale_log2;
  double clip_l2;
  double clip_inf;
  std::uint32_t weight_scale_log2;
  double loss_cap;
  std::uint32_t canary_words;
  bool rotated = false;  // PROTOCOL.md 6.1
  Hash rotation = {};    // seed of the signs, where rotated

  std::size_t words() const { return std::size_t{parameters} + 3 + canary_words; }
  // The largest magnitude of a device's model word: floor(s * clip_inf); rotated: floor(s * clip_l2) + 1,
  // or the ring's largest.
  std::int64_t coordinate_bound() const;
  // The largest squared norm of a device's model words: floor((s C)^2); rotated, with conditional
  // rounding at beta = e^-1/2 (Kairouz 2021, theorem 3.1): floor(min((R + sqrt d)^2,
  // R^2 + d/4 + R + sqrt(d)/2)) with R = s C.
  double norm_bound() const;
  // No sum of n_max updates leaves the ring; rotated: but for one round in 2^40.
  bool cannot_wrap(std::uint32_t n_max) const;
};

// Largest scale for which n_max updates cannot wrap, with room for 8 standard deviations of the two
// Gaussian noises of multipliers z_gateway and z_helper (0 = none):
// s = 2^floor(log2((2^(b-1)-1) / (n_max*clip_inf + 8*clip_l2*sqrt(zg^2+zh^2)))).
std::int32_t choose_scale_log2(RingBits bits, std::uint32_t n_max, double clip_inf, double clip_l2,
                               double z_gateway, double z_helper);
// The same for rotated updates of d = `parameters` words, which no coordinate but the norm bounds:
// s = 2^floor(log2((2^(b-1)-1 - n_max) / (spread*n_max*clip_l2/sqrt(block) + 8*clip_l2*sqrt(zg^2+zh^2)))).
// std::invalid_argument when n_max alone does not fit.
std::int32_t choose_rotated_scale_log2(RingBits bits, std::uint32_t n_max, double clip_l2,
                                       std::uint32_t parameters, double z_gateway, double z_helper);
std::uint32_t choose_weight_scale_log2(RingBits bits, std::uint32_t n_max);

// Integer totals, exact over any split of devices into gateways.
struct WordSums {
  std::vector<std::int64_t> words;  // plan.words()
  std::uint64_t count = 0;          // survivors
  void add(const WordSums& other);  // same length
};

enum class SumFault { none, canary, coordinate_bound, norm_bound, weight };
// Rules C2 and C3 for one sum of `count` updates without noise.
SumFault check_sum(const EncodingPlan& plan, const WordSums& sum);

struct DecodedMean {
  std::vector<float> delta;  // d
  double weight;             // sum of w
  double loss;               // weighted mean training loss
  double accuracy;           // weighted mean training accuracy, 0..1
};
// X_model / X_weight with the weight clamped to its floor (1 / 2^weight_scale_log2).
DecodedMean decode_mean(const EncodingPlan& plan, const WordSums& sum);

}  // namespace tributary::crypto
