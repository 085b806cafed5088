// Counts the changes of each gateway's work, so that a gateway can wait for the next one.
#pragma once

#include <functional>
#include <map>
#include <string>

#include "crypto/bytes.hpp"

namespace tributary::cloud::engine {

// Of the owner's thread.
class Revisions {
 public:
  // `life`: differs for every start of the process, so that counts of an earlier one never match.
  explicit Revisions(std::string life) : life_(std::move(life)) {}

  std::string current(const GatewayId& gateway) const {
    const auto found = counts_.find(gateway);
    return life_ + '-' + std::to_string(found == counts_.end() ? 0 : found->second);
  }
  void changed(const GatewayId& gateway) {
    ++counts_[gateway];
    if (listener_) listener_(gateway);
  }
  void listen(std::function<void(const GatewayId&)> listener) { listener_ = std::move(listener); }

 private:
  std::string life_;
  std::map<GatewayId, std::uint64_t> counts_;
  std::function<void(const GatewayId&)> listener_;
};

}  // namespace tributary::cloud::engine
