#include "cloud/round/global_round.hpp"

#include <algorithm>

#include "cloud/round/wide_scope.hpp"

namespace tributary::cloud::round {
namespace {

Outcome no(Verdict verdict, std::string text) {
  return {verdict, std::move(text), {}};
}
Outcome repeated() {
  return no(Verdict::repeated, "recorded before");
}
Outcome part_over(const PartPhase& phase) {
  return no(Verdict::ended, "this gateway's part has ended: " + left_out_reason(phase));
}

// ---- a gateway's sum, by phase

// The helpers are asked at once, or when the other gateways of a wider scope have given theirs.
void take_sum(Part& part, const SumGiven& sum) {
  if (part.terms.wide) {
    part.phase = Given{sum};
  } else {
    part.phase = Masking{sum, {}};
  }
}

Outcome sum_in(Part& part, std::size_t index, Offered&, const SumGiven& sum) {
  if (part.terms.helpers.empty()) {
    part.phase = Combining{sum, {}};
    return {Verdict::accepted, {}, {Combine{index}}};
  }
  take_sum(part, sum);
  return {};
}
Outcome sum_in(Part& part, std::size_t, Dropping& dropping, const SumGiven& sum) {
  for (const auto& refusal : dropping.refusals) {
    if (any_in(sum.survivors, refusal.devices)) {
      return no(Verdict::conflict, "the sum still holds a device that a helper refused");
    }
  }
  take_sum(part, sum);
  return {};
}
Outcome sum_in(Part& part, std::size_t, LeftOut&, const SumGiven&) {
  return part_over(part.phase);
}
template <class HasSum>
Outcome sum_in(Part&, std::size_t, HasSum& phase, const SumGiven& sum) {
  if (phase.sum.statement == sum.statement) return repeated();
  return no(Verdict::conflict, "another sum of this gateway is recorded for this round");
}

// ---- a helper's mask sum, by phase

Outcome superseded(Part& part, const MaskGiven& mask) {
  leave_out(part,
            "helper " + mask.helper.hex() +
                " answered for other survivors than the sum now has; its one answer is spent");
  std::get<LeftOut>(part.phase).answered.insert(mask.helper);
  return {};
}
template <class HasAnswers>
Outcome known_answer(const HasAnswers& phase, const MaskGiven& mask) {
  for (const auto& answer : phase.answers) {
    if (answer.helper != mask.helper) continue;
    if (answer.statement == mask.statement) return repeated();
    return no(Verdict::conflict, "another mask sum of this helper is recorded for this round");
  }
  return no(Verdict::conflict, "this helper is not asked for this round");
}
Outcome mask_in(Part& part, std::size_t index, Masking& masking, const MaskGiven& mask) {
  const bool known = std::ranges::any_of(
      masking.answers, [&](const MaskGiven& answer) { return answer.helper == mask.helper; });
  if (known) return known_answer(masking, mask);
  if (mask.survivors_hash != masking.sum.survivors_hash) return superseded(part, mask);
  masking.answers.push_back(mask);
  if (masking.answers.size() < part.terms.helpers.size()) return {};
  part.phase = Combining{std::move(masking.sum), std::move(masking.answers)};
  return {Verdict::accepted, {}, {Combine{index}}};
}
Outcome mask_in(Part&, std::size_t, Offered&, const MaskGiven&) {
  return no(Verdict::conflict, "the gateway has not given its sum yet");
}
// Of a wider scope only, which wide_scope.cpp sees to.
Outcome mask_in(Part&, std::size_t, Given&, const MaskGiven&) {
  return no(Verdict::conflict, "the helpers have not been asked yet");
}
Outcome mask_in(Part& part, std::size_t, Dropping&, const MaskGiven& mask) {
  return superseded(part, mask);
}
// Of no use to the sum, but recorded: a helper that has answered is never asked for a VOID.
Outcome mask_in(Part&, std::size_t, LeftOut& left_out, const MaskGiven& mask) {
  return left_out.answered.insert(mask.helper).second ? Outcome{} : repeated();
}
template <class HasAnswers>
Outcome mask_in(Part&, std::size_t, HasAnswers& phase, const MaskGiven& mask) {
  return known_answer(phase, mask);
}

// ---- a helper's refusal, by phase

Outcome refusal_in(Part& part, Masking& masking, const Refused& refusal) {
  if (refusal.survivors_hash != masking.sum.survivors_hash) {
    return no(Verdict::ended, "the refusal is about survivors that are no longer asked for");
  }
  const std::string words = "helper " + refusal.helper.hex() + " refused: " + refusal.reason;
  const auto& survivors = masking.sum.survivors;
  const auto hit = std::ranges::count_if(refusal.devices, [&](const DeviceId& device) {
    return std::ranges::binary_search(survivors, device);
  });
  if (hit == 0) {
    leave_out(part, words);
  } else if (!masking.answers.empty()) {
    leave_out(part, words + ", after another helper had answered");
  } else if (survivors.size() - static_cast<std::size_t>(hit) < part.terms.n_min) {
    leave_out(part, words + ", and fewer than n_min devices remain");
  } else {
    part.phase = Dropping{std::move(masking.sum), {refusal}};
  }
  return {};
}
Outcome refusal_in(Part&, Dropping& dropping, const Refused& refusal) {
  for (const auto& known : dropping.refusals) {
    if (known.helper == refusal.helper) {
      return known.statement == refusal.statement
                 ? repeated()
                 : no(Verdict::conflict, "another refusal of this helper is recorded");
    }
  }
  if (refusal.survivors_hash != dropping.refused_sum.survivors_hash) {
    return no(Verdict::ended, "the refusal is about survivors that are no longer asked for");
  }
  dropping.refusals.push_back(refusal);
  return {};
}
Outcome refusal_in(Part& part, LeftOut&, const Refused&) {
  return part_over(part.phase);
}
template <class Other>
Outcome refusal_in(Part&, Other&, const Refused&) {
  return no(Verdict::conflict, "no answer is expected from this helper");
}

// ---- a gateway gives up, by phase

Outcome give_up(Part& part, const std::string& reason) {
  leave_out(part, "the gateway gave up: " + reason);
  return {};
}
Outcome abandon_in(Part& part, Offered&, const std::string& reason) {
  return give_up(part, reason);
}
Outcome abandon_in(Part& part, Dropping&, const std::string& reason) {
  return give_up(part, reason);
}
Outcome abandon_in(Part&, LeftOut&, const std::string&) {
  return repeated();
}
template <class HasSum>
Outcome abandon_in(Part&, HasSum&, const std::string&) {
  return no(Verdict::conflict, "the gateway has given its sum already");
}

bool pending(const Part& part) {
  return !std::holds_alternative<Combined>(part.phase) &&
         !std::holds_alternative<LeftOut>(part.phase);
}

}  // namespace

RoundRules rules_for(std::uint32_t least_contributions, std::uint32_t gateway_quorum,
                     UnixTime deadline, std::chrono::seconds length) {
  const auto grace = std::max(std::chrono::seconds{30}, length / 10);
  return {least_contributions, gateway_quorum, deadline + grace, deadline + 2 * grace};
}

GlobalRound::GlobalRound(RoundRules rules, std::vector<PartTerms> parts) : rules_(rules) {
  for (auto& terms : parts) parts_.push_back({std::move(terms), Offered{}});
}

Outcome GlobalRound::on_sum(std::size_t part, const SumGiven& sum) {
  if (auto over = refuse_closed()) return *over;
  auto& at = parts_.at(part);
  return settled(std::visit([&](auto& phase) { return sum_in(at, part, phase, sum); }, at.phase));
}

Outcome GlobalRound::on_mask_sum(std::size_t part, const MaskGiven& mask) {
  if (auto over = refuse_closed()) return *over;
  auto& at = parts_.at(part);
  if (at.terms.wide) return settled(WideScope(parts_, part).on_mask_sum(mask));
  return settled(std::visit([&](auto& phase) { return mask_in(at, part, phase, mask); }, at.phase));
}

Outcome GlobalRound::on_refusal(std::size_t part, const Refused& refusal) {
  if (auto over = refuse_closed()) return *over;
  auto& at = parts_.at(part);
  if (at.terms.wide) return settled(WideScope(parts_, part).on_refusal(refusal));
  return settled(std::visit([&](auto& phase) { return refusal_in(at, phase, refusal); }, at.phase));
}

Outcome GlobalRound::on_gateway_abandon(std::size_t part, const std::string& reason) {
  if (auto over = refuse_closed()) return *over;
  auto& at = parts_.at(part);
  return settled(std::visit([&](auto& phase) { return abandon_in(at, phase, reason); }, at.phase));
}

Outcome GlobalRound::on_asked(std::size_t part, const Hash& joint) {
  if (auto over = refuse_closed()) return *over;
  if (!parts_.at(part).terms.wide)
    return no(Verdict::conflict, "this gateway is a scope of its own");
  return settled(WideScope(parts_, part).on_asked(joint));
}

Outcome GlobalRound::on_combined(std::size_t part, const std::string& fault) {
  if (auto over = refuse_closed()) return *over;
  auto& at = parts_.at(part);
  if (at.terms.wide) return settled(WideScope(parts_, part).on_combined(fault));
  auto* combining = std::get_if<Combining>(&at.phase);
  if (combining == nullptr) return no(Verdict::ended, "this part is not being combined");
  if (fault.empty()) {
    at.phase = Combined{std::move(combining->sum), std::move(combining->answers)};
  } else {
    leave_out(at, fault);
  }
  return settled({});
}

Outcome GlobalRound::on_time(UnixTime now, const std::set<GatewayId>& down) {
  if (auto over = refuse_closed()) return *over;
  down_ = down;
  for (auto& part : parts_) {
    const bool silent = down.contains(part.terms.gateway);
    const bool no_sum =
        std::holds_alternative<Offered>(part.phase) || std::holds_alternative<Dropping>(part.phase);
    if (no_sum && now >= rules_.sums_due) {
      leave_out(part, silent ? "the gateway is down" : "no sum came before the deadline", silent);
    } else if (std::holds_alternative<Masking>(part.phase) && now >= rules_.masks_due) {
      leave_out(part, "not every helper answered before the deadline");
    }
  }
  return settled({});
}

Outcome GlobalRound::on_stop(const std::string& reason) {
  if (auto over = refuse_closed()) return *over;
  closed_ = true;
  return {Verdict::accepted, {}, {abandon(reason)}};
}

bool GlobalRound::sums_complete() const {
  return std::ranges::none_of(parts_, [](const Part& part) {
    return std::holds_alternative<Offered>(part.phase) ||
           std::holds_alternative<Dropping>(part.phase);
  });
}

std::uint32_t GlobalRound::contributions() const {
  std::size_t total = 0;
  for (const auto& part : parts_) {
    if (const auto* combined = std::get_if<Combined>(&part.phase))
      total += combined->sum.survivors.size();
  }
  return static_cast<std::uint32_t>(total);
}

std::optional<Outcome> GlobalRound::refuse_closed() const {
  if (!closed_) return std::nullopt;
  return no(Verdict::ended, "the round has ended");
}

std::size_t GlobalRound::gateways_needed() const {
  if (rules_.gateway_quorum != 0) return rules_.gateway_quorum;
  const auto silent = std::ranges::count_if(parts_, [](const Part& part) {
    const auto* left_out = std::get_if<LeftOut>(&part.phase);
    return left_out != nullptr && left_out->down;
  });
  return std::max<std::size_t>(1, parts_.size() - static_cast<std::size_t>(silent));
}

void GlobalRound::settle_scopes(Outcome& outcome) {
  for (std::size_t i = 0; i < parts_.size(); ++i) {
    if (!parts_[i].terms.wide) continue;
    WideScope scope(parts_, i);
    if (scope.first() == i && scope.ready()) outcome.effects.emplace_back(Ask{i});
  }
}

// Closes the round when nothing is outstanding, or when the quorum has become impossible.
Outcome GlobalRound::settled(Outcome outcome) {
  if (outcome.verdict != Verdict::accepted) return outcome;
  settle_scopes(outcome);
  const auto waiting = static_cast<std::size_t>(std::ranges::count_if(parts_, pending));
  const auto combined = static_cast<std::size_t>(std::ranges::count_if(
      parts_, [](const Part& part) { return std::holds_alternative<Combined>(part.phase); }));
  if (combined + waiting < gateways_needed()) {
    std::string reasons;
    for (const auto& part : parts_) {
      if (const auto reason = left_out_reason(part.phase); !reason.empty())
        reasons += "; " + part.terms.gateway.hex() + ": " + reason;
    }
    closed_ = true;
    outcome.effects.push_back(abandon("too few gateways can take part" + reasons));
  } else if (waiting == 0 && contributions() >= rules_.least_contributions) {
    closed_ = true;
    outcome.effects.push_back(Release{});
  } else if (waiting == 0) {
    closed_ = true;
    outcome.effects.push_back(abandon(std::to_string(contributions()) +
                                      " contributions, the quorum is " +
                                      std::to_string(rules_.least_contributions)));
  }
  return outcome;
}

// A wider scope has one answer of each helper for all of its gateways.
Abandon GlobalRound::abandon(std::string reason) const {
  Abandon abandon{std::move(reason), {}};
  for (std::size_t i = 0; i < parts_.size(); ++i) {
    const auto& part = parts_[i];
    std::variant<GatewayId, ScopeId> place = part.terms.gateway;
    auto answered = answered_in(part.phase);
    if (part.terms.wide) {
      if (first_of_scope(parts_, i) != i) continue;
      place = part.terms.wide->scope;
      answered = answered_in_scope(parts_, i);
    }
    for (const auto& helper : part.terms.helpers) {
      if (!answered.contains(helper)) abandon.voids.push_back({place, helper});
    }
  }
  return abandon;
}

}  // namespace tributary::cloud::round
