// What witnesses and holders said about an open pairwise round, in gateway.db.
#pragma once

#include "gateway/round/effect.hpp"
#include "storage/database.hpp"

namespace tributary::gateway::engine {

// Of the database's thread; everything throws storage::Failure.
class RevealRows {
 public:
  explicit RevealRows(storage::Database& database) : database_(database) {}

  void put_vow(const Hash& ctx_hash, const round::StoreVow& vow);
  std::vector<round::StoreVow> vows(const Hash& ctx_hash);
  void put_reveal(const Hash& ctx_hash, const round::StoreReveal& reveal);
  std::vector<round::StoreReveal> reveals(const Hash& ctx_hash);  // in the order they came
  void forget(const Hash& ctx_hash);

 private:
  storage::Database& database_;
};

}  // namespace tributary::gateway::engine
