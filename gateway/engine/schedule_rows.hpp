// Choices and what was observed of devices, in gateway.db.
#pragma once

#include <map>

#include "gateway/scheduling/selection.hpp"
#include "storage/database.hpp"

namespace tributary::gateway::engine {

struct StoredChoice {
  Hash ctx_hash;
  TaskId task;
  scheduling::Time opened_at;
  std::vector<std::pair<DeviceId, scheduling::Reason>> decisions;
};

struct StoredRecord {
  DeviceId device;
  scheduling::Record observed;  // without what a state says
  scheduling::Time come_back_at;
};

// Of the database's thread; everything throws storage::Failure.
class ScheduleRows {
 public:
  static constexpr int choices_kept = 64;  // of each task

  explicit ScheduleRows(storage::Database& database) : database_(database) {}

  std::vector<StoredChoice> choices();  // of a task the older ones first
  std::vector<StoredRecord> records();
  // The oldest of the task beyond choices_kept go.
  void put(const StoredChoice& choice);
  void put(const StoredRecord& record);  // replaces
  void forget(const DeviceId& device);

 private:
  storage::Database& database_;
};

}  // namespace tributary::gateway::engine
