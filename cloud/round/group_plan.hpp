// How a group of n devices masks and witnesses, from what the operator expects of them.
#pragma once

#include <string>
#include <variant>

#include "cloud/round/pairwise_spec.hpp"

namespace tributary::cloud::round {

// Slots, and so rounds, that one group serves at most.
inline constexpr std::uint32_t slots_of_a_group = 1024;

struct GroupPlan {
  std::uint32_t devices;     // n
  std::uint32_t neighbours;  // k
  std::uint32_t threshold;   // t
  std::uint32_t witnesses;   // W
  std::uint32_t quorum;      // q
  bool operator==(const GroupPlan&) const = default;
};

// The fewest devices of which n_min are left when as many drop out as the operator expects.
std::uint32_t smallest_group(const PairwiseSpec& spec, std::uint32_t n_min);

// The text says why these devices are no group and what would help. Work: about a millisecond for 1,000 devices.
std::variant<GroupPlan, std::string> plan_group(const PairwiseSpec& spec, std::uint32_t n_min,
                                                std::uint32_t devices);

// For people: "12.5 %".
std::string percent(std::uint32_t millionths);

}  // namespace tributary::cloud::round
