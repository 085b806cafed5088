// What a helper answers at most once (rule H6): a task's round at one gateway.
#pragma once

#include <compare>
#include <cstdint>

#include "crypto/bytes.hpp"

namespace tributary::gateway::helper {

// The tenant is the helper's own; it serves one.
struct ScopeKey {
  TaskId task;
  std::uint64_t round;  // from 1
  GatewayId gateway;    // scope leaf
  auto operator<=>(const ScopeKey&) const = default;
};

}  // namespace tributary::gateway::helper
