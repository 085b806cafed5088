// Lines for the operator; the program decides where they go.
#pragma once

#include <functional>

#include "cloud/service/log.hpp"

namespace tributary::gateway::engine {

enum class Severity { debug, info, warning, error };
// `event` as in cloud/service/log.hpp.
using Log = std::function<void(Severity severity, std::string_view event, service::log::Fields)>;

}  // namespace tributary::gateway::engine
