#include "gateway/helper/rules.hpp"

#include <algorithm>

namespace tributary::gateway::helper {
namespace {

Fault bad_context(std::string text) {
  return {v1::HELPER_REFUSAL_BAD_CONTEXT, "H1: " + std::move(text)};
}

std::optional<Fault> check_place(const Claim& claim, const Asked& asked) {
  const auto& context = claim.context;
  if (context.tenant != asked.tenant)
    return bad_context("tenant '" + context.tenant + "' is not mine");
  if (context.mode != v1::TRUST_MODE_SPLIT_TRUST) return bad_context("the mode is not split-trust");
  if (context.round > Limits::highest_round) {
    return bad_context("round " + std::to_string(context.round) + " is out of range");
  }
  if (claim.context.gateway == asked.own_gateway) {
    return bad_context("a gateway cannot be its own helper: name another in the task");
  }
  return std::nullopt;
}

std::optional<Fault> check_helper(const Claim& claim, const Asked& asked) {
  const auto& helpers = claim.context.helpers;
  const auto me = std::ranges::find(helpers, asked.id, &wire::HelperEpoch::helper);
  if (me == helpers.end()) {
    return bad_context("the context does not name helper " + asked.id.hex());
  }
  if (me->epoch == asked.epoch) return std::nullopt;
  return Fault{v1::HELPER_REFUSAL_EPOCH, "H1: the context names helper epoch " +
                                             std::to_string(me->epoch) + ", the current one is " +
                                             std::to_string(asked.epoch)};
}

std::optional<Fault> check_sizes(const Claim& claim, const Limits& limits) {
  const auto& context = claim.context;
  const auto floor = std::max<std::uint32_t>(limits.n_min, 2);
  if (context.n_min < floor) {
    return bad_context("n_min " + std::to_string(context.n_min) + " is below this helper's floor " +
                       std::to_string(floor));
  }
  if (context.n_max > limits.n_max) {
    return bad_context("n_max " + std::to_string(context.n_max) + " is above this helper's " +
                       std::to_string(limits.n_max));
  }
  if (context.encoding.words() > limits.words) {
    return bad_context(std::to_string(context.encoding.words()) +
                       " words are more than this helper's " + std::to_string(limits.words));
  }
  if (context.privacy.noise_multiplier < limits.noise_floor) {
    return bad_context("noise_multiplier " + std::to_string(context.privacy.noise_multiplier) +
                       " is below this helper's floor " + std::to_string(limits.noise_floor));
  }
  return std::nullopt;
}

std::optional<Fault> blame(v1::HelperRefusal reason, const std::string& what,
                           std::vector<DeviceId> devices) {
  if (devices.empty()) return std::nullopt;
  auto text = std::to_string(devices.size()) + " " + what + ", first " + devices.front().hex();
  return Fault{reason, std::move(text), std::move(devices)};
}

}  // namespace

std::optional<Fault> check_origin(const v1::SumRequest& request, const VerifyKey& coordinator) {
  const auto signature = Signature::from(request.context_signature());
  const auto ctx_hash = wire::ctx_hash(request.context());
  if (signature && crypto::verify(coordinator, "ctx", ctx_hash, *signature)) return std::nullopt;
  return bad_context("the context is not signed by the pinned coordinator key");
}

std::optional<Fault> check_context(const Claim& claim, const Asked& asked, const Limits& limits) {
  if (auto fault = check_place(claim, asked)) return fault;
  if (auto fault = check_helper(claim, asked)) return fault;
  return check_sizes(claim, limits);
}

std::optional<Fault> check_time(const Claim& claim, const Limits& limits, UnixTime now) {
  if (now + limits.clock_skew < unix_time(claim.context.not_before)) {
    return Fault{v1::HELPER_REFUSAL_EXPIRED,
                 "H1: the round has not begun; check this gateway's clock"};
  }
  if (now > unix_time(claim.context.deadline) + limits.late) {
    return Fault{v1::HELPER_REFUSAL_EXPIRED, "H1: the round's deadline is too long ago"};
  }
  return std::nullopt;
}

std::optional<Fault> check_request(const Claim& claim, const Asked& asked,
                                   const VerifyKey& gateway) {
  if (claim.helper != asked.id) {
    return Fault{v1::HELPER_REFUSAL_BAD_REQUEST, "H2: meant for helper " + claim.helper.hex()};
  }
  const auto said =
      crypto::hash("sum-request", {claim.context.hash.view(), claim.survivors_hash.view()});
  if (!crypto::verify(gateway, "sum-request", said, claim.gateway_signature)) {
    return Fault{v1::HELPER_REFUSAL_BAD_REQUEST, "H2: the gateway's signature does not verify"};
  }
  const auto count = claim.survivors.size();
  if (count < claim.context.n_min || count > claim.context.n_max) {
    return Fault{v1::HELPER_REFUSAL_BAD_REQUEST,
                 "H2: " + std::to_string(count) + " survivors are not within n_min " +
                     std::to_string(claim.context.n_min) + " .. n_max " +
                     std::to_string(claim.context.n_max)};
  }
  return std::nullopt;
}

std::optional<Fault> check_devices(const Claim& claim, std::span<const RosterEntry> entries,
                                   const std::set<DeviceId>& revoked, UnixTime now) {
  std::vector<DeviceId> bad;
  for (std::size_t i = 0; i < claim.survivors.size(); ++i) {
    const auto& id = claim.survivors[i].device;
    const auto& entry = entries[i];
    const bool good = entry && entry->id == id && entry->gateway == claim.context.gateway &&
                      entry->not_before <= now && now <= entry->not_after && !revoked.contains(id);
    if (!good) bad.push_back(id);
  }
  return blame(v1::HELPER_REFUSAL_BAD_DEVICE,
               "survivors are uncertified, expired, foreign, not in the roster or revoked (H3)",
               std::move(bad));
}

std::optional<Fault> check_tickets(const Claim& claim, std::span<const RosterEntry> entries) {
  std::vector<DeviceId> bad;
  for (std::size_t i = 0; i < claim.survivors.size(); ++i) {
    const auto& [device, nonce, digest] = claim.survivors[i];
    const auto expected =
        crypto::ticket(entries[i]->pair_key, claim.context.hash, device, nonce, digest);
    if (!crypto::equal_constant_time(expected.view(), claim.tickets[i].view()))
      bad.push_back(device);
  }
  return blame(v1::HELPER_REFUSAL_BAD_TICKET, "tickets do not verify under this context (H4)",
               std::move(bad));
}

}  // namespace tributary::gateway::helper
