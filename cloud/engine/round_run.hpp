// One open round in memory: its rows, its machine, and what the parts' statements hold that others
// are shown.
#pragma once

#include "cloud/round/combine.hpp"
#include "cloud/round/global_round.hpp"
#include "cloud/round/statements.hpp"
#include "cloud/store/rows.hpp"
#include "crypto/quantise.hpp"

namespace tributary::cloud::engine {

struct PartRun {
  store::PartRow row;
  round::ContextReading context;
  v1::GatewaySum request;                 // the sum that counts, without its words
  std::vector<v1::MaskRefusal> refusals;  // since that sum
  std::optional<store::Time> sum_at;
  std::chrono::milliseconds mask_time{0};  // from the sum to each helper's answer, added up
  Hash sum_hash{};                         // once combined
};

class RoundRun {
 public:
  RoundRun(store::RoundRow row, std::vector<store::PartRow> parts);

  // Feed an event to the machine; when it is accepted the part remembers what others are shown.
  round::Outcome sum(std::size_t part, v1::GatewaySum message, const round::SumGiven& sum,
                     store::Time at);
  round::Outcome mask_sum(std::size_t part, const round::MaskGiven& mask, store::Time at);
  round::Outcome refusal(std::size_t part, v1::MaskRefusal message, const round::Refused& refusal);
  // The effects of the recorded events, in order.
  std::vector<round::Effect> replay(const std::vector<store::EventRow>& events);

  std::optional<std::size_t> part_of(const GatewayId& gateway) const;
  std::optional<std::size_t> part_of(const Hash& ctx_hash) const;
  round::StatedRound stated(std::size_t part) const;
  const round::PartPhase& phase(std::size_t part) const { return machine.parts()[part].phase; }
  // Rows as they are when the round ends.
  store::PartRow ended_part(std::size_t part) const;
  store::RoundRow released_row(store::Time now) const;

  store::RoundRow row;
  std::vector<PartRun> parts;
  round::GlobalRound machine;
  crypto::WordSums total;                 // of the combined parts
  std::vector<round::GatewayMean> means;  // of the same, where the task has a robust rule

 private:
  std::vector<round::Effect> replay_one(std::size_t part, const store::EventRow& event);
};

}  // namespace tributary::cloud::engine
