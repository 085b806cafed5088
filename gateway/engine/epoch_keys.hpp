// This gateway's own X25519 epoch keys: the current one, and those that open rounds still name.
#pragma once

#include "gateway/engine/identity.hpp"
#include "gateway/engine/store.hpp"
#include "tributary.pb.h"

namespace tributary::gateway::engine {

class EpochKeys {
 public:
  static constexpr std::chrono::hours lifetime{30 * 24};

  // `stored` ascending by epoch. Without a current key, call begin() before anything else.
  EpochKeys(const Identity& identity, std::vector<StoredEpochKey> stored);

  // No key, or the newest has used up half of its life: begin a new epoch when no round is open.
  bool due(std::chrono::sys_seconds now) const;
  // Makes the next epoch's key current. Store the result before anybody hears of it.
  const StoredEpochKey& begin(std::chrono::sys_seconds now);

  const StoredEpochKey& current() const { return keys_.back(); }
  const crypto::ExchangeSecret* secret(std::uint32_t epoch) const;  // nullptr: not known any more
  v1::CertifiedKey certified_key() const;

 private:
  const Identity& identity_;
  std::vector<StoredEpochKey> keys_;
};

}  // namespace tributary::gateway::engine
