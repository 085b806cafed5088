#include "cloud/round/group_plan.hpp"

#include <algorithm>
#include <bit>

#include "crypto/pairwise/witnesses.hpp"

namespace tributary::cloud::round {
namespace {

constexpr std::uint64_t million = 1'000'000;
constexpr std::uint32_t most_devices = 5000;
constexpr std::uint32_t slots_log2 = std::bit_width(slots_of_a_group) - 1;
static_assert(1U << slots_log2 == slots_of_a_group);

std::uint32_t part_of(std::uint32_t devices, std::uint32_t millionths) {
  return static_cast<std::uint32_t>(devices * std::uint64_t{millionths} / million);
}

std::string with_these(const PairwiseSpec& spec, std::uint32_t devices) {
  return "of " + std::to_string(devices) + " devices with " + percent(spec.corrupt_millionths) +
         " corrupt and " + percent(spec.dropout_millionths) + " dropping out";
}

}  // namespace

std::string percent(std::uint32_t millionths) {
  auto text = std::to_string(millionths / 10'000);
  if (const auto rest = millionths % 10'000; rest != 0) {
    auto digits = std::to_string(million / 100 + rest).substr(1);
    text += '.' + digits.substr(0, digits.find_last_not_of('0') + 1);
  }
  return text + " %";
}

std::uint32_t smallest_group(const PairwiseSpec& spec, std::uint32_t n_min) {
  auto devices = std::max(n_min, pairwise::fewest_devices);
  while (devices - part_of(devices, spec.dropout_millionths) < n_min) ++devices;
  return devices;
}

std::variant<GroupPlan, std::string> plan_group(const PairwiseSpec& spec, std::uint32_t n_min,
                                                std::uint32_t devices) {
  if (devices < smallest_group(spec, n_min)) {
    return "a group " + with_these(spec, devices) + " may keep fewer than n_min " +
           std::to_string(n_min) + "; it takes " + std::to_string(smallest_group(spec, n_min)) +
           " devices, a smaller n_min or a smaller pairwise.dropout";
  }
  if (devices > most_devices) {
    return "a group has at most 5000 devices, these are " + std::to_string(devices) +
           "; spread them over more gateways";
  }
  const auto parameters =
      pairwise::find_parameters({devices, spec.corrupt_millionths, spec.dropout_millionths,
                                 spec.gateway, spec.sigma + slots_log2, spec.eta});
  if (!parameters) {
    const auto needed = parameters.reason().neighbours_needed;
    return "no threshold keeps a group " + with_these(spec, devices) + " safe" +
           (needed ? " with at most 254 neighbours each, it would take " + std::to_string(*needed)
                   : std::string{}) +
           "; lower pairwise.corrupt or pairwise.dropout, or bring more devices together";
  }
  // For any of the group's slots: log2 of their number more bits.
  const auto witnesses = pairwise::plan_witnesses(
      devices, part_of(devices, spec.corrupt_millionths), spec.witnesses, spec.sigma + slots_log2);
  if (!witnesses) {
    return std::to_string(std::min(devices, spec.witnesses)) + " witnesses " +
           with_these(spec, devices) + " could be outvoted; raise pairwise.witnesses";
  }
  return GroupPlan{devices, parameters->neighbours, parameters->threshold, witnesses->witnesses,
                   witnesses->quorum};
}

}  // namespace tributary::cloud::round
