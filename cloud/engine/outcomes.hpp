// How a gateway's latest rounds ended, so that it can delete their updates.
#pragma once

#include <deque>
#include <map>

#include "cloud/store/rows.hpp"
#include "uplink.pb.h"

namespace tributary::cloud::engine {

// Of the owner's thread.
class Outcomes {
 public:
  static constexpr std::size_t kept = 64;

  // The part as it is when its round has ended.
  void add(const store::PartRow& part, const std::string& round_reason);
  const std::deque<v1::RoundOutcome>& of(const GatewayId& gateway) const;  // oldest first

 private:
  std::map<GatewayId, std::deque<v1::RoundOutcome>> outcomes_;
};

// A part that is not in a release.
v1::RoundOutcome abandoned_outcome(const Hash& ctx_hash, const std::string& reason);

}  // namespace tributary::cloud::engine
