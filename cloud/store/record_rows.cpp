#include "cloud/store/record_rows.hpp"

#include "cloud/store/columns.hpp"

namespace tributary::cloud::store {
namespace {

ByteView bytes_of(const std::variant<GatewayId, ScopeId>& place) {
  return std::visit([](const auto& id) { return id.view(); }, place);
}
std::int64_t wide(const std::variant<GatewayId, ScopeId>& place) {
  return std::holds_alternative<ScopeId>(place) ? 1 : 0;
}

}  // namespace

void ReleaseRows::add(const RoundKey& key, const ReleaseRow& release) {
  database_.run(
      "INSERT INTO releases (task, round, ctx_hash, body, signature, hash) "
      "VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
      key.task.view(), key.round, release.ctx_hash.view(), view_of(release.body),
      release.signature.view(), release.hash.view());
}

std::vector<ReleaseRow> ReleaseRows::of_round(const RoundKey& key) {
  std::vector<ReleaseRow> releases;
  auto row = database_.prepare(
      "SELECT ctx_hash, body, signature, hash FROM releases WHERE task = ?1 AND round = ?2 "
      "ORDER BY sequence");
  row.bind(key.task.view(), key.round);
  while (row.step()) {
    releases.push_back(
        {fixed<Hash>(row, 0), raw_string(row, 1), fixed<Signature>(row, 2), fixed<Hash>(row, 3)});
  }
  return releases;
}

std::optional<Hash> ReleaseRows::last_hash(const TaskId& task) {
  auto row = database_.prepare(
      "SELECT hash FROM releases WHERE task = ?1 "
      "ORDER BY round DESC, sequence DESC LIMIT 1");
  row.bind(task.view());
  if (!row.step()) return std::nullopt;
  return fixed<Hash>(row, 0);
}

void VoidRows::ask(const VoidScope& scope, const HelperId& helper, Time now) {
  database_.run(
      "INSERT OR IGNORE INTO voids (task, round, gateway, wide, helper, asked_at) "
      "VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
      scope.key.task.view(), scope.key.round, bytes_of(scope.place), wide(scope.place),
      helper.view(), number(now));
}

bool VoidRows::keep(const VoidScope& scope, const HelperId& helper, std::string_view statement) {
  return database_.run(
             "UPDATE voids SET statement = coalesce(statement, ?6) "
             "WHERE task = ?1 AND round = ?2 AND gateway = ?3 AND wide = ?4 AND helper = ?5",
             scope.key.task.view(), scope.key.round, bytes_of(scope.place), wide(scope.place),
             helper.view(), view_of(statement)) > 0;
}

void VoidRows::withdraw(const VoidScope& scope, const HelperId& helper) {
  database_.run(
      "DELETE FROM voids WHERE task = ?1 AND round = ?2 AND gateway = ?3 AND wide = ?4 "
      "AND helper = ?5 AND statement IS NULL",
      scope.key.task.view(), scope.key.round, bytes_of(scope.place), wide(scope.place),
      helper.view());
}

std::vector<std::string> VoidRows::kept(const TaskId& task,
                                        const std::variant<GatewayId, ScopeId>& place,
                                        const Hash& model, std::uint32_t limit) {
  std::vector<std::string> statements;
  auto row = database_.prepare(
      "SELECT statement FROM voids JOIN rounds USING (task, round) WHERE task = ?1 "
      "AND gateway = ?2 AND wide = ?3 AND model_before = ?4 AND statement IS NOT NULL "
      "ORDER BY round DESC LIMIT ?5");
  row.bind(task.view(), bytes_of(place), wide(place), model.view(), limit);
  while (row.step()) statements.emplace_back(text_of(row.blob(0)));
  return statements;
}

std::vector<VoidScope> VoidRows::asked(const HelperId& helper, std::uint32_t limit) {
  std::vector<VoidScope> scopes;
  auto row = database_.prepare(
      "SELECT task, round, gateway, wide FROM voids WHERE helper = ?1 AND statement IS NULL "
      "ORDER BY asked_at LIMIT ?2");
  row.bind(helper.view(), limit);
  while (row.step()) {
    VoidScope scope{{fixed<TaskId>(row, 0), count(row, 1)}, fixed<GatewayId>(row, 2)};
    if (row.integer(3) != 0) scope.place = fixed<ScopeId>(row, 2);
    scopes.push_back(scope);
  }
  return scopes;
}

}  // namespace tributary::cloud::store
