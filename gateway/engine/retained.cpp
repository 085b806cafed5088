#include "gateway/engine/retained.hpp"

namespace tributary::gateway::engine {

void Retained::post(const std::string& topic, std::string payload) {
  const auto [known, fresh] = payloads_.try_emplace(topic);
  if (!fresh && known->second == payload) return;
  known->second = std::move(payload);
  publish_(topic, known->second);
}

void Retained::clear(const std::string& topic) {
  if (payloads_.erase(topic) > 0) publish_(topic, {});
}

void Retained::clear_below(const std::string& prefix) {
  auto at = payloads_.lower_bound(prefix);
  while (at != payloads_.end() && at->first.starts_with(prefix)) {
    publish_(at->first, {});
    at = payloads_.erase(at);
  }
}

void Retained::republish() const {
  for (const auto& [topic, payload] : payloads_) publish_(topic, payload);
}

}  // namespace tributary::gateway::engine
