// What the effects of one event want done to the disk: one transaction and what follows it.
#pragma once

#include "gateway/engine/rounds.hpp"

namespace tributary::gateway::engine {

struct Rounds::Step {
  std::vector<std::function<void(Store&)>> changes;
  std::vector<std::function<void()>> durable;
};

}  // namespace tributary::gateway::engine
