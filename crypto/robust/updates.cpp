#include "crypto/robust/updates.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <string>

namespace tributary::robust {

void require_sound(std::span<const Update> updates) {
  if (updates.empty()) throw std::invalid_argument("robust: no updates");
  for (std::size_t i = 0; i < updates.size(); ++i) {
    const auto fail = [i](const char* what) {
      throw std::invalid_argument("robust: update " + std::to_string(i) + " " + what);
    };
    const auto& [values, weight] = updates[i];
    if (values.size() != updates.front().values.size()) fail("has another length than the first");
    if (!std::isfinite(weight) || weight <= 0) fail("has a weight that is not above 0");
    if (!std::ranges::all_of(values, [](float value) { return std::isfinite(value); })) {
      fail("holds a number that is not finite");
    }
  }
}

double norm(std::span<const float> values) {
  double squares = 0;
  for (const double value : values) squares += value * value;
  return std::sqrt(squares);
}

std::vector<float> weighted_mean(std::span<const Update> updates,
                                 std::span<const std::size_t> chosen) {
  std::vector<double> sum(updates.front().values.size());
  double total = 0;
  for (const auto index : chosen) {
    const auto& [values, weight] = updates[index];
    for (std::size_t j = 0; j < sum.size(); ++j) sum[j] += weight * static_cast<double>(values[j]);
    total += weight;
  }
  std::vector<float> mean(sum.size());
  for (std::size_t j = 0; j < sum.size(); ++j) mean[j] = static_cast<float>(sum[j] / total);
  return mean;
}

}  // namespace tributary::robust
