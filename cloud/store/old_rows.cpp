#include "cloud/store/old_rows.hpp"

#include "cloud/store/columns.hpp"

namespace tributary::cloud::store {

bool OldRows::forget(const TaskId& task) {
  const auto rounds = surplus(task);
  if (rounds.size() < step) return false;
  database_.transaction([&] {
    for (const auto round : rounds) forget({task, round});
    forget_lineage(task);
  });
  return true;
}

std::vector<std::uint64_t> OldRows::surplus(const TaskId& task) {
  auto row = database_.prepare(
      "SELECT r.round FROM rounds r JOIN tasks t ON t.id = r.task WHERE r.task = ?1 "
      "AND r.round <= (SELECT round FROM tasks WHERE id = ?1) - ?2 "
      "AND r.state <> 'open' AND r.model_before <> t.model AND r.round <> coalesce("
      "(SELECT round FROM releases WHERE task = ?1 ORDER BY round DESC LIMIT 1), 0) "
      "ORDER BY r.round LIMIT ?3");
  row.bind(task.view(), kept_, step);
  std::vector<std::uint64_t> rounds;
  while (row.step()) rounds.push_back(count(row, 0));
  return rounds;
}

// Who refers to a row goes first.
void OldRows::forget(const RoundKey& key) {
  const auto task = key.task.view();
  database_.run(
      "DELETE FROM round_events WHERE ctx_hash IN "
      "(SELECT ctx_hash FROM gateway_rounds WHERE task = ?1 AND round = ?2)",
      task, key.round);
  database_.run("DELETE FROM releases WHERE task = ?1 AND round = ?2", task, key.round);
  database_.run("DELETE FROM voids WHERE task = ?1 AND round = ?2", task, key.round);
  database_.run("DELETE FROM gateway_rounds WHERE task = ?1 AND round = ?2", task, key.round);
  database_.run("DELETE FROM rounds WHERE task = ?1 AND round = ?2", task, key.round);
}

// An abandoned round may have made a model, too: a few more than one for each round.
void OldRows::forget_lineage(const TaskId& task) {
  database_.run(
      "DELETE FROM models WHERE hash IN (SELECT hash FROM models WHERE task = ?1 "
      "AND length(content) = 0 AND round <= (SELECT round FROM tasks WHERE id = ?1) - ?2 "
      "ORDER BY round LIMIT ?3) AND hash NOT IN (SELECT model FROM tasks) "
      "AND hash NOT IN (SELECT model_before FROM rounds WHERE state = 'open')",
      task.view(), kept_, 2 * step);
}

}  // namespace tributary::cloud::store
