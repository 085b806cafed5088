// Product state as the JSON of the admin plane (cloud/api/README.md, openapi.yaml).
#pragma once

#include <boost/json/object.hpp>

#include "cloud/engine/coordinator.hpp"

namespace tributary::cloud::server {

std::string rfc3339(store::Time time);  // UTC with milliseconds

boost::json::object task_view(const engine::Task& task, const engine::TaskBoard& board,
                              const engine::GroupDesk& groups);
boost::json::object model_view(const store::ModelRow& model);
boost::json::object gateway_view(const engine::Member& member, bool down);
// `live`: the round in memory while it is open, else nullptr.
boost::json::object round_view(const store::RoundRow& round,
                               const std::vector<store::PartRow>& parts,
                               const engine::RoundRun* live, const engine::Fleet& fleet,
                               store::Time now);
boost::json::object survivors_view(const std::vector<store::PartRow>& parts);
boost::json::object release_view(const store::ReleaseRow& release, const store::PartRow& part);

}  // namespace tributary::cloud::server
