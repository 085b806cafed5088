#include "crypto/robust/centred_clipping.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>

namespace tributary::robust {
namespace {

double distance(std::span<const float> from, std::span<const double> to) {
  double squares = 0;
  for (std::size_t j = 0; j < to.size(); ++j) {
    const double difference = static_cast<double>(from[j]) - to[j];
    squares += difference * difference;
  }
  return std::sqrt(squares);
}

}  // namespace

std::vector<float> centred_clipping(std::span<const Update> updates, std::span<const float> start,
                                    const Clipping& clipping) {
  require_sound(updates);
  if (start.size() != updates.front().values.size()) {
    throw std::invalid_argument("robust: the start of centred clipping has another length");
  }
  if (!std::isfinite(clipping.radius) || clipping.radius <= 0 || clipping.iterations == 0) {
    throw std::invalid_argument(
        "robust: radius and iterations of centred clipping must be above 0");
  }
  std::vector<double> centre(start.begin(), start.end());
  std::vector<double> step(centre.size());
  const auto count = static_cast<double>(updates.size());
  for (std::uint32_t round = 0; round < clipping.iterations; ++round) {
    std::ranges::fill(step, 0);
    for (const auto& update : updates) {
      const double away = distance(update.values, centre);
      const double share = std::min(1.0, clipping.radius / std::max(away, 1e-300)) / count;
      for (std::size_t j = 0; j < centre.size(); ++j) {
        step[j] += share * (static_cast<double>(update.values[j]) - centre[j]);
      }
    }
    for (std::size_t j = 0; j < centre.size(); ++j) centre[j] += step[j];
  }
  return {centre.begin(), centre.end()};
}

}  // namespace tributary::robust
