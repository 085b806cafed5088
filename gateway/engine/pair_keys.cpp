#include "gateway/engine/pair_keys.hpp"

namespace tributary::gateway::engine {

const crypto::PairKey* PairKeys::get(const DeviceId& device, const ExchangeKey& device_key,
                                     std::uint32_t own_epoch) {
  const auto found = entries_.find(device);
  if (found != entries_.end() && found->second.device_key == device_key &&
      found->second.own_epoch == own_epoch) {
    return &found->second.key;
  }
  const crypto::ExchangeSecret* secret = own_.secret(own_epoch);
  if (secret == nullptr) return nullptr;
  auto key = crypto::pair_key(
      *secret, crypto::Side::party,
      {device_key, crypto::exchange_key(*secret), device.bytes, gateway_.bytes, own_epoch, {}});
  if (!key) return nullptr;
  entries_.erase(device);
  return &entries_.emplace(device, Entry{device_key, own_epoch, std::move(*key)}).first->second.key;
}

}  // namespace tributary::gateway::engine
