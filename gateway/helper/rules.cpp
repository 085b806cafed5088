#include "gateway/helper/rules.hpp"

#include <algorithm>

namespace tributary::gateway::helper {
namespace {

constexpr std::uint32_t reader_version = 2;
constexpr std::uint32_t least_canary_words = 4;

Fault bad_context(std::string text) {
  return {v1::HELPER_REFUSAL_BAD_CONTEXT, "H1: " + std::move(text)};
}

std::optional<Fault> check_place(const Claim& claim, const Asked& asked) {
  const auto& context = claim.context;
  if (context.minimum_reader_version() > reader_version) {
    return bad_context("the context needs a reader of version " +
                       std::to_string(context.minimum_reader_version()) + "; update this gateway");
  }
  if (context.tenant() != asked.tenant)
    return bad_context("tenant '" + context.tenant() + "' is not mine");
  if (context.mode() != v1::TRUST_MODE_SPLIT_TRUST)
    return bad_context("the mode is not split-trust");
  // A leaf's sum of a wider scope would give away less than the scope promises to hide (H7).
  if (context.scope() != v1::SCOPE_GATEWAY) return bad_context("only scope gateway is answered");
  if (context.round() == 0 || context.round() > Limits::highest_round) {
    return bad_context("round " + std::to_string(context.round()) + " is out of range");
  }
  if (claim.scope.gateway == asked.own_gateway) {
    return bad_context("a gateway cannot be its own helper: name another in the task");
  }
  return std::nullopt;
}

std::optional<Fault> check_helper(const Claim& claim, const Asked& asked) {
  const auto& helpers = claim.context.helpers();
  const auto is_me = [&](const v1::HelperRef& ref) { return ref.helper_id() == asked.id.raw(); };
  if (helpers.size() > 3) return bad_context("more than 3 helpers");
  if (std::count_if(helpers.begin(), helpers.end(), is_me) != 1) {
    return bad_context("the context does not name helper " + asked.id.hex() + " exactly once");
  }
  const auto named = std::find_if(helpers.begin(), helpers.end(), is_me)->epoch();
  if (named == asked.epoch) return std::nullopt;
  return Fault{v1::HELPER_REFUSAL_EPOCH, "H1: the context names helper epoch " +
                                             std::to_string(named) + ", the current one is " +
                                             std::to_string(asked.epoch)};
}

std::optional<Fault> check_sizes(const Claim& claim, const Limits& limits) {
  const auto& context = claim.context;
  const auto floor = std::max<std::uint32_t>(limits.n_min, 2);
  if (context.n_min() < floor) {
    return bad_context("n_min " + std::to_string(context.n_min()) +
                       " is below this helper's floor " + std::to_string(floor));
  }
  if (context.n_max() < context.n_min() || context.n_max() > limits.n_max) {
    return bad_context("n_max " + std::to_string(context.n_max()) + " is not within n_min.." +
                       std::to_string(limits.n_max));
  }
  if (context.parameters() == 0 || claim.words > limits.words) {
    return bad_context(std::to_string(claim.words) + " words are not within 1.." +
                       std::to_string(limits.words));
  }
  if (context.encoding().canary_words() < least_canary_words)
    return bad_context("fewer than 4 canary words");
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
  const auto ctx_hash = crypto::hash("ctx", {view_of(request.context())});
  if (signature && crypto::verify(coordinator, "ctx", ctx_hash, *signature)) return std::nullopt;
  return bad_context("the context is not signed by the pinned coordinator key");
}

std::optional<Fault> check_context(const Claim& claim, const Asked& asked, const Limits& limits) {
  if (auto fault = check_place(claim, asked)) return fault;
  if (auto fault = check_helper(claim, asked)) return fault;
  return check_sizes(claim, limits);
}

std::optional<Fault> check_time(const Claim& claim, const Limits& limits, UnixTime now) {
  if (now + limits.clock_skew < unix_time(claim.context.not_before())) {
    return Fault{v1::HELPER_REFUSAL_EXPIRED,
                 "H1: the round has not begun; check this gateway's clock"};
  }
  if (now > unix_time(claim.context.deadline()) + limits.late) {
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
      crypto::hash("sum-request", {claim.ctx_hash.view(), claim.survivors_hash.view()});
  if (!crypto::verify(gateway, "sum-request", said, claim.gateway_signature)) {
    return Fault{v1::HELPER_REFUSAL_BAD_REQUEST, "H2: the gateway's signature does not verify"};
  }
  const auto count = claim.survivors.size();
  if (count < claim.context.n_min() || count > claim.context.n_max()) {
    return Fault{v1::HELPER_REFUSAL_BAD_REQUEST,
                 "H2: " + std::to_string(count) + " survivors are not within n_min " +
                     std::to_string(claim.context.n_min()) + " .. n_max " +
                     std::to_string(claim.context.n_max())};
  }
  return std::nullopt;
}

std::optional<Fault> check_devices(const Claim& claim, std::span<const RosterEntry> entries,
                                   const std::set<DeviceId>& revoked, UnixTime now) {
  std::vector<DeviceId> bad;
  for (std::size_t i = 0; i < claim.survivors.size(); ++i) {
    const auto& id = claim.survivors[i].device;
    const auto& entry = entries[i];
    const bool good = entry && entry->id == id && entry->gateway == claim.scope.gateway &&
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
        crypto::ticket(entries[i]->pair_key, claim.ctx_hash, device, nonce, digest);
    if (!crypto::equal_constant_time(expected.view(), claim.tickets[i].view()))
      bad.push_back(device);
  }
  return blame(v1::HELPER_REFUSAL_BAD_TICKET, "tickets do not verify under this context (H4)",
               std::move(bad));
}

}  // namespace tributary::gateway::helper
