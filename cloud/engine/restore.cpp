#include "cloud/engine/restore.hpp"

#include "storage/backup.hpp"

namespace tributary::cloud::engine {
namespace {

constexpr const char* why =
    "the database was restored from a backup: what this task did since is not known; create a task "
    "that begins with its model";

void abandon_open_round(store::Store& store, const TaskId& task, store::Time now) {
  auto round = store.rounds.open(task);
  if (!round) return;
  round->state = store::RoundState::abandoned;
  round->reason = "the coordinator was restored from a backup";
  round->closed_at = now;
  store.rounds.close(*round);
  for (auto& part : store.rounds.parts(round->key)) {
    part.state = "left-out";
    part.reason = round->reason;
    store.rounds.close_part(part, now);
  }
  store.rounds.forget_bodies(round->key);
}

bool ended(store::TaskState state) {
  return state != store::TaskState::waiting && state != store::TaskState::running;
}

}  // namespace

std::size_t restore(const std::filesystem::path& state, const std::filesystem::path& backup,
                    store::Time now) {
  storage::put_back(backup, state / "coordinator.db");
  store::Store store(state, std::chrono::floor<std::chrono::seconds>(now));
  if (!store.set_aside().empty()) {
    throw storage::Failure(storage::FailureKind::corrupt,
                           backup.string() + ": is damaged; its copy is " +
                               store.set_aside().string() + ". Restore an older backup");
  }
  std::size_t stopped = 0;
  store.atomically([&] {
    for (auto& task : store.tasks.all()) {
      if (ended(task.progress.state)) continue;
      abandon_open_round(store, task.id, now);
      task.progress.state = store::TaskState::stopped;
      task.progress.state_reason = why;
      store.tasks.put_progress(task.id, task.progress);
      ++stopped;
    }
  });
  return stopped;
}

}  // namespace tributary::cloud::engine
