// The keys this gateway shares with its devices, one key agreement per device and pair of epochs.
#pragma once

#include <map>

#include "gateway/engine/epoch_keys.hpp"

namespace tributary::gateway::engine {

class PairKeys {
 public:
  PairKeys(const GatewayId& gateway, const EpochKeys& own) : gateway_(gateway), own_(own) {}

  // nullptr: the epoch is not known any more, or the device's key is a low-order point. Valid until
  // the next call for this device.
  const crypto::PairKey* get(const DeviceId& device, const ExchangeKey& device_key,
                             std::uint32_t own_epoch);
  // The secret behind them; nullptr: the epoch is not known any more.
  const crypto::ExchangeSecret* own(std::uint32_t epoch) const { return own_.secret(epoch); }

 private:
  struct Entry {
    ExchangeKey device_key;
    std::uint32_t own_epoch;
    crypto::PairKey key;
  };
  GatewayId gateway_;
  const EpochKeys& own_;
  std::map<DeviceId, Entry> entries_;  // the newest per device
};

}  // namespace tributary::gateway::engine
