// Gateways, their certified keys and their rosters.
#pragma once

#include "cloud/store/rows.hpp"
#include "storage/database.hpp"

namespace tributary::cloud::store {

// Of the database's thread. Every call throws storage::Failure.
class GatewayRows {
 public:
  explicit GatewayRows(storage::Database& database) : database_(database) {}

  std::vector<GatewayRow> all();
  void put_keys(const GatewayRow& row);  // leaves the roster as it is
  void put_last_seen(const GatewayId& gateway, Time seen);
  // Stores the roster and makes it the gateway's; forgets those that nobody needs any more.
  void put_roster(const RosterRow& roster);
  std::optional<RosterRow> roster(const Hash& hash);

 private:
  storage::Database& database_;
};

}  // namespace tributary::cloud::store
