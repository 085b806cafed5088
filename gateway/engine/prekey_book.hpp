// Which prekeys of a group's members are durable here, by slot; plain data.
#pragma once

#include <cstdint>
#include <map>
#include <vector>

namespace tributary::gateway::engine {

class PrekeyBook {
 public:
  PrekeyBook(std::uint32_t members, std::uint64_t first_slot)
      : members_(members), next_slot_(first_slot) {}

  void enter(std::uint64_t slot, std::uint32_t member);
  bool has(std::uint64_t slot, std::uint32_t member) const;
  bool complete(std::uint64_t slot) const;  // of every member
  // The round of this slot is over, and with it all slots up to it.
  void over(std::uint64_t slot);

  std::uint64_t next_slot() const { return next_slot_; }
  // Every member's prekey is here for the slots from next_slot() to below this one.
  std::uint64_t ready_until() const;
  std::vector<std::uint32_t> missing(std::uint64_t slot) const;  // ascending
  std::size_t count() const { return count_; }                   // prekeys of all slots

 private:
  struct Slot {
    std::vector<bool> here;
    std::uint32_t count = 0;
  };
  std::uint32_t members_;
  std::uint64_t next_slot_;
  std::map<std::uint64_t, Slot> slots_;
  std::size_t count_ = 0;
};

}  // namespace tributary::gateway::engine
