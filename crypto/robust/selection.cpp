#include "crypto/robust/selection.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <stdexcept>
#include <string>

#include "crypto/robust/distances.hpp"

namespace tributary::robust {

std::vector<std::size_t> norm_filter(std::span<const Update> updates, double factor) {
  require_sound(updates);
  if (!std::isfinite(factor) || factor <= 0) {
    throw std::invalid_argument("robust: the factor of the norm filter must be above 0");
  }
  std::vector<double> norms;
  for (const auto& update : updates) norms.push_back(norm(update.values));
  auto sorted = norms;
  // The lower median: of an even number, attackers who are half cannot lift it.
  const auto middle = sorted.begin() + static_cast<std::ptrdiff_t>((sorted.size() - 1) / 2);
  std::ranges::nth_element(sorted, middle);
  std::vector<std::size_t> chosen;
  for (std::size_t i = 0; i < norms.size(); ++i) {
    if (norms[i] <= factor * *middle) chosen.push_back(i);
  }
  return chosen;
}

std::vector<std::size_t> multi_krum(std::span<const Update> updates, std::size_t attackers,
                                    std::size_t keep) {
  require_sound(updates);
  const std::size_t count = updates.size();
  if (attackers > count || count < 2 * attackers + 3) {
    throw std::invalid_argument("robust: Krum against " + std::to_string(attackers) +
                                " attackers needs at least " + std::to_string(2 * attackers + 3) +
                                " updates, not " + std::to_string(count));
  }
  if (keep == 0 || keep > count - attackers - 2) {
    throw std::invalid_argument("robust: multi-Krum can keep 1 to " +
                                std::to_string(count - attackers - 2) + " of " +
                                std::to_string(count) + " updates");
  }
  const Distances distances(updates);
  std::vector<double> scores;
  for (std::size_t i = 0; i < count; ++i) {
    scores.push_back(distances.score(i, count - attackers - 2));
  }
  std::vector<std::size_t> chosen(count);
  std::iota(chosen.begin(), chosen.end(), std::size_t{0});
  std::ranges::stable_sort(chosen, {}, [&](std::size_t index) { return scores[index]; });
  chosen.resize(keep);
  std::ranges::sort(chosen);
  return chosen;
}

}  // namespace tributary::robust
