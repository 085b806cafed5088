// The RoundContext of one gateway in one round, from the plan; every field is filled.
#pragma once

#include "cloud/round/plan.hpp"
#include "tributary.pb.h"

namespace tributary::cloud::round {

struct RoundTerms {
  std::string tenant;
  TaskId task;
  std::uint64_t round;  // from 1
  Hash model_hash;
  std::uint64_t not_before;  // Unix seconds; the deadline follows from the spec
  ExchangeKey combiner;
};

v1::RoundContext make_context(const TaskSpec& spec, const RoundTerms& terms, const RoundPlan& plan,
                              const GatewayFacts& gateway, const GatewayShare& share);

// What the combiner needs of a context it reads back; nullopt when the bytes are not one.
struct ContextReading {
  TaskId task;
  std::uint64_t round;
  GatewayId gateway;
  std::vector<HelperId> helpers;
  crypto::Subset subset;
  crypto::EncodingPlan encoding;
  std::uint32_t n_min;
  std::uint32_t n_max;
  std::uint64_t deadline;  // Unix seconds
  std::uint32_t chunk_bytes;
  std::optional<ScopeId> scope_id;  // in a wider scope than the gateway
  privacy::Terms privacy;
  std::uint32_t after_deadline_seconds;  // what the mode may take after the uploads
};
std::optional<ContextReading> read_context(std::string_view bytes);

}  // namespace tributary::cloud::round
