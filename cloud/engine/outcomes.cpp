#include "cloud/engine/outcomes.hpp"

namespace tributary::cloud::engine {

v1::RoundOutcome abandoned_outcome(const Hash& ctx_hash, const std::string& reason) {
  v1::RoundOutcome outcome;
  outcome.set_ctx_hash(ctx_hash.raw());
  outcome.set_kind(v1::ROUND_OUTCOME_ABANDONED);
  outcome.set_reason(reason);
  return outcome;
}

void Outcomes::add(const store::PartRow& part, const std::string& round_reason) {
  auto outcome = abandoned_outcome(part.ctx_hash, part.reason.empty() ? round_reason : part.reason);
  if (part.sum_hash && round_reason.empty()) {
    outcome.set_kind(v1::ROUND_OUTCOME_RELEASED);
    outcome.clear_reason();
  }
  auto& known = outcomes_[part.gateway];
  known.push_back(std::move(outcome));
  if (known.size() > kept) known.pop_front();
}

const std::deque<v1::RoundOutcome>& Outcomes::of(const GatewayId& gateway) const {
  static const std::deque<v1::RoundOutcome> none;
  const auto known = outcomes_.find(gateway);
  return known == outcomes_.end() ? none : known->second;
}

}  // namespace tributary::cloud::engine
