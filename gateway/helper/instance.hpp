// Whether helper.db is the database that ran last, and the epoch key that depends on it (rule H10).
// A database that forgot a promise must not keep the key the promise was made with: it gets a new
// epoch, and every ticket made for the old one fails.
#pragma once

#include "gateway/helper/limits.hpp"
#include "gateway/helper/marker.hpp"
#include "gateway/helper/roster_cache.hpp"
#include "gateway/helper/statement.hpp"
#include "storage/database.hpp"

namespace tributary::gateway::helper {

class Instance {
 public:
  // `signer` signs a new epoch key. Database and signer's key outlive the instance.
  Instance(storage::Database& database, Marker marker, const Signer& signer,
           std::chrono::seconds epoch_lifetime, UnixTime now);

  const EpochSecret& epoch() const { return *epoch_; }
  const std::string& signed_key() const { return signed_key_; }  // serialized Signed EpochKey
  UnixTime epoch_ends() const { return epoch_ends_; }
  // Why this process began an epoch, empty: it did not.
  const std::string& reason() const { return reason_; }
  void rotate(UnixTime now, std::string_view reason);

  // Around every promise: begin_promise() before the transaction, count_promise() inside it,
  // end_promise() after the commit and before anybody hears of it.
  void begin_promise() { end_promise(); }
  void count_promise();
  void end_promise();

 private:
  std::string mistrust() const;  // why the marker does not vouch for the database
  void load_epoch();
  void begin_epoch(std::string_view reason, UnixTime now);

  storage::Database& database_;
  Marker marker_;
  Signer signer_;
  std::chrono::seconds epoch_lifetime_;
  std::optional<EpochSecret> epoch_;
  std::string signed_key_;
  UnixTime epoch_ends_{};
  std::string reason_;
  MarkerState marked_{};  // what the marker file holds
};

}  // namespace tributary::gateway::helper
