#include "gateway/helper/record.hpp"

namespace tributary::gateway::helper {
namespace {

std::int64_t sql(std::uint64_t round) {
  return static_cast<std::int64_t>(round);
}  // H1: below 2^63
std::int64_t sql(UnixTime time) {
  return time.time_since_epoch().count();
}
std::int64_t wide(const ScopeKey& scope) {
  return scope.wide() ? 1 : 0;
}

}  // namespace

Record::Record(storage::Database& database, Instance& instance)
    : database_(database), instance_(instance) {}

Standing Record::standing(const ScopeKey& scope) const {
  auto query = database_.prepare(
      "SELECT survivors_hash, at, void FROM record"
      " WHERE task = ?1 AND wide = ?2 AND place = ?3 AND round = ?4");
  query.bind(scope.task.view(), wide(scope), scope.place_bytes(), scope.round);
  if (!query.step()) return Open{};
  if (!query.null(2)) return Voided{std::string{text_of(query.blob(2))}};
  return Answered{*Hash::from(query.blob(0)),
                  unix_time(static_cast<std::uint64_t>(query.integer(1)))};
}

std::optional<Fault> Record::answer(const ScopeKey& scope, v1::Scope task_scope,
                                    const Hash& survivors_hash, std::span<const DeviceId> devices,
                                    UnixTime now) {
  instance_.begin_promise();
  auto fault = database_.transaction(
      [&] { return compare_and_set(scope, task_scope, survivors_hash, devices, now); });
  instance_.end_promise();
  return fault;
}

std::optional<Fault> Record::compare_and_set(const ScopeKey& scope, v1::Scope task_scope,
                                             const Hash& survivors_hash,
                                             std::span<const DeviceId> devices, UnixTime now) {
  const auto was = standing(scope);
  if (std::holds_alternative<Voided>(was)) {
    return Fault{v1::HELPER_REFUSAL_VOID, "H6: this round was voided for this scope, for ever"};
  }
  if (const auto* answered = std::get_if<Answered>(&was)) {
    if (answered->survivors_hash == survivors_hash) return std::nullopt;
    return Fault{v1::HELPER_REFUSAL_ALREADY_ANSWERED,
                 "H6: this round was answered for other survivors or another context"};
  }
  if (auto fault = check_task(scope, task_scope)) return fault;
  if (auto fault = check_round(scope)) return fault;
  if (auto fault = check_unanswered(scope, devices)) return fault;
  write_answer(scope, task_scope, survivors_hash, devices, now);
  instance_.count_promise();
  return std::nullopt;
}

std::optional<Fault> Record::check_task(const ScopeKey& scope, v1::Scope task_scope) const {
  auto query = database_.prepare("SELECT scope, highest_round FROM task WHERE task = ?1");
  query.bind(scope.task.view());
  if (!query.step()) return std::nullopt;
  if (query.integer(0) != std::int64_t{task_scope}) {
    return Fault{v1::HELPER_REFUSAL_BAD_CONTEXT, "H1: the task was first seen with another scope"};
  }
  if (query.integer(1) - sql(scope.round) >= sql(horizon)) {
    return Fault{v1::HELPER_REFUSAL_ROUND_TOO_OLD,
                 "H6: the task has answered round " + std::to_string(query.integer(1))};
  }
  return std::nullopt;
}

std::optional<Fault> Record::check_round(const ScopeKey& scope) const {
  auto query = database_.prepare(
      "SELECT max(round) FROM record"
      " WHERE task = ?1 AND wide = ?2 AND place = ?3 AND round > ?4 AND void IS NULL");
  query.bind(scope.task.view(), wide(scope), scope.place_bytes(), scope.round);
  if (!query.step() || query.null(0)) return std::nullopt;
  return Fault{
      v1::HELPER_REFUSAL_ROUND_TOO_OLD,
      "H6: this scope's round " + std::to_string(query.integer(0)) + " was answered already"};
}

std::optional<Fault> Record::check_unanswered(const ScopeKey& scope,
                                              std::span<const DeviceId> devices) const {
  auto query = database_.prepare(
      "SELECT 1 FROM answered_device WHERE task = ?1 AND round = ?2 AND device = ?3");
  std::vector<DeviceId> twice;
  for (const auto& device : devices) {
    query.bind(scope.task.view(), scope.round, device.view());
    if (query.step()) twice.push_back(device);
  }
  if (twice.empty()) return std::nullopt;
  auto text = "H5: " + std::to_string(twice.size()) +
              " devices are in another answer of this round, first " + twice.front().hex();
  return Fault{v1::HELPER_REFUSAL_DEVICE_TWICE, std::move(text), std::move(twice)};
}

void Record::write_answer(const ScopeKey& scope, v1::Scope task_scope, const Hash& survivors_hash,
                          std::span<const DeviceId> devices, UnixTime now) {
  database_.run(
      "INSERT INTO record (task, wide, place, round, survivors_hash, at)"
      " VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
      scope.task.view(), wide(scope), scope.place_bytes(), scope.round, survivors_hash.view(),
      sql(now));
  database_.run(
      "INSERT INTO task (task, scope, highest_round) VALUES (?1, ?2, ?3)"
      " ON CONFLICT (task) DO UPDATE SET highest_round = max(highest_round, "
      "excluded.highest_round)",
      scope.task.view(), std::int64_t{task_scope}, scope.round);
  for (const auto& device : devices) {
    database_.run("INSERT INTO answered_device (task, round, device) VALUES (?1, ?2, ?3)",
                  scope.task.view(), scope.round, device.view());
  }
  database_.run("DELETE FROM answered_device WHERE task = ?1 AND round <= ?2", scope.task.view(),
                sql(scope.round) - sql(horizon));
}

bool Record::respond(const ScopeKey& scope, const Hash& survivors_hash, const Hash& response_hash) {
  // Set once, and only for these survivors; then a look tells whether it is this hash.
  database_.run(
      "UPDATE record SET response_hash = ?5 WHERE task = ?1 AND wide = ?2 AND place = ?3"
      " AND round = ?4 AND survivors_hash = ?6 AND response_hash IS NULL",
      scope.task.view(), wide(scope), scope.place_bytes(), scope.round, response_hash.view(),
      survivors_hash.view());
  auto query = database_.prepare(
      "SELECT 1 FROM record WHERE task = ?1 AND wide = ?2 AND place = ?3 AND round = ?4"
      " AND response_hash = ?5 AND survivors_hash = ?6");
  query.bind(scope.task.view(), wide(scope), scope.place_bytes(), scope.round, response_hash.view(),
             survivors_hash.view());
  return query.step();
}

std::optional<std::string> Record::void_scope(const ScopeKey& scope, std::string_view body,
                                              UnixTime now) {
  instance_.begin_promise();
  auto on_record = database_.transaction([&]() -> std::optional<std::string> {
    const auto was = standing(scope);
    if (const auto* voided = std::get_if<Voided>(&was)) return voided->body;
    if (std::holds_alternative<Answered>(was)) return std::nullopt;
    database_.run(
        "INSERT INTO record (task, wide, place, round, void, at)"
        " VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        scope.task.view(), wide(scope), scope.place_bytes(), scope.round, view_of(body), sql(now));
    instance_.count_promise();
    return std::string{body};
  });
  instance_.end_promise();
  return on_record;
}

}  // namespace tributary::gateway::helper
