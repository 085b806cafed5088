// Errors as application/problem+json (RFC 9457).
#pragma once

#include "cloud/engine/declined.hpp"
#include "cloud/round/task_spec.hpp"
#include "cloud/server/call.hpp"

namespace tributary::cloud::server {

// type about:blank. `detail` names the thing and the remedy.
Answer problem(unsigned status, const std::string& detail);
Answer problem(const engine::Declined& declined);
// 422 with every fault of a spec in `faults`.
Answer problem(const std::vector<round::SpecFault>& faults);

}  // namespace tributary::cloud::server
