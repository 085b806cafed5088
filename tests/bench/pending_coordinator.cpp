#include <stdexcept>

#include "tests/bench/pending_rows.hpp"
#include "tests/unit/cloud/site_world.hpp"

namespace tributary::bench {
namespace {

constexpr std::uint64_t gateways = 250;

}  // namespace

Filled fill_coordinator(const std::filesystem::path& state, std::uint64_t rows) {
  tests::SiteWorld world(gateways, 2);
  world.join_all();
  const auto model = world.import_model(5);
  Filled filled;
  while (filled.statements < rows) {
    const auto created = world.coordinator().board.create(world.spec(model));
    if (!std::holds_alternative<TaskId>(created)) throw std::runtime_error("no task is made");
    const auto task = std::get<TaskId>(created);
    world.pass(std::chrono::seconds(3));
    for (const auto& gateway : world.gateways) {
      ++filled.contexts;
      if (filled.statements == rows) continue;
      const auto sum = world.contribute(task, gateway, {0, 1}).sum;
      if (world.coordinator()
              .rounds.put_sum(gateway.id, world.ctx_of(task, gateway), sum)
              .index() != 0) {
        throw std::runtime_error("a sum is not taken");
      }
      ++filled.statements;
    }
    // The clock of that world stands still, so that no round runs into its deadline.
    world.now -= std::chrono::seconds(3);
  }
  std::filesystem::create_directories(state);
  for (const char* const name : {"coordinator.db", "coordinator.db-wal"}) {
    std::filesystem::copy_file(world.folder() / name, state / name);
    filled.bytes += std::filesystem::file_size(state / name);
  }
  return filled;
}

}  // namespace tributary::bench
