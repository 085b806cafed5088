// RoundContext as a validated value: whoever holds a Context need not check it again.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "crypto/privacy/sum_noise.hpp"
#include "crypto/quantise.hpp"
#include "crypto/robust/rule.hpp"
#include "crypto/subset.hpp"
#include "tributary.pb.h"

namespace tributary::wire {

// H("ctx", bytes): of the bytes as received.
Hash ctx_hash(std::string_view bytes);

// Name of the one scope of a task whose totals are over all of its gateways.
constexpr std::string_view global_scope = "global";
// First 16 bytes of H("scope", task_id, name): the scope_id of a task's group of gateways.
ScopeId scope_id(const TaskId& task, std::string_view name);

struct HelperEpoch {
  HelperId helper;
  std::uint32_t epoch;
};

// Mode pairwise; the slot is the round.
struct PairwiseTerms {
  Hash group;
  std::uint32_t witness_seconds;
  std::uint32_t reveal_seconds;
};

struct Context {
  Hash hash;
  std::string tenant;
  TaskId task;
  GatewayId gateway;
  v1::TrustMode mode;  // split-trust, trusted-gateway or pairwise
  v1::Scope scope;
  std::optional<ScopeId> scope_id;  // in scope group and global, and only there
  std::uint64_t round;
  std::uint32_t attempt;
  std::string model;
  Hash model_hash;
  crypto::Subset subset;          // which of the model's parameters are trained, and travel
  crypto::EncodingPlan encoding;  // of those that travel
  std::uint32_t gateway_epoch;
  std::vector<HelperEpoch> helpers;  // 1..3 in split-trust, no helper twice; else none
  robust::Rule aggregation;          // over devices; other than the mean in trusted-gateway only
  privacy::Terms privacy;
  std::optional<PairwiseTerms> pairwise;  // exactly in mode pairwise
  Hash roster_hash;
  bool invited;  // the gateway chooses (PROTOCOL.md 13); never in mode pairwise
  std::uint32_t participation_threshold;
  std::uint32_t n_min;  // 1 <= n_min <= n_target <= n_max
  std::uint32_t n_target;
  std::uint32_t n_max;
  std::uint64_t not_before;  // Unix seconds, <= deadline
  std::uint64_t deadline;
  std::uint32_t patience_seconds;
  ExchangeKey combiner;
  std::uint32_t chunk_bytes;

  // Ciphertext bytes of a whole upload, its chunks, and the bytes of one of them.
  std::uint64_t upload_bytes() const;
  std::uint32_t chunks() const;
  std::uint32_t bytes_of_chunk(std::uint32_t index) const;  // index < chunks()
};

v1::RobustRule rule_of(robust::Kind kind);

// The text names the field and its limit. Signature and times are the caller's to check.
std::variant<Context, std::string> parse_context(std::string_view bytes);

}  // namespace tributary::wire
