// Forgets rounds beyond what is kept, a few at a time, so that the database does not grow with them.
#pragma once

#include <set>

#include "cloud/engine/task_board.hpp"

namespace tributary::cloud::engine {

// Of the owner's thread. Throws storage::Failure.
class Pruner {
 public:
  // Every task is looked at once: the bound may be lower than it was.
  Pruner(store::Store& store, const TaskBoard& board);

  void round_ended(const TaskId& task) { due_.insert(task); }
  // One bounded transaction at most.
  void tick();

 private:
  store::Store& store_;
  std::set<TaskId> due_;
};

}  // namespace tributary::cloud::engine
