// The part of RoundDesk that takes statements of gateways and helpers.
#include <algorithm>

#include "cloud/engine/round_desk.hpp"
#include "cloud/service/failpoint.hpp"
#include "device-protocol/cpp/signed.hpp"

namespace tributary::cloud::engine {
namespace {

using round::Verdict;

Result<> answer_of(const round::Outcome& outcome) {
  switch (outcome.verdict) {
    case Verdict::accepted:
    case Verdict::repeated:
      return Done{};
    case Verdict::conflict:
      return Declined{Decline::conflict, outcome.text};
    case Verdict::ended:
      break;
  }
  return Declined{Decline::ended, outcome.text};
}

Declined unknown_round(const Hash& ctx_hash) {
  return {Decline::unknown, "no round has the context " + ctx_hash.hex() +
                                "; GET /v1/gateway/work names the open ones"};
}

template <class Message>
constexpr store::EventKind kind_of() {
  if constexpr (std::is_same_v<Message, v1::GatewaySum>) return store::EventKind::sum;
  if constexpr (std::is_same_v<Message, v1::MaskSum>) return store::EventKind::mask_sum;
  if constexpr (std::is_same_v<Message, v1::MaskRefusal>) return store::EventKind::refusal;
  return store::EventKind::abandon;
}

template <class Message>
constexpr bool from_helper =
    std::is_same_v<Message, v1::MaskSum> || std::is_same_v<Message, v1::MaskRefusal>;

std::optional<HelperId> helper_in(const v1::GatewaySum&) {
  return std::nullopt;
}
std::optional<HelperId> helper_in(const v1::GatewayAbandon&) {
  return std::nullopt;
}
template <class Message>
std::optional<HelperId> helper_in(const Message& message) {
  return HelperId::from(message.helper_id());
}

round::Outcome feed(RoundRun& run, std::size_t part, v1::GatewaySum message,
                    const round::SumGiven& given, store::Time at) {
  return run.sum(part, std::move(message), given, at);
}
round::Outcome feed(RoundRun& run, std::size_t part, const v1::MaskSum&,
                    const round::MaskGiven& given, store::Time at) {
  return run.mask_sum(part, given, at);
}
round::Outcome feed(RoundRun& run, std::size_t part, v1::MaskRefusal message,
                    const round::Refused& given, store::Time) {
  return run.refusal(part, std::move(message), given);
}
round::Outcome feed(RoundRun& run, std::size_t part, const v1::GatewayAbandon&,
                    const round::GaveUp& given, store::Time) {
  return run.machine.on_gateway_abandon(part, given.reason);
}

std::vector<DeviceId> survivors_in(const round::SumGiven& sum) {
  return sum.survivors;
}
template <class Stated>
std::vector<DeviceId> survivors_in(const Stated&) {
  return {};
}

}  // namespace

struct RoundDesk::Said {
  store::EventKind kind;
  std::optional<HelperId> helper;
  Hash statement;
  std::vector<DeviceId> survivors;
  std::function<round::Outcome(RoundRun&, std::size_t, store::Time)> feed;
};

template <class Message>
std::variant<RoundDesk::Said, Declined> RoundDesk::read(const GatewayId& sender,
                                                        const Hash& ctx_hash,
                                                        const std::string& body) {
  Message message;
  if (!message.ParseFromString(body)) {
    return Declined{Decline::malformed, "the body is not a " + message.GetTypeName()};
  }
  const auto row = desk_.store.rounds.part(ctx_hash);
  const auto context = row ? round::read_context(row->context) : std::nullopt;
  const auto* member = desk_.fleet.find(sender);
  if (!context) return unknown_round(ctx_hash);
  if (member == nullptr) {
    return Declined{Decline::conflict,
                    "no keys of this gateway are known; PUT /v1/gateway/keys first"};
  }
  const auto helper = helper_in(message);
  if (from_helper<Message> && (!member->helper || helper != helper_id(*member->helper))) {
    return Declined{Decline::unverified, "helper_id is not the helper role of this TLS client"};
  }
  if (!from_helper<Message> && context->gateway != sender) {
    return Declined{Decline::unverified, "the context is of another gateway"};
  }
  const round::StatedRound at{ctx_hash, *context};
  auto read = round::read_statement(message, at);
  if (const auto* fault = std::get_if<std::string>(&read)) {
    return Declined{Decline::unverified, *fault};
  }
  auto given = std::get<0>(read);
  const auto& key = from_helper<Message> ? member->helper->identity : member->gateway.identity;
  if (auto fault = round::signature_fault(message, at, given, key); !fault.empty()) {
    return Declined{Decline::unverified, std::move(fault)};
  }
  Said said{kind_of<Message>(), helper, given.statement, survivors_in(given), {}};
  said.feed = [message = std::move(message), given = std::move(given)](
                  RoundRun& run, std::size_t part, store::Time now) {
    return feed(run, part, message, given, now);
  };
  return said;
}

template <class Message>
Result<> RoundDesk::put(const GatewayId& sender, const Hash& ctx_hash, const std::string& body) {
  auto said = read<Message>(sender, ctx_hash, body);
  if (auto* declined = std::get_if<Declined>(&said)) return std::move(*declined);
  return take(ctx_hash, std::get<Said>(said), body);
}

Result<> RoundDesk::put_sum(const GatewayId& gateway, const Hash& ctx_hash,
                            const std::string& body) {
  return put<v1::GatewaySum>(gateway, ctx_hash, body);
}
Result<> RoundDesk::put_mask_sum(const GatewayId& gateway, const Hash& ctx_hash,
                                 const std::string& body) {
  return put<v1::MaskSum>(gateway, ctx_hash, body);
}
Result<> RoundDesk::put_refusal(const GatewayId& gateway, const Hash& ctx_hash,
                                const std::string& body) {
  return put<v1::MaskRefusal>(gateway, ctx_hash, body);
}
Result<> RoundDesk::put_abandon(const GatewayId& gateway, const Hash& ctx_hash,
                                const std::string& body) {
  return put<v1::GatewayAbandon>(gateway, ctx_hash, body);
}

Result<> RoundDesk::take(const Hash& ctx_hash, const Said& said, const std::string& body) {
  const auto at = place(ctx_hash);
  if (!at) return take_late(ctx_hash, said);
  auto& run = *runs_.at(at->task);
  if (!said.survivors.empty()) {
    const auto roster = desk_.fleet.devices_of(run.parts[at->part].row.roster_hash);
    if (!std::ranges::includes(roster, said.survivors)) {
      return Declined{Decline::unverified, "C1: a survivor is not in the roster of the context"};
    }
  }
  const auto now = desk_.world.now();
  const auto outcome = said.feed(run, at->part, now);
  if (outcome.verdict != Verdict::accepted) return answer_of(outcome);
  try {
    desk_.store.rounds.add_event({ctx_hash, said.kind, said.helper, said.statement, now, body});
  } catch (const storage::Failure&) {
    reload(at->task);
    throw;
  }
  service::reach(service::Failpoint::statement_recorded);
  desk_.world.say(Severity::info, "statement",
                  {{"task", at->task.hex()},
                   {"round", run.row.key.round},
                   {"gateway", desk_.fleet.called(run.parts[at->part].row.gateway)},
                   {"kind", store::name_of(said.kind)},
                   {"part", round::phase_name(run.phase(at->part))}});
  part_changed(run, at->part);
  carry_out(at->task, outcome.effects);
  return Done{};
}

// The round has ended: a repetition of what counted is answered as before.
Result<> RoundDesk::take_late(const Hash& ctx_hash, const Said& said) {
  for (const auto& event : desk_.store.rounds.events_of(ctx_hash)) {
    if (event.kind == said.kind && event.statement == said.statement) return Done{};
  }
  const auto part = desk_.store.rounds.part(ctx_hash);
  if (said.kind == store::EventKind::mask_sum && part && said.helper) {
    desk_.store.voids.withdraw({part->key, part->gateway}, *said.helper);
  }
  return Declined{Decline::ended, "the round has ended"};
}

Result<> RoundDesk::put_void(const GatewayId& gateway, const std::string& body) {
  v1::Signed message;
  v1::Void statement;
  const auto* member = desk_.fleet.find(gateway);
  if (!message.ParseFromString(body) || !statement.ParseFromString(message.body())) {
    return Declined{Decline::malformed, "the body is not a Signed Void"};
  }
  const auto task = TaskId::from(statement.scope().task_id());
  const auto scope_gateway = GatewayId::from(statement.scope().gateway_id());
  if (!task || !scope_gateway) return Declined{Decline::malformed, "an id has a wrong length"};
  if (member == nullptr || !member->helper ||
      helper_id(*member->helper).raw() != statement.helper_id()) {
    return Declined{Decline::unverified, "helper_id is not the helper role of this TLS client"};
  }
  if (!wire::verify_body("void", message, member->helper->identity) ||
      statement.scope().tenant() != desk_.identity.authority.tenant) {
    return Declined{Decline::unverified, "the signature or the tenant of the Void is not right"};
  }
  const store::VoidScope scope{{*task, statement.scope().round()}, *scope_gateway};
  if (!desk_.store.voids.keep(scope, helper_id(*member->helper), body)) {
    return Declined{Decline::unknown, "this VOID was not asked for"};
  }
  desk_.revisions.changed(gateway);
  desk_.revisions.changed(*scope_gateway);  // its devices are shown it
  return Done{};
}

}  // namespace tributary::cloud::engine
