// The tasks and how far each has come; decides what a closed round means for its task.
#pragma once

#include <map>
#include <set>

#include "cloud/engine/fleet.hpp"
#include "cloud/round/task_spec.hpp"
#include "cloud/round/trust.hpp"

namespace tributary::cloud::engine {

struct Task {
  store::TaskRow row;
  round::TaskSpec spec;
};

// Of the owner's thread. Throws storage::Failure.
class TaskBoard {
 public:
  static constexpr std::uint32_t most_abandoned_in_row = 10;

  TaskBoard(store::Store& store, const Fleet& fleet, const World& world);

  // Every fault of the spec, or the new task's id.
  struct Faults {
    std::vector<round::SpecFault> list;
  };
  std::variant<TaskId, Faults> create(std::string_view spec_json);

  const std::map<TaskId, Task>& tasks() const { return tasks_; }
  const Task* find(const TaskId& task) const;
  bool ended(const TaskId& task) const;  // finished, stopped or failed

  // The next progress of a task, not stored yet: store it with put_progress, in the transaction
  // of what caused it, then adopt it.
  store::TaskProgress after_opening(const TaskId& task, std::uint64_t round) const;
  store::TaskProgress after_release(const TaskId& task, const Hash& next_model) const;
  // Retries wait 1 s, doubling, at most 60 s; too many in a row fail the task.
  store::TaskProgress after_abandon(const TaskId& task, const std::string& reason) const;
  store::TaskProgress stopped(const TaskId& task, const std::string& reason) const;
  void adopt(const TaskId& task, store::TaskProgress progress);

  // Stores and adopts; says so. Nothing happens when it waits for the same already.
  void wait_for(const TaskId& task, const std::string& reason);

  std::vector<round::MaskSplit> splits(const round::TaskSpec& spec) const;

 private:
  store::Store& store_;
  const Fleet& fleet_;
  const World& world_;
  std::map<TaskId, Task> tasks_;
};

}  // namespace tributary::cloud::engine
