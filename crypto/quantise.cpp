#include "crypto/quantise.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>

namespace tributary::crypto {
namespace {

__extension__ using Wide = unsigned __int128;

std::int64_t largest_word(RingBits bits) {
  return (std::int64_t{1} << (static_cast<unsigned>(bits) - 1)) - 1;
}

// Noise beyond this many standard deviations comes once in 2^49 words.
constexpr double noise_tail = 8;

std::uint64_t magnitude(std::int64_t value) {
  const auto bits = static_cast<std::uint64_t>(value);
  return value < 0 ? std::uint64_t{0} - bits : bits;
}

// a * b with b a bound; stays at the largest value instead of wrapping.
std::uint64_t saturating_product(std::uint64_t a, std::uint64_t b) {
  std::uint64_t product = 0;
  return __builtin_mul_overflow(a, b, &product) ? UINT64_MAX : product;
}

// What no word of a sum of n_max rotated vectors of norm at most `radius` exceeds, but once in 2^40,
// before rounding.
double rotated_reach(std::uint32_t n_max, double radius, std::uint32_t parameters) {
  return rotation_spread(parameters) * n_max * radius / std::sqrt(rotation_block(parameters));
}

bool metrics_fit(const EncodingPlan& plan, std::uint32_t n_max) {
  const double most = n_max * std::ldexp(1.0, static_cast<int>(plan.weight_scale_log2));
  return most + noise_tail * plan.total_noise(n_max).metric <
         static_cast<double>(largest_word(plan.bits)) + 1;
}

void require_length(const EncodingPlan& plan, const WordSums& sum) {
  if (sum.words.size() != plan.words()) {
    throw std::invalid_argument("quantise: the sum has " + std::to_string(sum.words.size()) +
                                " words, the plan " + std::to_string(plan.words()));
  }
}

std::span<const std::int64_t> model_words(const EncodingPlan& plan, const WordSums& sum) {
  return std::span(sum.words).first(plan.parameters);
}

// ||X|| <= count * the largest norm of one: the norm of a sum is at most the sum of the norms. Noise adds
// its own norm, sigma * sqrt(d) but for a tail; in double precision then, which noise makes exact enough.
bool within_noisy_norm(const EncodingPlan& plan, const WordSums& sum) {
  const double noise = plan.total_noise(sum.count).model *
                       (std::sqrt(static_cast<double>(plan.parameters)) + noise_tail);
  const double most = static_cast<double>(sum.count) * std::sqrt(plan.norm_bound()) + noise;
  double total = 0;
  for (const std::int64_t word : model_words(plan, sum)) {
    total += static_cast<double>(word) * static_cast<double>(word);
  }
  return total <= most * most * (1 + 1e-9);
}

bool within_norm(const EncodingPlan& plan, const WordSums& sum) {
  if (plan.noisy()) return within_noisy_norm(plan, sum);
  // Beyond 2^84 no vector of 2^20 words of 32 bits can reach the bound, and counts up to 2^21
  // keep the product within 128 bits.
  const Wide per_update = static_cast<Wide>(std::min(plan.norm_bound(), std::ldexp(1.0, 84)));
  const Wide count = std::min<std::uint64_t>(sum.count, std::uint64_t{1} << 21);
  Wide total = 0;
  for (const std::int64_t word : model_words(plan, sum)) {
    total += Wide{magnitude(word)} * magnitude(word);
  }
  return total <= count * count * per_update;
}

// Each of the three within what the devices may say and the noise may add.
bool noisy_weight_plausible(const EncodingPlan& plan, const WordSums& sum) {
  const double noise = noise_tail * plan.total_noise(sum.count).metric;
  const double most =
      std::ldexp(static_cast<double>(sum.count), static_cast<int>(plan.weight_scale_log2));
  const auto metrics = std::span(sum.words).subspan(plan.parameters, 3);
  return sum.count > 0 && std::ranges::all_of(metrics, [&](std::int64_t word) {
           const auto value = static_cast<double>(word);
           return value >= -noise && value <= most + noise;
         });
}

bool weight_plausible(const EncodingPlan& plan, const WordSums& sum) {
  if (plan.noisy()) return noisy_weight_plausible(plan, sum);
  const std::int64_t weight = sum.words[plan.parameters];
  const std::int64_t loss = sum.words[plan.parameters + 1];
  const std::int64_t correct = sum.words[plan.parameters + 2];
  if (sum.count == 0 || weight < 1) return false;
  const auto positive = static_cast<std::uint64_t>(weight);
  const std::uint64_t most =
      saturating_product(sum.count, std::uint64_t{1} << plan.weight_scale_log2);
  return positive >= sum.count && positive <= most && loss >= 0 && loss <= weight && correct >= 0 &&
         correct <= weight;
}

}  // namespace

std::int64_t EncodingPlan::coordinate_bound() const {
  // A float of a context may be beyond every integer; what is beyond 2^62 fits no ring either.
  if (!rotated) {
    return static_cast<std::int64_t>(
        std::min(std::floor(std::ldexp(clip_inf, scale_log2)), std::ldexp(1.0, 62)));
  }
  const double norm = std::floor(std::ldexp(clip_l2, scale_log2)) + 1;
  return static_cast<std::int64_t>(std::min(norm, static_cast<double>(largest_word(bits))));
}

double EncodingPlan::norm_bound() const {
  const double radius = std::ldexp(clip_l2, scale_log2);
  if (!rotated) return std::floor(radius * radius);
  const double root = std::sqrt(static_cast<double>(parameters));
  return std::floor(std::min((radius + root) * (radius + root),
                             radius * radius + parameters / 4.0 + radius + root / 2));
}

double EncodingPlan::joint_sensitivity() {
  return std::sqrt(1 + 3 / (metric_noise_ratio * metric_noise_ratio));
}

EncodingPlan::Deviation EncodingPlan::noise_deviation(double multiplier) const {
  const double sensitivity = multiplier * joint_sensitivity();
  return {sensitivity * std::sqrt(norm_bound()),
          sensitivity * metric_noise_ratio * std::ldexp(1.0, static_cast<int>(weight_scale_log2))};
}

EncodingPlan::Deviation EncodingPlan::device_noise_deviation() const {
  const double unit = std::ldexp(1.0, static_cast<int>(weight_scale_log2));
  return {std::ceil(device_noise * std::sqrt(norm_bound())),
          std::ceil(metric_noise_ratio * device_noise * unit)};
}

EncodingPlan::Deviation EncodingPlan::total_noise(std::uint64_t count) const {
  const auto parties = noise_deviation(noise);
  const auto device = device_noise_deviation();
  const double devices = std::sqrt(static_cast<double>(count));
  return {std::hypot(parties.model, devices * device.model),
          std::hypot(parties.metric, devices * device.metric)};
}

bool EncodingPlan::cannot_wrap(std::uint32_t n_max) const {
  const double half = static_cast<double>(largest_word(bits)) + 1;
  const double n = n_max;
  const auto sigma = total_noise(n_max);
  if (!metrics_fit(*this, n_max)) return false;
  const double room = half - noise_tail * sigma.model;
  if (!rotated) return n * static_cast<double>(coordinate_bound()) < room;
  return rotated_reach(n_max, std::ldexp(clip_l2, scale_log2), parameters) + n < room;
}

std::int32_t choose_scale_log2(RingBits bits, std::uint32_t n_max, double clip_inf, double clip_l2,
                               double noise) {
  const double room = n_max * clip_inf + noise_tail * clip_l2 * noise;
  if (!std::isfinite(room) || room <= 0 || clip_inf <= 0) {
    throw std::invalid_argument("quantise: n_max and the clips must be positive and finite");
  }
  const double largest = static_cast<double>(largest_word(bits));
  int scale = std::ilogb(largest / room);
  // The quotient may have been rounded up to a power of two.
  while (std::ldexp(room, scale) > largest) --scale;
  return scale;
}

std::int32_t choose_rotated_scale_log2(RingBits bits, std::uint32_t n_max, double clip_l2,
                                       std::uint32_t parameters, double noise) {
  const double unit = rotated_reach(n_max, clip_l2, parameters) + noise_tail * clip_l2 * noise;
  const double room =
      static_cast<double>(largest_word(bits)) - n_max;  // each rounding adds below 1
  if (!std::isfinite(unit) || unit <= 0 || parameters == 0 || room <= 0) {
    throw std::invalid_argument("quantise: n_max " + std::to_string(n_max) +
                                " does not fit the ring, or the clip is not positive");
  }
  int scale = std::ilogb(room / unit);
  while (std::ldexp(unit, scale) > room) --scale;
  return scale;
}

std::uint32_t choose_weight_scale_log2(RingBits bits, std::uint32_t n_max, double noise) {
  const double largest = static_cast<double>(largest_word(bits));
  const double unit = n_max + noise_tail * noise;
  if (n_max == 0 || !(unit <= largest)) {
    throw std::invalid_argument("quantise: n_max " + std::to_string(n_max) +
                                " does not fit the ring; take a wider one");
  }
  std::uint32_t scale = 0;
  while (std::ldexp(unit, static_cast<int>(scale) + 1) <= largest) ++scale;
  return scale;
}

void choose_scales(EncodingPlan& plan, std::uint32_t n_max) {
  const double noise = std::hypot(plan.noise * EncodingPlan::joint_sensitivity(),
                                  plan.device_noise * std::sqrt(static_cast<double>(n_max)));
  plan.scale_log2 =
      plan.rotated
          ? choose_rotated_scale_log2(plan.bits, n_max, plan.clip_l2, plan.parameters, noise)
          : choose_scale_log2(plan.bits, n_max, plan.clip_inf, plan.clip_l2, noise);
  plan.weight_scale_log2 =
      choose_weight_scale_log2(plan.bits, n_max, noise * EncodingPlan::metric_noise_ratio);
  // The norm of a rotated update is more than s*C by what its rounding adds, and so is the noise; that of
  // devices is rounded up.
  constexpr std::int32_t coarsest = -60;
  while (plan.weight_scale_log2 > 0 && !metrics_fit(plan, n_max)) --plan.weight_scale_log2;
  while (!plan.cannot_wrap(n_max) && plan.scale_log2 > coarsest) --plan.scale_log2;
  if (!plan.cannot_wrap(n_max)) {
    throw std::invalid_argument("quantise: the noise does not fit the ring; take a wider one");
  }
}

bool too_coarse(const EncodingPlan& plan, std::uint32_t n_max) {
  constexpr std::int64_t fewest_steps = 4;
  constexpr double most_rounding = 0.125;
  if (!plan.rotated) return plan.coordinate_bound() < fewest_steps;
  const double rounding = std::sqrt(static_cast<double>(plan.parameters)) / 2;
  const double radius = std::ldexp(plan.clip_l2, plan.scale_log2);
  return rounding > radius * std::sqrt(n_max) * most_rounding;
}

void WordSums::add(const WordSums& other) {
  if (words.size() != other.words.size()) {
    throw std::invalid_argument("quantise: sums of different lengths");
  }
  for (std::size_t j = 0; j < words.size(); ++j) words[j] += other.words[j];
  count += other.count;
}

SumFault check_sum(const EncodingPlan& plan, const WordSums& sum) {
  require_length(plan, sum);
  const auto canaries = std::span(sum.words).last(plan.canary_words);
  if (std::ranges::any_of(canaries, [](std::int64_t word) { return word != 0; })) {
    return SumFault::canary;
  }
  const auto noise = static_cast<std::uint64_t>(noise_tail * plan.total_noise(sum.count).model);
  const std::uint64_t updates =
      saturating_product(sum.count, static_cast<std::uint64_t>(plan.coordinate_bound()));
  const std::uint64_t bound = updates > UINT64_MAX - noise ? UINT64_MAX : updates + noise;
  if (std::ranges::any_of(model_words(plan, sum),
                          [bound](std::int64_t word) { return magnitude(word) > bound; })) {
    return SumFault::coordinate_bound;
  }
  if (!within_norm(plan, sum)) return SumFault::norm_bound;
  if (!weight_plausible(plan, sum)) return SumFault::weight;
  return SumFault::none;
}

DecodedMean decode_mean(const EncodingPlan& plan, const WordSums& sum) {
  require_length(plan, sum);
  const auto at = [&](std::size_t index) { return static_cast<double>(sum.words[index]); };
  const double floor = std::max(static_cast<double>(sum.count), 1.0);
  const double weight_word = std::max(at(plan.parameters), floor);
  const double weight = std::ldexp(weight_word, -static_cast<int>(plan.weight_scale_log2));
  std::vector<double> delta;
  delta.reserve(plan.parameters);
  for (const std::int64_t word : model_words(plan, sum)) {
    delta.push_back(std::ldexp(static_cast<double>(word), -plan.scale_log2) / weight);
  }
  if (plan.rotated) unrotate(delta, plan.rotation);
  DecodedMean mean;
  mean.delta.assign(delta.begin(), delta.end());
  mean.weight = weight;
  mean.loss = plan.loss_cap * std::clamp(at(plan.parameters + 1) / weight_word, 0.0, 1.0);
  mean.accuracy = std::clamp(at(plan.parameters + 2) / weight_word, 0.0, 1.0);
  return mean;
}

}  // namespace tributary::crypto
