// Groups of mode pairwise: made from a gateway's roster, signed, and made anew when members are missing or new
// devices have come. Knows how far each group has prepared.
#pragma once

#include "cloud/engine/identity.hpp"
#include "cloud/engine/revisions.hpp"
#include "cloud/engine/task_board.hpp"

namespace tributary::cloud::engine {

// Of the owner's thread. Writes through to the store before it changes; throws storage::Failure.
class GroupDesk {
 public:
  // Rosters rest this long before a group is made of them.
  static constexpr std::chrono::seconds settling{2};
  // Devices left out of a group because they did not prepare get another chance after this time.
  static constexpr std::chrono::hours second_chance{1};
  // How many slots ahead devices prepare (PROTOCOL.md 10.2).
  static constexpr std::uint64_t slots_ahead = 4;

  GroupDesk(store::Store& store, const Fleet& fleet, Revisions& revisions, const Identity& identity,
            const World& world);

  // Makes the groups the task's next round needs, or makes them anew. The task has no open round.
  void keep(const Task& task);
  // The number of the task's next round, a slot that every gateway's group has.
  std::uint64_t next_round(const Task& task) const;
  // The gateway's group, when all its members have prepared that round; else what it waits for.
  struct Prepared {
    Hash group;
    Hash roster;
    std::uint32_t devices;
  };
  std::variant<Prepared, std::string> prepared(const Task& task, const GatewayId& gateway,
                                               std::uint64_t round) const;

  // PUT /v1/groups/{group_hash} of the TLS client `gateway`.
  Result<> put_readiness(const GatewayId& gateway, const Hash& group_hash, const std::string& body);

  const store::GroupRow* find(const TaskId& task, const GatewayId& gateway) const;

 private:
  struct Entry {
    store::GroupRow row;
    std::uint32_t first_slot;
    std::uint32_t last_slot;
    std::optional<store::Time> behind_since = std::nullopt;  // not ready for the next round
  };
  using Key = std::pair<TaskId, GatewayId>;

  void keep(const Task& task, const Member& member, std::uint64_t round);
  // Whom to leave out of a new group; nullopt: the group there is will do.
  std::optional<std::set<DeviceId>> renewal(const Task& task, const Member& member, Entry& entry,
                                            std::uint64_t round) const;
  bool has_newcomers(const Entry& entry, const Member& member) const;
  void make(const Task& task, const Member& member, std::uint32_t first_slot,
            const std::set<DeviceId>& left_out);
  void adopt(store::GroupRow row, const v1::Group& group);
  static Entry entry_of(store::GroupRow row);

  store::Store& store_;
  const Fleet& fleet_;
  Revisions& revisions_;
  const Identity& identity_;
  const World& world_;
  std::map<Key, Entry> entries_;
  // No group could be made of this roster without these devices: not tried again with the same.
  struct Refused {
    Hash roster;
    std::set<DeviceId> left_out;
    std::string why;
  };
  std::map<Key, Refused> refused_;
};

}  // namespace tributary::cloud::engine
