// Groups of mode pairwise, the newest of each task and gateway.
#pragma once

#include "cloud/store/rows.hpp"
#include "storage/database.hpp"

namespace tributary::cloud::store {

struct GroupRow {
  TaskId task;
  GatewayId gateway;
  Hash hash;
  std::string content;  // Group as signed
  Signature signature;
  Hash roster_hash;
  std::vector<DeviceId> members;
  std::vector<DeviceId> left_out;
  Time made_at;
  std::uint32_t ready_until = 0;
  std::vector<DeviceId> missing;
};

// Of the database's thread. Every call throws storage::Failure.
class GroupRows {
 public:
  explicit GroupRows(storage::Database& database) : database_(database) {}

  std::vector<GroupRow> all();
  std::vector<GroupRow> of_running(const GatewayId& gateway);  // of tasks that have not ended
  void put(const GroupRow& row);                               // in place of the one before
  void put_readiness(const GroupRow& row);

 private:
  std::vector<GroupRow> read(storage::Statement& row);

  storage::Database& database_;
};

}  // namespace tributary::cloud::store
