// The coordinator's product state, wired together and resumed from its store.
#pragma once

#include "cloud/engine/own_helper.hpp"
#include "cloud/engine/pruner.hpp"
#include "cloud/engine/scheduler.hpp"
#include "cloud/engine/work.hpp"

namespace tributary::cloud::engine {

// Of the owner's thread; `world` brings workers' results back to it. Throws storage::Failure.
class Coordinator {
 public:
  // `state`: the folder of coordinator.db, exists. `life`: differs for every start.
  Coordinator(const std::filesystem::path& state, Identity own, World outside, Observer& watcher,
              std::string life)
      : identity(std::move(own)),
        world(std::move(outside)),
        observer(watcher),
        store(state, std::chrono::floor<std::chrono::seconds>(world.now())),
        fleet(store, identity.authority, world),
        board(store, fleet, world),
        revisions(std::move(life)),
        rounds(desk()),
        groups(store, fleet, revisions, identity, world),
        scheduler(fleet, board, groups, rounds, world),
        pruner(store, board) {
    rounds.resume();
    rounds.when_closed([this](const TaskId& task) {
      pruner.round_ended(task);
      scheduler.tick();
    });
  }
  Coordinator(const Coordinator&) = delete;
  Coordinator& operator=(const Coordinator&) = delete;

  // Its own helper role from now on. Throws CredentialFault.
  void help(const HelperSettings& settings) {
    helper = std::make_unique<OwnHelper>(settings, desk(), rounds);
  }

  // Deadlines, and rounds that can begin. About four times a second.
  void tick() {
    rounds.tick();
    scheduler.tick();
    pruner.tick();
    if (helper) helper->tick();
  }

  Identity identity;
  World world;
  Observer& observer;
  store::Store store;
  Fleet fleet;
  TaskBoard board;
  Revisions revisions;
  RoundDesk rounds;
  GroupDesk groups;
  Scheduler scheduler;
  Pruner pruner;
  std::unique_ptr<OwnHelper> helper;  // where there is one

 private:
  Desk desk() { return {store, fleet, board, revisions, identity, world, observer}; }
};

}  // namespace tributary::cloud::engine
