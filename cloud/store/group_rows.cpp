#include "cloud/store/group_rows.hpp"

#include "cloud/store/columns.hpp"

namespace tributary::cloud::store {
namespace {

constexpr std::string_view all_columns =
    "SELECT task, gateway, hash, content, signature, roster_hash, members, left_out, made_at, "
    "ready_until, missing FROM groups ORDER BY task, gateway";
constexpr std::string_view running_columns =
    "SELECT g.task, g.gateway, g.hash, g.content, g.signature, g.roster_hash, g.members, "
    "g.left_out, g.made_at, g.ready_until, g.missing FROM groups g JOIN tasks t ON t.id = g.task "
    "WHERE g.gateway = ?1 AND t.state IN ('waiting', 'running') ORDER BY g.task";

std::string joined(const std::vector<DeviceId>& devices) {
  std::string bytes;
  for (const auto& device : devices) bytes += device.raw();
  return bytes;
}

std::vector<DeviceId> separated(const storage::Statement& row, int column) {
  const auto bytes = row.blob(column);
  if (bytes.size() % DeviceId::size != 0) {
    throw storage::Failure(storage::FailureKind::corrupt,
                           "coordinator database: a list of devices has a wrong length");
  }
  std::vector<DeviceId> devices;
  for (std::size_t at = 0; at < bytes.size(); at += DeviceId::size) {
    devices.push_back(*DeviceId::from(bytes.subspan(at, DeviceId::size)));
  }
  return devices;
}

}  // namespace

std::vector<GroupRow> GroupRows::read(storage::Statement& row) {
  std::vector<GroupRow> rows;
  while (row.step()) {
    rows.push_back({fixed<TaskId>(row, 0), fixed<GatewayId>(row, 1), fixed<Hash>(row, 2),
                    raw_string(row, 3), fixed<Signature>(row, 4), fixed<Hash>(row, 5),
                    separated(row, 6), separated(row, 7), time(row, 8), small(row, 9),
                    separated(row, 10)});
  }
  return rows;
}

std::vector<GroupRow> GroupRows::all() {
  auto row = database_.prepare(all_columns);
  return read(row);
}

std::vector<GroupRow> GroupRows::of_running(const GatewayId& gateway) {
  auto row = database_.prepare(running_columns);
  row.bind(gateway.view());
  return read(row);
}

void GroupRows::put(const GroupRow& row) {
  database_.run(
      "INSERT OR REPLACE INTO groups (task, gateway, hash, content, signature, roster_hash, "
      "members, "
      "left_out, made_at, ready_until, missing) "
      "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
      row.task.view(), row.gateway.view(), row.hash.view(), view_of(row.content),
      row.signature.view(), row.roster_hash.view(), view_of(joined(row.members)),
      view_of(joined(row.left_out)), number(row.made_at), row.ready_until,
      view_of(joined(row.missing)));
}

void GroupRows::put_readiness(const GroupRow& row) {
  database_.run("UPDATE groups SET ready_until = ?2, missing = ?3 WHERE hash = ?1", row.hash.view(),
                row.ready_until, view_of(joined(row.missing)));
}

}  // namespace tributary::cloud::store
