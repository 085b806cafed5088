#include "crypto/robust/rule.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <stdexcept>
#include <utility>

#include "crypto/robust/coordinatewise.hpp"
#include "crypto/robust/selection.hpp"

namespace tributary::robust {
namespace {

constexpr std::array<std::pair<Kind, std::string_view>, 7> names = {{
    {Kind::mean, "mean"},
    {Kind::norm_filter, "norm-filter"},
    {Kind::coordinate_median, "median"},
    {Kind::trimmed_mean, "trimmed-mean"},
    {Kind::krum, "krum"},
    {Kind::multi_krum, "multi-krum"},
    {Kind::centred_clipping, "centred-clipping"},
}};

Aggregate mean_of(std::span<const Update> updates, const std::vector<std::size_t>& chosen) {
  Aggregate result{weighted_mean(updates, chosen), {}};
  for (std::size_t i = 0; i < updates.size(); ++i) {
    if (!std::ranges::binary_search(chosen, i)) result.left_out.push_back(i);
  }
  return result;
}

std::string needs(std::size_t least, std::size_t updates, const Rule& rule) {
  if (updates >= least) return {};
  return std::string(name_of(rule.kind)) + " against " + std::to_string(rule.attackers) +
         " attackers needs at least " + std::to_string(least) + " updates, there are " +
         std::to_string(updates);
}

}  // namespace

std::optional<Kind> kind_of(std::string_view name) {
  const auto* found = std::ranges::find(names, name, &std::pair<Kind, std::string_view>::second);
  if (found == names.end()) return std::nullopt;
  return found->first;
}

std::string_view name_of(Kind kind) {
  return std::ranges::find(names, kind, &std::pair<Kind, std::string_view>::first)->second;
}

std::string fault_of(const Rule& rule, std::size_t updates) {
  if (updates == 0) return "there are no updates";
  switch (rule.kind) {
    case Kind::trimmed_mean:
      return needs(2 * std::size_t{rule.attackers} + 1, updates, rule);
    case Kind::krum:
    case Kind::multi_krum:
      return needs(2 * std::size_t{rule.attackers} + 3, updates, rule);
    case Kind::norm_filter:
      return std::isfinite(rule.factor) && rule.factor > 0 ? "" : "the factor must be above 0";
    case Kind::centred_clipping:
      return std::isfinite(rule.clipping.radius) && rule.clipping.radius > 0 &&
                     rule.clipping.iterations > 0
                 ? ""
                 : "radius and iterations must be above 0";
    case Kind::mean:
    case Kind::coordinate_median:
      break;
  }
  return {};
}

Aggregate aggregate(const Rule& rule, std::span<const Update> updates,
                    std::span<const float> start) {
  if (const auto fault = fault_of(rule, updates.size()); !fault.empty()) {
    throw std::invalid_argument("robust: " + fault);
  }
  require_sound(updates);
  switch (rule.kind) {
    case Kind::norm_filter:
      return mean_of(updates, norm_filter(updates, rule.factor));
    case Kind::krum:
      return mean_of(updates, multi_krum(updates, rule.attackers, 1));
    case Kind::multi_krum:
      return mean_of(updates,
                     multi_krum(updates, rule.attackers, updates.size() - rule.attackers - 2));
    case Kind::coordinate_median:
      return {coordinate_median(updates), {}};
    case Kind::trimmed_mean:
      return {trimmed_mean(updates, rule.attackers), {}};
    case Kind::centred_clipping: {
      const std::vector<float> zeros(start.empty() ? updates.front().values.size() : 0);
      return {centred_clipping(updates, start.empty() ? std::span<const float>(zeros) : start,
                               rule.clipping),
              {}};
    }
    case Kind::mean:
      break;
  }
  std::vector<std::size_t> all(updates.size());
  std::iota(all.begin(), all.end(), std::size_t{0});
  return mean_of(updates, all);
}

}  // namespace tributary::robust
