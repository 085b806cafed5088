// Every route of both listeners in one place; openapi.yaml describes the same list.
#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "cloud/engine/coordinator.hpp"
#include "cloud/server/call.hpp"

namespace tributary::cloud::server {

struct Site {
  engine::Coordinator& coordinator;
  std::string version;  // of the program
  store::Time started_at;
};

struct Route {
  Method method;
  std::string_view pattern;  // for example /v1/tasks/{id}; {..} matches one segment
  Plane plane;
  std::size_t body_limit;  // bytes; 0: takes no body; large_body: the configured limit
  Reply (*answer)(Site& site, const Call& call);
};
constexpr std::size_t large_body = SIZE_MAX;

std::span<const Route> routes();
std::string_view name_of(Method method);

// The route of a path on a plane, or what is wrong: 404, or 405 with the methods the path knows.
struct Match {
  const Route* route;
  std::vector<std::string> captures;
};
struct NoMatch {
  std::string allow;  // empty: 404
};
std::variant<Match, NoMatch> match(Plane plane, std::optional<Method> method,
                                   std::string_view path);

// Carries out a call; storage failures become 503 and are told by `failed`.
Reply answer(Site& site, const Route& route, const Call& call,
             const std::function<void(const storage::Failure&)>& failed);

}  // namespace tributary::cloud::server
