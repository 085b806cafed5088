// The model registry: immutable contents by hash, with lineage.
#pragma once

#include "cloud/store/rows.hpp"
#include "storage/database.hpp"

namespace tributary::cloud::store {

// Of the database's thread. Every call throws storage::Failure.
class ModelRows {
 public:
  explicit ModelRows(storage::Database& database) : database_(database) {}

  // A model that is there already stays as it is.
  void put(const ModelRow& model, ByteView content);
  std::optional<ModelRow> find(const Hash& hash);
  std::vector<ModelRow> all();  // oldest first
  std::optional<Bytes> content(const Hash& hash);

 private:
  storage::Database& database_;
};

}  // namespace tributary::cloud::store
