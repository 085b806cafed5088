#include "cloud/store/task_rows.hpp"

#include <array>

#include "cloud/store/columns.hpp"

namespace tributary::cloud::store {
namespace {

constexpr std::array<std::string_view, 5> state_names{"waiting", "running", "finished", "stopped",
                                                      "failed"};

TaskState state_of(std::string_view name) {
  for (std::size_t i = 0; i < state_names.size(); ++i) {
    if (state_names[i] == name) return static_cast<TaskState>(i);
  }
  throw storage::Failure(storage::FailureKind::corrupt,
                         "coordinator database: task state '" + std::string{name} + "'");
}

}  // namespace

std::string_view name_of(TaskState state) {
  return state_names[static_cast<std::size_t>(state)];
}

void TaskRows::add(const TaskRow& task) {
  const auto& progress = task.progress;
  database_.run(
      "INSERT INTO tasks (id, name, spec, parameters, created_at, state, state_reason, model, "
      "round, released, abandoned, abandoned_in_row, retry_at) "
      "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
      task.id.view(), task.name, task.spec, task.parameters, number(task.created_at),
      name_of(progress.state), progress.state_reason, progress.model.view(), progress.round,
      progress.released, progress.abandoned, progress.abandoned_in_row, number(progress.retry_at));
}

void TaskRows::put_progress(const TaskId& task, const TaskProgress& progress) {
  database_.run(
      "UPDATE tasks SET state = ?2, state_reason = ?3, model = ?4, round = ?5, released = ?6, "
      "abandoned = ?7, abandoned_in_row = ?8, retry_at = ?9 WHERE id = ?1",
      task.view(), name_of(progress.state), progress.state_reason, progress.model.view(),
      progress.round, progress.released, progress.abandoned, progress.abandoned_in_row,
      number(progress.retry_at));
}

std::vector<TaskRow> TaskRows::all() {
  std::vector<TaskRow> tasks;
  auto row = database_.prepare(
      "SELECT id, name, spec, parameters, created_at, state, state_reason, model, round, released, "
      "abandoned, abandoned_in_row, retry_at FROM tasks ORDER BY created_at, id");
  while (row.step()) {
    tasks.push_back({fixed<TaskId>(row, 0),
                     row.string(1),
                     row.string(2),
                     small(row, 3),
                     time(row, 4),
                     {state_of(row.text(5)), row.string(6), fixed<Hash>(row, 7), count(row, 8),
                      small(row, 9), small(row, 10), small(row, 11), time(row, 12)}});
  }
  return tasks;
}

}  // namespace tributary::cloud::store
