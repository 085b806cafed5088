#include "cloud/server/route_table.hpp"

#include <array>

#include "cloud/server/admin_routes.hpp"
#include "cloud/server/gateway_routes.hpp"
#include "cloud/server/problem.hpp"

namespace tributary::cloud::server {
namespace {

constexpr std::size_t kib = 1024;
constexpr std::size_t mib = 1024 * kib;
constexpr std::size_t none = 0;

constexpr std::array table{
    Route{Method::put, "/v1/gateway/keys", Plane::gateway, 16 * kib, put_keys},
    Route{Method::put, "/v1/gateway/roster", Plane::gateway, 8 * mib, put_roster},
    Route{Method::get, "/v1/gateway/work", Plane::gateway, none, get_work},
    Route{Method::get, "/v1/rosters/{hash}", Plane::gateway, none, get_roster},
    Route{Method::get, "/v1/models/{hash}", Plane::gateway, none, get_model},
    Route{Method::put, "/v1/rounds/{ctx_hash}/sum", Plane::gateway, large_body, put_sum},
    Route{Method::put, "/v1/rounds/{ctx_hash}/mask-sum", Plane::gateway, large_body, put_mask_sum},
    Route{Method::put, "/v1/rounds/{ctx_hash}/mask-refusal", Plane::gateway, 256 * kib,
          put_mask_refusal},
    Route{Method::put, "/v1/rounds/{ctx_hash}/abandon", Plane::gateway, 16 * kib, put_abandon},
    Route{Method::put, "/v1/voids", Plane::gateway, 16 * kib, put_void},
    Route{Method::put, "/v1/groups/{group_hash}", Plane::gateway, 256 * kib, put_readiness},

    Route{Method::post, "/v1/models", Plane::admin, large_body, post_model},
    Route{Method::get, "/v1/models", Plane::admin, none, list_models},
    Route{Method::get, "/v1/models/{hash}", Plane::admin, none, get_model_object},
    Route{Method::get, "/v1/models/{hash}/content", Plane::admin, none, get_model_content},
    Route{Method::post, "/v1/tasks", Plane::admin, 256 * kib, post_task},
    Route{Method::get, "/v1/tasks", Plane::admin, none, list_tasks},
    Route{Method::get, "/v1/tasks/{id}", Plane::admin, none, get_task},
    Route{Method::post, "/v1/tasks/{id}/stop", Plane::admin, 1 * kib, stop_task},
    Route{Method::get, "/v1/tasks/{id}/rounds", Plane::admin, none, list_rounds},
    Route{Method::get, "/v1/tasks/{id}/rounds/{n}/survivors", Plane::admin, none, get_survivors},
    Route{Method::get, "/v1/tasks/{id}/rounds/{n}/releases", Plane::admin, none, list_releases},
    Route{Method::get, "/v1/gateways", Plane::admin, none, list_gateways},
    Route{Method::get, "/v1/status", Plane::admin, none, get_status},
};

std::string_view next_segment(std::string_view& path) {
  path.remove_prefix(1);
  const auto segment = path.substr(0, path.find('/'));
  path.remove_prefix(segment.size());
  return segment;
}

std::optional<std::vector<std::string>> captures_of(std::string_view pattern,
                                                    std::string_view path) {
  std::vector<std::string> captures;
  while (!pattern.empty() && !path.empty()) {
    if (path.front() != '/') return std::nullopt;
    const auto wanted = next_segment(pattern);
    const auto segment = next_segment(path);
    if (wanted.starts_with('{')) {
      if (segment.empty()) return std::nullopt;
      captures.emplace_back(segment);
    } else if (wanted != segment) {
      return std::nullopt;
    }
  }
  if (!pattern.empty() || !path.empty()) return std::nullopt;
  return captures;
}

}  // namespace

std::span<const Route> routes() {
  return table;
}

std::string_view name_of(Method method) {
  static constexpr std::array<std::string_view, 3> names{"GET", "PUT", "POST"};
  return names[static_cast<std::size_t>(method)];
}

std::variant<Match, NoMatch> match(Plane plane, std::optional<Method> method,
                                   std::string_view path) {
  NoMatch no_match;
  for (const auto& route : table) {
    if (route.plane != plane) continue;
    auto captures = captures_of(route.pattern, path);
    if (!captures) continue;
    if (route.method == method) return Match{&route, std::move(*captures)};
    if (!no_match.allow.empty()) no_match.allow += ", ";
    no_match.allow += name_of(route.method);
  }
  return no_match;
}

Reply answer(Site& site, const Route& route, const Call& call,
             const std::function<void(const storage::Failure&)>& failed) {
  try {
    return route.answer(site, call);
  } catch (const storage::Failure& failure) {
    failed(failure);
    return problem(503, std::string{"the database cannot do it now ("} +
                            storage::name_of(failure.kind()) + "); try again");
  }
}

}  // namespace tributary::cloud::server
