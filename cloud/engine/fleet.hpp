// The gateways this coordinator knows: certified keys, rosters, when each was last heard.
#pragma once

#include <map>

#include "cloud/engine/declined.hpp"
#include "cloud/engine/world.hpp"
#include "cloud/round/credentials.hpp"
#include "cloud/round/plan.hpp"
#include "cloud/store/store.hpp"
#include "uplink.pb.h"

namespace tributary::cloud::engine {

struct Member {
  GatewayId id;
  std::string name;  // what it calls itself, or the first digits of its id
  std::string version;
  v1::GatewayKeys keys;
  round::CertifiedParty gateway;
  std::optional<round::CertifiedParty> helper;
  std::optional<Hash> roster_hash;
  std::uint32_t roster_size = 0;
  store::Time last_seen;
};

// Of the owner's thread. Writes through to the store before it changes; throws storage::Failure.
class Fleet {
 public:
  // Silent for longer than this: down.
  static constexpr std::chrono::seconds patience{120};

  // Members whose stored keys no longer verify (expired) are left out until they come again.
  Fleet(store::Store& store, round::FleetAuthority authority, const World& world);

  // `changed`: the keys differ from those known. The keys must be of the TLS client `gateway`.
  struct KeysKept {
    bool changed;
  };
  Result<KeysKept> put_keys(const GatewayId& gateway, const std::string& body);
  Result<Hash> put_roster(const GatewayId& gateway, const std::string& body);  // the roster's hash
  // The helper role in this process, always there: found as others are, but no gateway of a task. Again with
  // each new epoch. The id it goes by here.
  Result<GatewayId> adopt_own_helper(const v1::CertifiedKey& key);
  std::optional<HelperId> own_helper() const;
  // Heard of; the time is stored about once a minute.
  void seen(const GatewayId& gateway);

  const Member* find(const GatewayId& gateway) const;
  const Member* find_helper(const HelperId& helper) const;  // whose helper role this is
  std::optional<GatewayId> by_name(std::string_view name) const;
  const std::map<GatewayId, Member>& members() const { return members_; }
  bool is_down(const GatewayId& gateway) const;
  store::Time rosters_changed_at() const { return rosters_changed_at_; }
  // The devices of a stored roster, ascending; empty when it is not there.
  std::vector<DeviceId> devices_of(const Hash& roster_hash) const;
  std::string called(const GatewayId& gateway) const;  // its name, or its id when unknown
  std::uint64_t unix_seconds() const;

 private:
  Result<Member> verified(const GatewayId& gateway, const std::string& body) const;

  store::Store& store_;
  round::FleetAuthority authority_;
  const World& world_;
  std::map<GatewayId, Member> members_;
  std::optional<Member> own_;  // the own helper
  std::map<GatewayId, store::Time> stored_seen_;
  store::Time started_at_;
  store::Time rosters_changed_at_;
};

HelperId helper_id(const round::CertifiedParty& party);

}  // namespace tributary::cloud::engine
