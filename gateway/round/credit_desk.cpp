#include "gateway/round/credit_desk.hpp"

namespace tributary::gateway::round {

CreditDesk::Answer CreditDesk::request(const DeviceId& device, Instant now) {
  if (const auto holder = holders_.find(device); holder != holders_.end()) {
    holder->second = now;
    return Answer::granted;
  }
  if (in_line_.contains(device)) return Answer::waiting;
  if (free_place() && in_line_.empty()) {
    holders_.emplace(device, now);
    return Answer::granted;
  }
  if (in_line_.size() >= limits_.waiting) return Answer::full;
  line_.push_back(device);
  in_line_.insert(device);
  return Answer::waiting;
}

void CreditDesk::touch(const DeviceId& device, Instant now) {
  if (const auto holder = holders_.find(device); holder != holders_.end()) holder->second = now;
}

void CreditDesk::release(const DeviceId& device) {
  holders_.erase(device);
  if (in_line_.erase(device) > 0) std::erase(line_, device);
}

void CreditDesk::expire(Instant now) {
  std::erase_if(holders_,
                [&](const auto& holder) { return now - holder.second >= limits_.credit_idle; });
}

std::optional<DeviceId> CreditDesk::admit(Instant now) {
  if (!free_place() || line_.empty()) return std::nullopt;
  const DeviceId device = line_.front();
  line_.pop_front();
  in_line_.erase(device);
  holders_.emplace(device, now);
  return device;
}

}  // namespace tributary::gateway::round
