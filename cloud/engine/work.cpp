#include "cloud/engine/work.hpp"

namespace tributary::cloud::engine {
namespace {

constexpr std::uint32_t most_voids = 64;
constexpr std::uint32_t most_voids_of_offer = 6;  // PROTOCOL.md: Offer.voids

void add_own_part(v1::Work& work, const RoundRun& run, std::size_t part, const Fleet& fleet,
                  store::Store& store, std::set<HelperId>& helpers) {
  const auto& at = run.parts[part];
  const auto& phase = run.phase(part);
  if (std::holds_alternative<round::LeftOut>(phase)) {
    *work.add_outcomes() = abandoned_outcome(at.row.ctx_hash, round::left_out_reason(phase));
    return;
  }
  auto& offer = *work.add_rounds();
  offer.set_context(at.row.context);
  offer.set_signature(at.row.signature.raw());
  for (const auto& statement : store.voids.kept(at.row.key.task, place_of(at.context),
                                                run.row.model_before, most_voids_of_offer)) {
    offer.add_voids()->ParseFromString(statement);
  }
  for (const auto& helper : at.context.helpers) {
    const auto* owner = fleet.find_helper(helper);
    if (owner != nullptr && helpers.insert(helper).second) {
      *work.add_helper_keys() = owner->keys.helper();
    }
  }
  if (!std::holds_alternative<round::Dropping>(phase)) return;
  auto& drop = *work.add_drops();
  drop.set_ctx_hash(at.row.ctx_hash.raw());
  for (const auto& refusal : at.refusals) *drop.add_refusals() = refusal;
  for (const auto& leaf : at.question) {
    drop.add_joint(leaf.ctx_hash.raw() + leaf.survivors_hash.raw());
  }
}

std::optional<std::size_t> position_of(const std::vector<HelperId>& helpers,
                                       const HelperId& helper) {
  for (std::size_t i = 0; i < helpers.size(); ++i) {
    if (helpers[i] == helper) return i;
  }
  return std::nullopt;
}

void fill_request(v1::SumRequest& request, const PartRun& at, std::size_t position,
                  const HelperId& helper, const Member* gateway) {
  request.set_context(at.row.context);
  request.set_context_signature(at.row.signature.raw());
  request.set_helper_id(helper.raw());
  *request.mutable_survivors() = at.request.survivors();
  const auto& tickets = at.request.tickets(static_cast<int>(position)).tickets();
  for (std::size_t from = 0; from < tickets.size(); from += Ticket::size) {
    request.add_tickets(tickets.substr(from, Ticket::size));
  }
  request.set_signature(at.request.request_signature());
  if (gateway != nullptr) *request.mutable_gateway() = gateway->keys.gateway();
}

void add_requests(v1::Work& work, const RoundRun& run, const HelperId& helper, const Fleet& fleet) {
  for (std::size_t i = 0; i < run.parts.size(); ++i) {
    const auto position = position_of(run.parts[i].context.helpers, helper);
    if (!position || !std::holds_alternative<round::Masking>(run.phase(i))) continue;
    if (round::answered_in(run.phase(i)).contains(helper)) continue;
    const auto leaves = run.members_in<round::Masking>(i);
    if (leaves.front() != i) continue;
    auto* joint = run.parts[i].context.scope_id ? work.add_joint_requests() : nullptr;
    for (const auto leaf : leaves) {
      auto& request = joint != nullptr ? *joint->add_leaves() : *work.add_sum_requests();
      fill_request(request, run.parts[leaf], *position, helper,
                   fleet.find(run.parts[leaf].row.gateway));
    }
  }
}

}  // namespace

v1::Work work_of(const GatewayId& gateway, const RoundDesk& rounds, const Fleet& fleet,
                 const Revisions& revisions, const Identity& identity, store::Store& store) {
  v1::Work work;
  work.set_version(revisions.current(gateway));
  for (const auto& outcome : rounds.outcomes().of(gateway)) *work.add_outcomes() = outcome;
  const auto* member = fleet.find(gateway);
  const auto helper = member != nullptr && member->helper
                          ? std::optional{helper_id(*member->helper)}
                          : std::nullopt;
  std::set<HelperId> helpers;
  for (const auto& [task, run] : rounds.runs()) {
    if (const auto part = run->part_of(gateway))
      add_own_part(work, *run, *part, fleet, store, helpers);
    if (helper) add_requests(work, *run, *helper, fleet);
  }
  for (const auto& group : store.groups.of_running(gateway)) {
    auto& offer = *work.add_groups();
    offer.set_group(group.content);
    offer.set_signature(group.signature.raw());
    offer.set_roster_hash(group.roster_hash.raw());
    for (const auto& device : group.members) offer.add_members(device.raw());
  }
  if (!helper) return work;
  for (const auto& scope : store.voids.asked(*helper, most_voids)) {
    auto& message = *work.add_voids();
    message.set_tenant(identity.authority.tenant);
    message.set_task_id(scope.key.task.raw());
    message.set_round(scope.key.round);
    if (const auto* own = std::get_if<GatewayId>(&scope.place)) {
      message.set_gateway_id(own->raw());
    } else {
      message.set_scope_id(std::get<ScopeId>(scope.place).raw());
    }
  }
  return work;
}

}  // namespace tributary::cloud::engine
