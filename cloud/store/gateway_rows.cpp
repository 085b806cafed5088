#include "cloud/store/gateway_rows.hpp"

#include "cloud/store/columns.hpp"

namespace tributary::cloud::store {

std::vector<GatewayRow> GatewayRows::all() {
  std::vector<GatewayRow> rows;
  auto row = database_.prepare(
      "SELECT id, name, version, keys, roster_hash, last_seen FROM gateways ORDER BY id");
  while (row.step()) {
    rows.push_back({fixed<GatewayId>(row, 0), row.string(1), row.string(2), raw_string(row, 3),
                    optional_fixed<Hash>(row, 4), time(row, 5)});
  }
  return rows;
}

void GatewayRows::put_keys(const GatewayRow& row) {
  database_.run(
      "INSERT INTO gateways (id, name, version, keys, last_seen) VALUES (?1, ?2, ?3, ?4, ?5) "
      "ON CONFLICT (id) DO UPDATE SET name = ?2, version = ?3, keys = ?4, last_seen = ?5",
      row.id.view(), row.name, row.version, view_of(row.keys), number(row.last_seen));
}

void GatewayRows::put_last_seen(const GatewayId& gateway, Time seen) {
  database_.run("UPDATE gateways SET last_seen = ?2 WHERE id = ?1", gateway.view(), number(seen));
}

void GatewayRows::put_roster(const RosterRow& roster) {
  database_.transaction([&] {
    database_.run(
        "INSERT OR IGNORE INTO rosters (hash, gateway, size, content) VALUES (?1, ?2, ?3, ?4)",
        roster.hash.view(), roster.gateway.view(), roster.size, view_of(roster.content));
    database_.run("UPDATE gateways SET roster_hash = ?2 WHERE id = ?1", roster.gateway.view(),
                  roster.hash.view());
    database_.run(
        "DELETE FROM rosters WHERE gateway = ?1 AND hash <> ?2 AND hash NOT IN "
        "(SELECT p.roster_hash FROM gateway_rounds p JOIN rounds r USING (task, round) "
        "WHERE r.state = 'open') AND hash NOT IN (SELECT roster_hash FROM groups)",
        roster.gateway.view(), roster.hash.view());
  });
}

std::optional<RosterRow> GatewayRows::roster(const Hash& hash) {
  auto row = database_.prepare("SELECT gateway, size, content FROM rosters WHERE hash = ?1");
  row.bind(hash.view());
  if (!row.step()) return std::nullopt;
  return RosterRow{hash, fixed<GatewayId>(row, 0), small(row, 1), raw_string(row, 2)};
}

}  // namespace tributary::cloud::store
