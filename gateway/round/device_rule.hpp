// A robust rule over the devices of a site, where the gateway sees their updates: mode trusted-gateway.
// Pure CPU on values, for a worker thread.
#pragma once

#include "crypto/quantise.hpp"
#include "crypto/robust/rule.hpp"

namespace tributary::gateway::round {

struct DeviceAggregate {
  std::string fault;  // why there is no sum; the words are empty then
  // As a sum over all devices would be laid out: its mean is what the rule made of them, its weight and
  // metric words are the sums over those within their bounds.
  Bytes words;
  std::vector<std::size_t> out_of_bounds;  // left out before the rule: rule D8 does not hold
  std::vector<std::size_t> not_believed;   // left out by the rule; both ascending
};

// `updates`: the words of each device, whole and unmasked, as `plan` lays them out. With a rotated encoding
// the rule works on rotated updates: norms and distances are the same. Memory: a float for every word.
// Throws std::invalid_argument when an update has another length.
DeviceAggregate aggregate_devices(crypto::EncodingPlan plan, const robust::Rule& rule,
                                  std::span<const Bytes> updates);

}  // namespace tributary::gateway::round
