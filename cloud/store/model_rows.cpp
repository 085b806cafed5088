#include "cloud/store/model_rows.hpp"

#include "cloud/store/columns.hpp"

namespace tributary::cloud::store {
namespace {

ModelRow model_of(const storage::Statement& row) {
  ModelRow model;
  model.hash = fixed<Hash>(row, 0);
  model.name = row.string(1);
  model.architecture = row.string(2);
  model.parameters = small(row, 3);
  model.version = small(row, 4);
  model.task = optional_fixed<TaskId>(row, 5);
  if (!row.null(6)) model.round = count(row, 6);
  model.parent = optional_fixed<Hash>(row, 7);
  model.created_at = time(row, 8);
  return model;
}

}  // namespace

void ModelRows::put(const ModelRow& model, ByteView content) {
  database_.run(
      "INSERT INTO models (hash, name, architecture, parameters, version, task, round, "
      "parent, created_at, content) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10) "
      "ON CONFLICT (hash) DO UPDATE SET content = excluded.content WHERE length(content) = 0",
      model.hash.view(), model.name, model.architecture, model.parameters, model.version,
      optional_blob(model.task), model.round, optional_blob(model.parent), number(model.created_at),
      content);
  if (kept_ > 0 && model.task) forget_old(*model.task);
}

void ModelRows::forget_old(const TaskId& task) {
  database_.run(
      "UPDATE models SET content = x'' WHERE hash IN (SELECT hash FROM models "
      "WHERE task = ?1 AND length(content) > 0 ORDER BY version DESC LIMIT -1 OFFSET ?2) "
      "AND hash NOT IN (SELECT model FROM tasks) "
      "AND hash NOT IN (SELECT model_before FROM rounds WHERE state = 'open')",
      task.view(), kept_);
}

std::optional<ModelRow> ModelRows::find(const Hash& hash) {
  auto row = database_.prepare(
      "SELECT hash, name, architecture, parameters, version, task, round, parent, created_at "
      "FROM models WHERE hash = ?1");
  row.bind(hash.view());
  if (!row.step()) return std::nullopt;
  return model_of(row);
}

std::vector<ModelRow> ModelRows::all() {
  std::vector<ModelRow> models;
  auto row = database_.prepare(
      "SELECT hash, name, architecture, parameters, version, task, round, parent, created_at "
      "FROM models ORDER BY created_at, version");
  while (row.step()) models.push_back(model_of(row));
  return models;
}

std::optional<Bytes> ModelRows::content(const Hash& hash) {
  auto row = database_.prepare("SELECT content FROM models WHERE hash = ?1");
  row.bind(hash.view());
  if (!row.step() || row.blob(0).empty()) return std::nullopt;
  return row.bytes(0);
}

}  // namespace tributary::cloud::store
