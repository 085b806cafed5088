// How the engine has work done away from its owner's thread.
#pragma once

#include <functional>

namespace tributary::gateway::engine {

// Runs `work` elsewhere, then `then` on the owner's thread. `then` never runs before submit returns, nor
// after the owner has ended; `work` does not throw.
using Submit = std::function<void(std::function<void()> work, std::function<void()> then)>;

struct Workers {
  Submit sums;    // long, any number at the same time
  Submit helper;  // one after the other, in order
};

}  // namespace tributary::gateway::engine
