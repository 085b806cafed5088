#include "gateway/engine/prekey_book.hpp"

namespace tributary::gateway::engine {

void PrekeyBook::enter(std::uint64_t slot, std::uint32_t member) {
  if (slot < next_slot_) return;
  auto& at = slots_[slot];
  if (at.here.empty()) at.here.resize(members_);
  if (at.here.at(member)) return;
  at.here[member] = true;
  ++at.count;
  ++count_;
}

bool PrekeyBook::has(std::uint64_t slot, std::uint32_t member) const {
  const auto at = slots_.find(slot);
  return at != slots_.end() && at->second.here.at(member);
}

bool PrekeyBook::complete(std::uint64_t slot) const {
  const auto at = slots_.find(slot);
  return at != slots_.end() && at->second.count == members_;
}

void PrekeyBook::over(std::uint64_t slot) {
  if (slot < next_slot_) return;
  next_slot_ = slot + 1;
  while (!slots_.empty() && slots_.begin()->first <= slot) {
    count_ -= slots_.begin()->second.count;
    slots_.erase(slots_.begin());
  }
}

std::uint64_t PrekeyBook::ready_until() const {
  auto slot = next_slot_;
  while (complete(slot)) ++slot;
  return slot;
}

std::vector<std::uint32_t> PrekeyBook::missing(std::uint64_t slot) const {
  std::vector<std::uint32_t> members;
  for (std::uint32_t member = 0; member < members_; ++member) {
    if (!has(slot, member)) members.push_back(member);
  }
  return members;
}

}  // namespace tributary::gateway::engine
