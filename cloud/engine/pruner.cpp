#include "cloud/engine/pruner.hpp"

namespace tributary::cloud::engine {

Pruner::Pruner(store::Store& store, const TaskBoard& board) : store_(store) {
  for (const auto& [id, task] : board.tasks()) due_.insert(id);
}

void Pruner::tick() {
  while (!due_.empty()) {
    if (store_.old.forget(*due_.begin())) return;
    due_.erase(due_.begin());
  }
}

}  // namespace tributary::cloud::engine
