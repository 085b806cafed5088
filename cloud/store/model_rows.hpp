// The model registry: immutable contents by hash, with lineage.
#pragma once

#include "cloud/store/rows.hpp"
#include "storage/database.hpp"

namespace tributary::cloud::store {

// Of the database's thread. Every call throws storage::Failure.
class ModelRows {
 public:
  explicit ModelRows(storage::Database& database) : database_(database) {}

  // How many models of a task keep their content, the newest; 0: all. Imported ones, those that tasks
  // stand at and those of open rounds keep theirs whatever their age; the lineage stays as long as the
  // round (OldRows).
  void keep_newest(std::uint32_t count) { kept_ = count; }

  // A model that is there already stays as it is; one whose content was emptied gets it back.
  void put(const ModelRow& model, ByteView content);
  std::optional<ModelRow> find(const Hash& hash);
  std::vector<ModelRow> all();                     // oldest first
  std::optional<Bytes> content(const Hash& hash);  // nullopt also when it is kept no longer

 private:
  void forget_old(const TaskId& task);

  std::uint32_t kept_ = 0;
  storage::Database& database_;
};

}  // namespace tributary::cloud::store
