#include "cloud/engine/scheduler.hpp"

#include <algorithm>

namespace tributary::cloud::engine {
namespace {

bool one_scope(const round::TaskSpec& spec, const GatewayId& a, const GatewayId& b) {
  const bool in_task = std::ranges::find(spec.gateways, a) != spec.gateways.end();
  const auto scope = round::scope_of(spec, b);
  return in_task && scope && round::scope_of(spec, a) == scope;
}

// A gateway that would be alone in its wider scope waits: the total would be its own sum.
void leave_alone_out(const round::TaskSpec& spec, std::vector<round::GatewayFacts>& facts,
                     std::string& missing) {
  const auto all = facts;
  std::erase_if(facts, [&](const round::GatewayFacts& gateway) {
    const auto scope = round::scope_of(spec, gateway.id);
    const auto others = std::ranges::count_if(all, [&](const round::GatewayFacts& other) {
      return round::scope_of(spec, other.id) == scope;
    });
    if (!scope || others > 1) return false;
    missing += (missing.empty() ? "" : "; ") + ("gateway " + gateway.id.hex()) +
               " is the only one of scope " + *scope + " that is ready; a total needs two";
    return true;
  });
}

}  // namespace

Scheduler::Scheduler(Fleet& fleet, TaskBoard& board, GroupDesk& groups, RoundDesk& desk,
                     const World& world)
    : fleet_(fleet), board_(board), groups_(groups), desk_(desk), world_(world) {}

void Scheduler::tick() {
  for (const auto& [id, task] : board_.tasks()) {
    if (!board_.ended(id) && desk_.open_round(id) == nullptr) advance(task);
  }
}

void Scheduler::advance(const Task& task) {
  const auto& progress = task.row.progress;
  const auto now = world_.now();
  if (now < progress.retry_at) return;
  if (task.spec.pairwise) groups_.keep(task);
  const auto number = groups_.next_round(task);
  if (const auto spent = budget_spent(task, number)) {
    desk_.stop(task.row.id, *spent);
    return;
  }
  const auto facts = ready(task, number);
  if (const auto* why_not = std::get_if<std::string>(&facts)) {
    board_.wait_for(task.row.id, *why_not);
    return;
  }
  if (progress.round == 0 && now - fleet_.rosters_changed_at() < settling) {
    board_.wait_for(task.row.id, "devices are still joining the rosters");
    return;
  }
  const auto& gateways = std::get<std::vector<round::GatewayFacts>>(facts);
  const auto subset = round::subset_of(task.spec, task.row.parameters, task.row.id, number);
  if (const auto* why_not = std::get_if<std::string>(&subset)) {
    board_.wait_for(task.row.id, *why_not);
    return;
  }
  auto planned = round::plan_round(task.spec, std::get<crypto::Subset>(subset), gateways);
  if (const auto* why_not = std::get_if<std::string>(&planned)) {
    board_.wait_for(task.row.id, *why_not);
    return;
  }
  auto& plan = std::get<round::RoundPlan>(planned);
  plan.number = number;
  desk_.open(task, plan, gateways);
}

// Why the task's privacy budget does not pay for another round; the debit is the round's number, which
// is durable before any device hears of the round.
std::optional<std::string> Scheduler::budget_spent(const Task& task, std::uint64_t round) {
  if (!task.spec.privacy) return std::nullopt;
  const privacy::Ledger ledger(task.spec.privacy->budget, task.spec.privacy->terms);
  const auto next = static_cast<std::uint32_t>(round);
  if (ledger.affords(next)) return std::nullopt;
  return "the privacy budget is spent: another round would make epsilon " +
         std::to_string(ledger.spent(next)) + " of " + std::to_string(ledger.budget().epsilon);
}

std::variant<std::vector<round::GatewayFacts>, std::string> Scheduler::ready(
    const Task& task, std::uint64_t round) const {
  const auto& spec = task.spec;
  std::vector<round::GatewayFacts> facts;
  std::string missing;
  std::size_t down = 0;
  for (const auto& gateway : spec.gateways) {
    auto one = facts_of(task, gateway, round);
    if (auto* fact = std::get_if<round::GatewayFacts>(&one)) {
      facts.push_back(std::move(*fact));
      continue;
    }
    if (!missing.empty()) missing += "; ";
    missing += std::get<std::string>(one);
    if (fleet_.is_down(gateway)) ++down;
  }
  leave_alone_out(spec, facts, missing);
  const auto needed = spec.gateway_quorum != 0 ? spec.gateway_quorum : spec.gateways.size() - down;
  if (facts.empty() || facts.size() < needed) return missing;
  return facts;
}

std::variant<round::GatewayFacts, std::string> Scheduler::facts_of(const Task& task,
                                                                   const GatewayId& gateway,
                                                                   std::uint64_t round) const {
  const auto& spec = task.spec;
  const auto* member = fleet_.find(gateway);
  if (member == nullptr) return "gateway " + gateway.hex() + " has not given its keys yet";
  if (fleet_.is_down(gateway))
    return "gateway " + member->name + " has not been heard for 2 minutes";
  if (fleet_.unix_seconds() + spec.seconds_of_a_round() >= member->gateway.not_after) {
    return "the certificate or epoch key of gateway " + member->name + " expires too soon";
  }
  if (!member->roster_hash || member->roster_size < spec.n_min) {
    return "the roster of gateway " + member->name + " holds " +
           std::to_string(member->roster_size) + " devices, n_min is " + std::to_string(spec.n_min);
  }
  if (spec.pairwise) return facts_of_group(task, *member, round);
  auto helpers = helpers_of(spec, *member);
  if (auto* why_not = std::get_if<std::string>(&helpers)) return std::move(*why_not);
  return round::GatewayFacts{gateway, member->gateway.epoch, *member->roster_hash,
                             member->roster_size,
                             std::move(std::get<std::vector<round::HelperEpoch>>(helpers))};
}

std::variant<round::GatewayFacts, std::string> Scheduler::facts_of_group(
    const Task& task, const Member& member, std::uint64_t round) const {
  const auto prepared = groups_.prepared(task, member.id, round);
  if (const auto* why_not = std::get_if<std::string>(&prepared)) return *why_not;
  const auto& group = std::get<GroupDesk::Prepared>(prepared);
  return round::GatewayFacts{member.id, member.gateway.epoch,          group.roster, group.devices,
                             {},        round::ReadyGroup{group.group}};
}

std::variant<std::vector<round::HelperEpoch>, std::string> Scheduler::helpers_of(
    const round::TaskSpec& spec, const Member& member) const {
  const auto named = round::helpers_for(
      spec, member.id, [this](const GatewayId& gateway) -> std::optional<HelperId> {
        const auto* next = fleet_.find(gateway);
        if (next == nullptr || !next->helper) return std::nullopt;
        return helper_id(*next->helper);
      });
  if (!named) return "the gateway after " + member.name + " has given no helper key to help it";
  std::vector<round::HelperEpoch> helpers;
  for (const auto& helper : *named) {
    const auto* owner = fleet_.find_helper(helper);
    if (owner == nullptr) {
      return "helper " + helper.hex() + " of gateway " + member.name + " has not given its key yet";
    }
    if (owner->id == member.id || one_scope(spec, owner->id, member.id)) {
      return "the helper role at " + owner->name + " cannot help gateway " + member.name +
             ": it runs on a gateway of the same sum; name another in `helpers`";
    }
    if (fleet_.is_down(owner->id)) {
      return "the helper of gateway " + member.name + ", " + owner->name +
             ", has not been heard for 2 minutes";
    }
    if (fleet_.unix_seconds() + spec.deadline_seconds >= owner->helper->not_after) {
      return "the certificate or epoch key of the helper of " + owner->name + " expires too soon";
    }
    helpers.push_back({helper, owner->helper->epoch});
  }
  return helpers;
}

}  // namespace tributary::cloud::engine
