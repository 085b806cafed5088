// Devices of rosters, each verified once per epoch key: two signatures and one key agreement.
// Entries are found by the hash of their signed bytes, so a new roster costs only what is new in it.
#pragma once

#include <string_view>
#include <unordered_map>
#include <variant>

#include "gateway/helper/rules.hpp"

namespace tributary::gateway::helper {

// The helper's side of pair keys: one epoch.
struct EpochSecret {
  std::uint32_t epoch;
  crypto::ExchangeSecret secret;
  ExchangeKey key;  // of `secret`
};

class RosterCache {
 public:
  // Keeps the `capacity` most recently used devices at most (about 200 bytes each).
  RosterCache(std::string tenant, VerifyKey authority, HelperId helper,
              std::size_t capacity = 20'000);

  // The roster's entry for each survivor, null for those it does not hold or whose signatures fail.
  // A fault: `roster` is not the roster of the claim's context, or not one of its gateway.
  std::variant<std::vector<RosterEntry>, Fault> entries(const Claim& claim, std::string_view roster,
                                                        const EpochSecret& epoch);
  // Forgets all: pair keys end with their epoch.
  void clear();
  std::size_t verified() const { return verified_; }  // signature checks made, for metrics

 private:
  using Entries = std::unordered_map<Hash, RosterEntry, FixedHasher>;
  RosterEntry entry(const v1::CertifiedKey& key, const EpochSecret& epoch);
  RosterEntry verify(const v1::CertifiedKey& key, const EpochSecret& epoch) const;
  void keep(const Hash& hash, RosterEntry entry);

  std::string tenant_;
  VerifyKey authority_;
  HelperId helper_;
  std::size_t half_;
  Entries recent_;  // at most half_; when full it becomes older_
  Entries older_;
  std::size_t verified_ = 0;
};

}  // namespace tributary::gateway::helper
