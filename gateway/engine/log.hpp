// Lines for the operator; the program decides where they go.
#pragma once

#include <functional>
#include <string>

namespace tributary::gateway::engine {

enum class Severity { debug, info, warning, error };
using Log = std::function<void(Severity severity, const std::string& line)>;

}  // namespace tributary::gateway::engine
