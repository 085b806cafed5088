// What a helper answers at most once (rule H6): a task's round at one gateway, or over several as one total.
#pragma once

#include <compare>
#include <cstdint>
#include <variant>

#include "crypto/bytes.hpp"

namespace tributary::gateway::helper {

// The tenant is the helper's own; it serves one.
struct ScopeKey {
  TaskId task;
  std::uint64_t round;                     // from 1
  std::variant<GatewayId, ScopeId> place;  // scope leaf; or the scope_id of a wider one
  auto operator<=>(const ScopeKey&) const = default;

  bool wide() const { return std::holds_alternative<ScopeId>(place); }
  // The 16 bytes of either; which of them is for wide() to say.
  ByteView place_bytes() const {
    return std::visit([](const auto& id) { return id.view(); }, place);
  }
};

}  // namespace tributary::gateway::helper
