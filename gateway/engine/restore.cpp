#include "gateway/engine/restore.hpp"

#include "gateway/engine/store.hpp"
#include "storage/backup.hpp"

namespace tributary::gateway::engine {
namespace {

// More epochs than can have begun since any backup.
constexpr std::int64_t epochs_skipped = 100'000;

}  // namespace

void restore(const std::filesystem::path& state, const std::filesystem::path& backup,
             std::chrono::sys_seconds now) {
  storage::put_back(backup, state / "gateway.db");
  Store store(state, now);
  auto& database = store.database();
  if (!database.set_aside().empty()) {
    throw storage::Failure(storage::FailureKind::corrupt,
                           backup.string() + ": is damaged; its copy is " +
                               database.set_aside().string() + ". Restore an older backup");
  }
  database.transaction([&] {
    for (const auto& round : store.open_rounds()) store.close_round(round.ctx_hash);
    for (const auto& group : store.groups().all()) store.groups().forget_task(group.task);
    store.end_epochs(epochs_skipped);
  });
}

}  // namespace tributary::gateway::engine
