#include "cloud/round/wide_scope.hpp"

#include <algorithm>

namespace tributary::cloud::round {
namespace {

Outcome no(Verdict verdict, std::string text) {
  return {verdict, std::move(text), {}};
}

template <class Phase>
Hash joint_of(const std::vector<Part*>& leaves) {
  std::vector<crypto::JointLeaf> hashes;
  for (const auto* leaf : leaves) {
    hashes.push_back({leaf->terms.wide->ctx_hash, std::get<Phase>(leaf->phase).sum.survivors_hash});
  }
  return crypto::joint_hash(hashes);
}

const MaskGiven* answer_of(const std::vector<MaskGiven>& answers, const HelperId& helper) {
  const auto found = std::ranges::find(answers, helper, &MaskGiven::helper);
  return found == answers.end() ? nullptr : &*found;
}

Outcome known_answer(const MaskGiven* known, const MaskGiven& mask) {
  if (known == nullptr) return no(Verdict::conflict, "this helper is not asked for this round");
  if (known->statement == mask.statement) return no(Verdict::repeated, "recorded before");
  return no(Verdict::conflict, "another mask sum of this helper is recorded for this round");
}

}  // namespace

WideScope::WideScope(std::vector<Part>& parts, std::size_t member)
    : parts_(parts), members_(scope_members(parts, member)) {}

template <class Phase>
std::vector<Part*> WideScope::in() const {
  std::vector<Part*> leaves;
  for (const auto index : members_) {
    if (std::holds_alternative<Phase>(parts_[index].phase)) leaves.push_back(&parts_[index]);
  }
  return leaves;
}

void WideScope::leave_out_all(const std::string& reason) {
  for (const auto index : members_) {
    if (!std::holds_alternative<LeftOut>(parts_[index].phase)) leave_out(parts_[index], reason);
  }
}

bool WideScope::ready() {
  const auto given = in<Given>();
  if (given.size() == 1 && in<LeftOut>().size() + 1 == members_.size()) {
    leave_out(*given.front(),
              "no other gateway of its scope gave a sum: the total would be its own");
  }
  return may_ask(parts_, first());
}

Outcome WideScope::on_asked(const Hash& joint) {
  if (const auto asked = in<Masking>(); !asked.empty()) {
    return joint_of<Masking>(asked) == joint
               ? no(Verdict::repeated, "recorded before")
               : no(Verdict::conflict, "the helpers are asked for other leaves");
  }
  const auto given = in<Given>();
  if (given.size() < 2 || joint_of<Given>(given) != joint) {
    return no(Verdict::conflict, "the question is not over the sums that were given");
  }
  for (const auto index : members_) {
    auto& leaf = parts_[index];
    if (auto* has = std::get_if<Given>(&leaf.phase)) {
      leaf.phase = Masking{std::move(has->sum), {}};
    } else if (!std::holds_alternative<LeftOut>(leaf.phase)) {
      leave_out(leaf, "the total was asked for without it");
    }
  }
  return {};
}

Outcome WideScope::superseded(const MaskGiven& mask) {
  leave_out_all("helper " + mask.helper.hex() +
                " answered for other survivors than the sums now have; its one answer is spent");
  for (auto* leaf : in<LeftOut>()) std::get<LeftOut>(leaf->phase).answered.insert(mask.helper);
  return {};
}

Outcome WideScope::on_mask_sum(const MaskGiven& mask) {
  if (const auto leaves = in<Masking>(); !leaves.empty()) {
    const auto& answers = std::get<Masking>(leaves.front()->phase).answers;
    const auto helpers = leaves.front()->terms.helpers.size();
    if (const auto* known = answer_of(answers, mask.helper)) return known_answer(known, mask);
    if (mask.survivors_hash != joint_of<Masking>(leaves)) return superseded(mask);
    const bool complete = answers.size() + 1 == helpers;
    for (auto* leaf : leaves) {
      auto& masking = std::get<Masking>(leaf->phase);
      masking.answers.push_back(mask);
      if (complete) leaf->phase = Combining{std::move(masking.sum), std::move(masking.answers)};
    }
    if (!complete) return {};
    return {Verdict::accepted, {}, {Combine{first()}}};
  }
  if (const auto leaves = in<Combining>(); !leaves.empty()) {
    const auto& answers = std::get<Combining>(leaves.front()->phase).answers;
    return known_answer(answer_of(answers, mask.helper), mask);
  }
  if (const auto leaves = in<Combined>(); !leaves.empty()) {
    const auto& answers = std::get<Combined>(leaves.front()->phase).answers;
    return known_answer(answer_of(answers, mask.helper), mask);
  }
  // An answer to an earlier question, whose devices were dropped since.
  if (!in<Dropping>().empty()) return superseded(mask);
  if (in<LeftOut>().size() < members_.size()) {
    return no(Verdict::conflict, "the gateways have not all given their sums yet");
  }
  // Of no use to the total, but recorded: a helper that has answered is never asked for a VOID.
  if (answered_in_scope(parts_, first()).contains(mask.helper))
    return no(Verdict::repeated, "recorded before");
  for (auto* leaf : in<LeftOut>()) std::get<LeftOut>(leaf->phase).answered.insert(mask.helper);
  return {};
}

// The refused devices of this leaf go; the leaf too when too few remain.
void WideScope::drop(Part& leaf, SumGiven sum, const Refused& refusal) {
  const auto hit = std::ranges::count_if(refusal.devices, [&](const DeviceId& device) {
    return std::ranges::binary_search(sum.survivors, device);
  });
  if (hit == 0) {
    leaf.phase = Given{std::move(sum)};
  } else if (sum.survivors.size() - static_cast<std::size_t>(hit) < leaf.terms.n_min) {
    leave_out(leaf, "helper " + refusal.helper.hex() + " refused: " + refusal.reason +
                        ", and fewer than n_min devices remain");
  } else {
    leaf.phase = Dropping{std::move(sum), {refusal}};
  }
}

Outcome WideScope::refused_anew(const Refused& refusal) {
  const auto leaves = in<Masking>();
  if (refusal.survivors_hash != joint_of<Masking>(leaves)) {
    return no(Verdict::ended, "the refusal is about survivors that are no longer asked for");
  }
  const std::string words = "helper " + refusal.helper.hex() + " refused: " + refusal.reason;
  const bool names = std::ranges::any_of(leaves, [&](const Part* leaf) {
    return any_in(std::get<Masking>(leaf->phase).sum.survivors, refusal.devices);
  });
  if (!names) {
    leave_out_all(words);
  } else if (!std::get<Masking>(leaves.front()->phase).answers.empty()) {
    leave_out_all(words + ", after another helper had answered");
  } else {
    for (auto* leaf : leaves) drop(*leaf, std::move(std::get<Masking>(leaf->phase).sum), refusal);
  }
  return {};
}

Outcome WideScope::on_refusal(const Refused& refusal) {
  if (!in<Masking>().empty()) return refused_anew(refusal);
  const auto dropping = in<Dropping>();
  if (dropping.empty()) {
    if (in<LeftOut>().size() == members_.size()) {
      return no(Verdict::ended,
                "this scope's part has ended: " + left_out_reason(parts_[first()].phase));
    }
    return no(Verdict::conflict, "no answer is expected from this helper");
  }
  const auto& refusals = std::get<Dropping>(dropping.front()->phase).refusals;
  const auto known = std::ranges::find(refusals, refusal.helper, &Refused::helper);
  if (known != refusals.end()) {
    if (known->statement == refusal.statement) return no(Verdict::repeated, "recorded before");
    return no(Verdict::conflict, "another refusal of this helper is recorded");
  }
  // The question refused first has gone; its hash is in what was said of it.
  if (refusal.survivors_hash != refusals.front().survivors_hash) {
    return no(Verdict::ended, "the refusal is about survivors that are no longer asked for");
  }
  for (auto* leaf : dropping) std::get<Dropping>(leaf->phase).refusals.push_back(refusal);
  return {};
}

Outcome WideScope::on_combined(const std::string& fault) {
  const auto leaves = in<Combining>();
  if (leaves.empty()) return no(Verdict::ended, "this part is not being combined");
  for (auto* leaf : leaves) {
    auto& combining = std::get<Combining>(leaf->phase);
    if (fault.empty()) {
      leaf->phase = Combined{std::move(combining.sum), std::move(combining.answers)};
    } else {
      leave_out(*leaf, fault);
    }
  }
  return {};
}

std::vector<std::size_t> scope_members(const std::vector<Part>& parts, std::size_t member) {
  const auto& wide = parts.at(member).terms.wide;
  if (!wide) return {member};
  std::vector<std::size_t> members;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (parts[i].terms.wide && parts[i].terms.wide->scope == wide->scope) members.push_back(i);
  }
  std::ranges::sort(members, {}, [&](std::size_t i) { return parts[i].terms.gateway; });
  return members;
}

std::size_t first_of_scope(const std::vector<Part>& parts, std::size_t member) {
  return scope_members(parts, member).front();
}

std::set<HelperId> answered_in_scope(const std::vector<Part>& parts, std::size_t member) {
  std::set<HelperId> helpers;
  for (const auto index : scope_members(parts, member)) {
    helpers.merge(answered_in(parts[index].phase));
  }
  return helpers;
}

bool may_ask(const std::vector<Part>& parts, std::size_t member) {
  std::size_t given = 0;
  for (const auto index : scope_members(parts, member)) {
    const auto& phase = parts[index].phase;
    if (std::holds_alternative<Given>(phase)) {
      ++given;
    } else if (!std::holds_alternative<LeftOut>(phase)) {
      return false;
    }
  }
  return given > 1;
}

std::vector<crypto::JointLeaf> asked_leaves(const std::vector<Part>& parts, std::size_t member) {
  std::vector<crypto::JointLeaf> leaves;
  for (const auto index : scope_members(parts, member)) {
    if (const auto* sum = sum_of(parts[index].phase)) {
      leaves.push_back({parts[index].terms.wide->ctx_hash, sum->survivors_hash});
    }
  }
  return leaves;
}

}  // namespace tributary::cloud::round
