// The groups of mode pairwise at this site: takes them from the coordinator, shows them to the devices,
// keeps the members' prekeys and says how far they have prepared. Belongs to the io_context thread.
#pragma once

#include "crypto/pairwise/prekey.hpp"
#include "gateway/engine/answers.hpp"
#include "gateway/engine/known_group.hpp"
#include "gateway/engine/pair_keys.hpp"
#include "gateway/engine/prekey_book.hpp"
#include "gateway/engine/retained.hpp"
#include "gateway/engine/writer.hpp"

namespace tributary::gateway::engine {

// What the disk knows of a group at start.
struct GroupOnDisk {
  StoredGroup group;
  std::optional<std::string> roster;
  std::vector<PrekeyPlace> prekeys;
};

// A GroupReadiness for the coordinator.
struct Readiness {
  Hash group;
  std::string message;  // serialized
};

class GroupDesk {
 public:
  // Slots ahead of the next one for which prekeys are kept.
  static constexpr std::uint32_t slots_ahead = 8;

  // Everything referred to outlives it.
  struct Surroundings {
    const Identity& identity;
    const Clock& clock;
    const Log& log;
    Writer& writer;
    PairKeys& pair_keys;
    const EpochKeys& epoch_keys;
    Answers& answers;
    Retained& retained;
    std::function<void()> readiness_changed;
    std::size_t queue_bytes;    // prekeys on their way to the disk
    std::uint64_t store_bytes;  // prekeys on it
  };
  explicit GroupDesk(Surroundings around) : around_(std::move(around)) {}

  void resume(GroupOnDisk on_disk);
  // The coordinator's word on every group that counts; a task without one has ended. `in_use`: tasks with
  // an open round, whose group stays until that is over.
  void take(const google::protobuf::RepeatedPtrField<v1::GroupOffer>& offers,
            const std::set<TaskId>& in_use);
  // A device's prekey; the device is a member of the site.
  void prekey(const DeviceId& device, std::string_view payload);

  // nullptr: not a group this site has kept.
  GroupPtr find(const Hash& group) const;
  // Whether every member's prekey of the slot is durable here. The slot is then of an open round: its
  // prekeys do not change until over().
  bool begin(const Hash& group, std::uint32_t slot);
  void over(const Hash& group, std::uint32_t slot);

  void tick();
  // Of the groups that count, as last announced by readiness_changed.
  const std::vector<Readiness>& readiness() const { return readiness_; }

 private:
  struct Entry {
    GroupPtr group;
    PrekeyBook book;
    std::optional<std::uint32_t> in_round = std::nullopt;  // slot of an open round
  };
  struct Arrived;

  Entry* find_entry(const Hash& group);
  Entry* find_seed(const pairwise::GraphSeed& seed);
  bool counts(const Entry& entry) const;  // the newest of its task
  void fetch(const v1::GroupOffer& offer, const Hash& hash);
  void learn(const v1::GroupOffer& offer, const Hash& hash,
             const std::optional<std::string>& roster);
  void enter(GroupPtr group);
  void show(const KnownGroup& group);
  void hide(const KnownGroup& group);
  void refuse(const DeviceId& device, v1::RejectReason reason, std::uint32_t retry = 0);
  void keep(const Entry& entry, std::uint32_t member, const pairwise::Prekey& prekey);
  void receipt(const Entry& entry, std::uint32_t member, std::uint32_t slot);
  std::uint64_t stored_bytes() const;

  Surroundings around_;
  std::map<Hash, Entry> entries_;
  std::map<TaskId, Hash> newest_;
  std::set<Hash> asked_;     // offers whose roster is being read, or that were refused and logged
  std::size_t pending_ = 0;  // bytes of prekeys on their way to the disk
  std::vector<Readiness> readiness_;
  round::Instant announced_{};
  bool dirty_ = true;
};

}  // namespace tributary::gateway::engine
