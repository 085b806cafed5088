// One open round in memory: its rows, its machine, and what the parts' statements hold that others
// are shown.
#pragma once

#include <map>

#include "cloud/round/combine.hpp"
#include "cloud/round/global_round.hpp"
#include "cloud/round/statements.hpp"
#include "cloud/round/wide_scope.hpp"
#include "cloud/store/rows.hpp"
#include "crypto/quantise.hpp"

namespace tributary::cloud::engine {

struct PartRun {
  store::PartRow row;
  round::ContextReading context;
  v1::GatewaySum request;                 // the sum that counts, without its words
  std::vector<v1::MaskRefusal> refusals;  // since that sum
  std::vector<crypto::JointLeaf>
      question;                            // of a wider scope: what its helpers were asked for last
  std::optional<store::Time> asked_at;     // since when helpers are shown what they are to answer
  std::chrono::milliseconds mask_time{0};  // from then to each helper's answer, added up
  Hash sum_hash{};                         // of the released sum this part is in, once combined
};

// Whose sum this part's is released as: the gateway's, or the wider scope's.
std::variant<GatewayId, ScopeId> place_of(const round::ContextReading& context);
std::variant<GatewayId, ScopeId> place_of(const store::PartRow& row);

class RoundRun {
 public:
  RoundRun(store::RoundRow row, std::vector<store::PartRow> parts);

  // Feed an event to the machine; when it is accepted the part remembers what others are shown.
  round::Outcome sum(std::size_t part, v1::GatewaySum message, const round::SumGiven& sum,
                     store::Time at);
  round::Outcome mask_sum(std::size_t part, const round::MaskGiven& mask, store::Time at);
  round::Outcome refusal(std::size_t part, const v1::MaskRefusal& message,
                         const round::Refused& refusal);
  // The question over the leaves of a wider scope that have given their sums; what became of asking it.
  Hash joint(std::size_t part) const;
  round::Outcome asked(std::size_t part, const Hash& joint, store::Time at);
  // The effects of the recorded events, in order.
  std::vector<round::Effect> replay(const std::vector<store::EventRow>& events);

  std::optional<std::size_t> part_of(const GatewayId& gateway) const;
  std::optional<std::size_t> part_of(const Hash& ctx_hash) const;
  round::StatedRound stated(std::size_t part) const;
  const round::PartPhase& phase(std::size_t part) const { return machine.parts()[part].phase; }
  // The parts of one released sum, ascending by gateway; the first stands for a wider scope in the store.
  std::vector<std::size_t> scope_members(std::size_t part) const;
  // Those of them that are in this phase.
  template <class Phase>
  std::vector<std::size_t> members_in(std::size_t part) const {
    auto members = scope_members(part);
    std::erase_if(members, [&](std::size_t i) { return !std::holds_alternative<Phase>(phase(i)); });
    return members;
  }
  // Rows as they are when the round ends.
  store::PartRow ended_part(std::size_t part) const;
  store::RoundRow released_row(store::Time now) const;

  store::RoundRow row;
  std::vector<PartRun> parts;
  round::GlobalRound machine;
  std::map<Hash, std::size_t>
      questions;           // asked of helpers of wider scopes: the scope's first part
  crypto::WordSums total;  // of the combined parts
  std::vector<round::GatewayMean> means;  // of the same, where the task has a robust rule

 private:
  std::vector<round::Effect> replay_one(std::size_t part, const store::EventRow& event);
};

}  // namespace tributary::cloud::engine
