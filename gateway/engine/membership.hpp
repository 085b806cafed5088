// The devices of this gateway: whom the fleet authority enrolled here (the allow-list), and who of
// them has shown a certified epoch key (the roster).
#pragma once

#include <filesystem>
#include <map>
#include <set>
#include <variant>

#include "gateway/engine/identity.hpp"
#include "gateway/engine/store.hpp"
#include "tributary.pb.h"
#include "uplink.pb.h"

namespace tributary::gateway::engine {

class Membership {
 public:
  // `allow_list`: a folder with one <hex device id>.cert per device, as the authority wrote it; a former
  // one is <hex device id>.revoked.
  Membership(const Identity& identity, std::filesystem::path allow_list,
             const std::vector<StoredDevice>& stored);

  // Looks at the allow-list again when it has changed. Devices that are no longer on it leave; they
  // are returned, for the store and the open rounds. `listed_changed`: the list is another one.
  struct Refreshed {
    std::vector<DeviceId> left;
    bool listed_changed = false;
  };
  Refreshed refresh();
  // Takes the device off the list, durably: its certificate becomes <hex device id>.revoked. A fault in
  // words. The next refresh() reports it.
  std::string revoke(const DeviceId& device);

  // An accepted hello. `changed`: the roster does not hold this key yet; store it, then enter() it.
  struct Accepted {
    Hash epoch_key_hash;
    bool changed;
  };
  std::variant<Accepted, v1::RejectReason> judge(const DeviceId& device, const v1::Hello& hello,
                                                 std::chrono::sys_seconds now) const;
  void enter(const DeviceId& device, const v1::CertifiedKey& key);

  // Why messages of this device are not listened to; UNSPECIFIED: they are.
  v1::RejectReason refusal(const DeviceId& device) const;
  std::size_t members() const { return members_.size(); }
  std::size_t allowed() const { return allowed_.size(); }
  const std::set<DeviceId>& listed() const { return allowed_; }
  const std::set<DeviceId>& revoked() const { return revoked_; }

  // Serialized Roster of all members whose keys are not expired.
  std::string roster(std::chrono::sys_seconds now) const;

 private:
  struct Member {
    v1::CertifiedKey key;
    Hash epoch_key_hash;
    std::uint64_t not_after;  // of certificate and key, the earlier
  };
  bool enrolled_with(const DeviceId& device, const v1::Signed& certificate) const;

  const Identity& identity_;
  std::filesystem::path folder_;
  std::filesystem::file_time_type listed_at_{};
  std::set<DeviceId> allowed_;
  std::set<DeviceId> revoked_;
  std::map<DeviceId, Member> members_;
};

// The epoch keys in a roster, by device; nullopt: not a roster.
std::optional<std::map<DeviceId, ExchangeKey>> roster_keys(std::string_view roster);

}  // namespace tributary::gateway::engine
