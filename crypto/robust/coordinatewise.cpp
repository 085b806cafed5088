#include "crypto/robust/coordinatewise.hpp"

#include <algorithm>
#include <numeric>
#include <stdexcept>
#include <string>

namespace tributary::robust {
namespace {

// One coordinate of every update at a time, in `column`.
template <class Statistic>
std::vector<float> each_coordinate(std::span<const Update> updates, Statistic statistic) {
  std::vector<float> out(updates.front().values.size());
  std::vector<float> column(updates.size());
  for (std::size_t j = 0; j < out.size(); ++j) {
    for (std::size_t i = 0; i < updates.size(); ++i) column[i] = updates[i].values[j];
    out[j] = statistic(std::span<float>(column));
  }
  return out;
}

}  // namespace

std::vector<float> coordinate_median(std::span<const Update> updates) {
  require_sound(updates);
  return each_coordinate(updates, [](std::span<float> column) {
    const auto middle = column.begin() + static_cast<std::ptrdiff_t>(column.size() / 2);
    std::ranges::nth_element(column, middle);
    if (column.size() % 2 == 1) return *middle;
    const double below = *std::max_element(column.begin(), middle);
    return static_cast<float>((below + static_cast<double>(*middle)) / 2);
  });
}

std::vector<float> trimmed_mean(std::span<const Update> updates, std::size_t trim) {
  require_sound(updates);
  if (trim >= updates.size() || 2 * trim >= updates.size()) {
    throw std::invalid_argument("robust: trimming " + std::to_string(trim) +
                                " at both ends leaves none of " + std::to_string(updates.size()) +
                                " updates");
  }
  return each_coordinate(updates, [trim](std::span<float> column) {
    std::ranges::sort(column);
    const auto kept = column.subspan(trim, column.size() - 2 * trim);
    return static_cast<float>(std::accumulate(kept.begin(), kept.end(), 0.0) /
                              static_cast<double>(kept.size()));
  });
}

}  // namespace tributary::robust
