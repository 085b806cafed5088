// Rounds that ended long ago, and everything that is kept of them.
#pragma once

#include "cloud/store/rows.hpp"
#include "storage/database.hpp"

namespace tributary::cloud::store {

// Of the database's thread. Every call throws storage::Failure.
class OldRows {
 public:
  // Rounds forgotten in one transaction. A task may have this many more than are kept.
  static constexpr std::uint32_t step = 16;

  explicit OldRows(storage::Database& database) : database_(database) {}

  // How many rounds of a task are kept, counted back from its highest number.
  void keep_rounds(std::uint32_t count) { kept_ = count; }

  // Forgets the `step` oldest rounds of the task beyond those, with their parts, statements, VOIDs, release
  // records and the lineage of models whose content is gone. Kept at any age: a round that is open, that began
  // with the model the task stands at (its VOIDs are still shown to devices), or that has the task's newest
  // release record (the next names it). False: there are fewer than `step`, nothing was changed.
  bool forget(const TaskId& task);

 private:
  std::vector<std::uint64_t> surplus(const TaskId& task);
  void forget(const RoundKey& key);
  void forget_lineage(const TaskId& task);

  std::uint32_t kept_ = 10'000;
  storage::Database& database_;
};

}  // namespace tributary::cloud::store
