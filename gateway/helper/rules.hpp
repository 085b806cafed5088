// The helper's rules H1 to H4 (README.md) as pure functions: what is known in, the first fault out.
// Each assumes that those before it passed.
#pragma once

#include <memory>
#include <optional>
#include <set>
#include <span>

#include "crypto/keys.hpp"
#include "gateway/helper/claim.hpp"
#include "gateway/helper/limits.hpp"

namespace tributary::gateway::helper {

// Who is asked.
struct Asked {
  std::string_view tenant;
  HelperId id;
  GatewayId own_gateway;
  std::uint32_t epoch;
};

// A device as the authority and the device itself have certified it; signatures verified before.
struct RosterDevice {
  DeviceId id;
  GatewayId gateway;
  UnixTime not_before;  // of the certificate
  UnixTime not_after;   // of the certificate or the epoch key, whichever ends first
  crypto::PairKey pair_key;
};
using RosterEntry = std::shared_ptr<const RosterDevice>;

// H1: the pinned coordinator signed these very bytes. Checked before anything in them is read.
std::optional<Fault> check_origin(const v1::SumRequest& request, const VerifyKey& coordinator);
// H1: tenant, mode, this helper under its current epoch, floor and limits.
std::optional<Fault> check_context(const Claim& claim, const Asked& asked, const Limits& limits);
// H1: begun (within the clock skew) and not long over.
std::optional<Fault> check_time(const Claim& claim, const Limits& limits, UnixTime now);
// H2: `gateway` is the key of the certificate of the context's gateway.
std::optional<Fault> check_request(const Claim& claim, const Asked& asked,
                                   const VerifyKey& gateway);
// H3: entries[i] is the roster's verified entry of survivor i, null when there is none.
std::optional<Fault> check_devices(const Claim& claim, std::span<const RosterEntry> entries,
                                   const std::set<DeviceId>& revoked, UnixTime now);
// H4: names every device whose ticket fails; all are looked at, in constant time each.
std::optional<Fault> check_tickets(const Claim& claim, std::span<const RosterEntry> entries);

}  // namespace tributary::gateway::helper
