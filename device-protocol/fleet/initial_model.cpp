#include "device-protocol/fleet/initial_model.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <string_view>

#include "device-protocol/fleet/chance.hpp"
#include "device-protocol/trainer/mlp.h"
#include "device-protocol/trainer/statistics.h"

namespace tributary::fleet {
namespace {

constexpr std::uint32_t kMostParameters = 100000000;
// The means come out of sums of fixed-point words: what is below this, in units of the feature's
// magnitude squared, is rounding.
constexpr double kLeastVariance = 1e-5;

// D of "synthetic:D", 0 when it is another model string.
std::uint32_t synthetic_parameters(std::string_view model) {
  constexpr std::string_view prefix = "synthetic:";
  if (!model.starts_with(prefix)) return 0;
  std::uint32_t value = 0;
  const char* end = model.data() + model.size();
  const auto [stop, error] = std::from_chars(model.data() + prefix.size(), end, value);
  return error == std::errc{} && stop == end && value <= kMostParameters ? value : 0;
}

std::vector<float> small_numbers(std::uint32_t count, std::uint64_t seed) {
  Chance chance(seed);
  std::vector<float> numbers(count);
  for (auto& number : numbers) number = static_cast<float>(0.01 * chance.normal());
  return numbers;
}

}  // namespace

Outcome<std::vector<float>> initial_model(const std::string& model, std::uint64_t seed) {
  if (const auto features = trib_statistics_features(model.c_str()); features != 0) {
    return std::vector<float>(3 * std::size_t{features}, 0.0F);
  }
  if (const auto parameters = synthetic_parameters(model); parameters != 0) {
    return small_numbers(parameters, seed);
  }
  trib_mlp_shape shape;
  if (trib_mlp_parse(&shape, model.c_str()) != TRIB_OK) {
    return Fault{"unknown model '" + model +
                 "'; give mlp:IN-HIDDEN-..-OUT, standardise+mlp:.., local-head+mlp:.., "
                 "statistics:FEATURES or "
                 "synthetic:PARAMETERS"};
  }
  std::vector<float> weights(trib_mlp_parameters(&shape));
  trib_mlp_init(&shape, weights.data(), seed);
  weights.resize(weights.size() - trib_mlp_personal(&shape));
  return weights;
}

Outcome<Standardisation> standardisation_of(std::span<const float> statistics) {
  if (statistics.empty() || statistics.size() % 3 != 0 ||
      !std::all_of(statistics.begin(), statistics.end(),
                   [](float x) { return std::isfinite(x); })) {
    return Fault{
        "not the model of a statistics task: three finite numbers per feature are expected"};
  }
  const auto features = statistics.size() / 3;
  const auto exponents = statistics.first(features);
  const auto means = statistics.subspan(features, features);
  const auto squares = statistics.subspan(2 * features);
  const auto is_zero = [](float x) { return x == 0; };
  if (std::all_of(squares.begin(), squares.end(), is_zero)) {
    return Fault{"the statistics task has not had its second round: all mean squares are 0"};
  }
  Standardisation result;
  for (std::size_t j = 0; j < features; ++j) {
    const double unit = std::exp2(static_cast<double>(exponents[j]));
    const double mean = means[j];
    const double square = squares[j];
    // A feature that is 0 everywhere keeps its magnitude.
    const double variance =
        square > kLeastVariance ? std::max(square - mean * mean, kLeastVariance) : 1.0;
    result.mean.push_back(static_cast<float>(unit * mean));
    result.inverse_deviation.push_back(static_cast<float>(1 / (unit * std::sqrt(variance))));
  }
  return result;
}

Outcome<std::vector<float>> standardised_model(const std::string& model,
                                               const Standardisation& standardisation,
                                               std::uint64_t seed) {
  trib_mlp_shape shape;
  if (trib_mlp_parse(&shape, model.c_str()) != TRIB_OK || !shape.standardise) {
    return Fault{"'" + model + "' does not begin with standardise+mlp:"};
  }
  const auto features = standardisation.mean.size();
  if (shape.sizes[0] != features) {
    return Fault{"model " + model + " has " + std::to_string(shape.sizes[0]) +
                 " inputs, the statistics have " + std::to_string(features) + " features"};
  }
  auto weights = initial_model(model, seed);
  if (!weights) return weights;
  std::copy(standardisation.mean.begin(), standardisation.mean.end(), weights->begin());
  std::copy(standardisation.inverse_deviation.begin(), standardisation.inverse_deviation.end(),
            weights->begin() + static_cast<std::ptrdiff_t>(features));
  return weights;
}

}  // namespace tributary::fleet
