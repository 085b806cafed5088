// Tasks and how far they have come.
#pragma once

#include "cloud/store/rows.hpp"
#include "storage/database.hpp"

namespace tributary::cloud::store {

// Of the database's thread. Every call throws storage::Failure.
class TaskRows {
 public:
  explicit TaskRows(storage::Database& database) : database_(database) {}

  void add(const TaskRow& task);
  void put_progress(const TaskId& task, const TaskProgress& progress);
  std::vector<TaskRow> all();  // oldest first

 private:
  storage::Database& database_;
};

}  // namespace tributary::cloud::store
