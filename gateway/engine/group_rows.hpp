// Groups of mode pairwise and the prekeys of their members in gateway.db.
#pragma once

#include "crypto/pairwise/sealed_share.hpp"
#include "storage/database.hpp"

namespace tributary::gateway::engine {

struct StoredGroup {
  Hash hash;
  TaskId task;
  Hash roster;
  std::string offer;       // serialized GroupOffer
  std::uint64_t over = 0;  // all slots up to this one are over
};

struct PrekeyPlace {
  Hash group;
  std::uint32_t slot;
  std::uint32_t member;
};

// Of the database's thread; everything throws storage::Failure.
class GroupRows {
 public:
  explicit GroupRows(storage::Database& database) : database_(database) {}

  std::vector<StoredGroup> all();  // of a task the older ones first
  // The task's group before this one stays, for a round of it that is still open; older ones go.
  void put(const StoredGroup& group);
  void forget_task(const TaskId& task);

  std::vector<PrekeyPlace> prekeys(const Hash& group);
  void put_prekey(const PrekeyPlace& place, ByteView head, ByteView shares);  // replaces
  // All slots up to this one are over: their prekeys go.
  void end_slots(const Hash& group, std::uint32_t slot);
  // The heads of a slot in the order of the members; a member without one is missing.
  std::vector<Bytes> heads(const Hash& group, std::uint32_t slot);
  // `place` of the holder among the owner's neighbours; nullopt: there is no such prekey.
  std::optional<pairwise::SealedShare> share(const PrekeyPlace& owner, std::uint32_t place,
                                             pairwise::ShareKind kind);

 private:
  void forget_orphans();

  storage::Database& database_;
};

}  // namespace tributary::gateway::engine
