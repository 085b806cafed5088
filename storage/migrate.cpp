#include "storage/migrate.hpp"

#include <algorithm>
#include <map>
#include <string>

namespace tributary::storage {
namespace {

std::uint32_t latest(const SchemaSet& set) {
  return set.migrations.empty() ? 0 : set.migrations.back().version;
}

std::map<std::string, std::uint32_t> applied_versions(Database& database) {
  std::map<std::string, std::uint32_t> versions;
  auto rows =
      database.prepare("SELECT schema, max(version) FROM schema_migrations GROUP BY schema");
  while (rows.step()) versions[rows.string(0)] = static_cast<std::uint32_t>(rows.integer(1));
  return versions;
}

void refuse_newer(const Database& database, const std::string& set, const std::string& has) {
  throw Failure(FailureKind::newer,
                database.path().string() + ": schema '" + set + "' " + has +
                    "; the file belongs to a newer version or to another program. Start that one, "
                    "or restore a backup made by this version");
}

void require_known(const Database& database, std::span<const SchemaSet> sets,
                   const std::map<std::string, std::uint32_t>& applied) {
  for (const auto& [name, version] : applied) {
    const auto known = std::ranges::find(sets, name, &SchemaSet::name);
    if (known == sets.end()) refuse_newer(database, name, "is unknown to this program");
    if (version > latest(*known)) {
      refuse_newer(database, name,
                   "is at version " + std::to_string(version) + ", this program knows " +
                       std::to_string(latest(*known)));
    }
  }
}

void apply(Database& database, const SchemaSet& set, const Migration& migration) {
  database.transaction([&] {
    database.run_script(migration.sql);
    database.run("INSERT INTO schema_migrations (schema, version, name) VALUES (?, ?, ?)", set.name,
                 migration.version, migration.name);
  });
}

}  // namespace

void migrate(Database& database, std::span<const SchemaSet> sets) {
  database.run(
      "CREATE TABLE IF NOT EXISTS schema_migrations (schema TEXT NOT NULL, version INTEGER NOT "
      "NULL, name TEXT NOT NULL, PRIMARY KEY (schema, version)) STRICT");
  auto applied = applied_versions(database);
  require_known(database, sets, applied);
  for (const SchemaSet& set : sets) {
    const std::uint32_t present = applied[std::string(set.name)];
    for (const Migration& migration : set.migrations) {
      if (migration.version > present) apply(database, set, migration);
    }
  }
}

}  // namespace tributary::storage
