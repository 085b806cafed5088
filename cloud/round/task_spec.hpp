// What an operator asks for: the task spec of cloud/api/README.md, parsed and checked.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cloud/round/pairwise_spec.hpp"
#include "cloud/round/subset_spec.hpp"
#include "crypto/privacy/gaussian_accountant.hpp"
#include "crypto/privacy/sum_noise.hpp"
#include "crypto/ring.hpp"
#include "crypto/robust/rule.hpp"

namespace tributary::cloud::round {

struct TrainingSpec {
  std::uint32_t local_steps = 20;
  std::uint32_t batch_size = 32;
  double learning_rate = 0.1;
  double clipping_norm = 0;  // 0 = off
  double dp_noise = 0;       // in units of clipping_norm; 0 = off
};

struct EncodingSpec {
  crypto::RingBits ring_bits = crypto::RingBits::b32;
  double clip_l2 = 10;
  double clip_inf = 1;
  bool rotated = false;  // in JSON by default with 16 and 24 bits
  std::uint32_t weight_examples_cap = 1000;
  double loss_cap = 10;
};

// Who may see a single update (crypto/README.md).
enum class TrustMode { split_trust, trusted_gateway, pairwise };
std::string_view name_of(TrustMode mode);  // "split-trust", "trusted-gateway", "pairwise"

// Differential privacy of what each gateway's sum tells about one device, over the whole task.
struct PrivacySpec {
  privacy::Budget budget;  // what the task may spend
  privacy::Terms
      terms;  // what the contexts carry; chosen by the budget unless the spec names a multiplier
};

// Whose sum is released: each gateway's, the total of each group of them, or that of all.
enum class ScopeKind { gateway, group, global };
std::string_view name_of(ScopeKind scope);

// What each device adds to its own words, whatever is added to the sums.
struct DeviceNoiseSpec {
  double
      multiplier;  // z' of PROTOCOL.md 6.3, in single precision and never below what was asked for
  privacy::Participation participation;  // that of `privacy` where there is both
  double delta = 1e-6;                   // at which its epsilon is told
};

struct TaskSpec {
  std::string name;
  std::string model;  // architecture, 1..95 bytes
  Hash initial_model;
  std::vector<GatewayId> gateways;  // at least one, distinct; their order decides default helpers
  TrustMode mode = TrustMode::split_trust;
  ScopeKind scope = ScopeKind::gateway;
  std::map<std::string, std::vector<GatewayId>>
      groups;                                          // in scope group: a partition of `gateways`
  std::map<GatewayId, std::vector<HelperId>> helpers;  // empty, or 1..3 for every gateway
  std::uint32_t rounds = 20;                           // released rounds to reach
  std::uint32_t cohort_size = 0;                       // 0 = every device in the rosters
  double over_selection = 1;                           // at least 1
  double quorum = 0.5;                                 // share of the cohort, 0..1
  std::uint32_t gateway_quorum = 0;                    // 0 = all that are not down
  std::uint32_t n_min = 10;                            // per gateway, at least 2
  std::uint32_t deadline_seconds = 600;
  std::uint32_t patience_seconds = 0;  // 0 = wait for n_target or the deadline
  bool invited = false;                // gateways choose the devices (PROTOCOL.md 13); else hash
  TrainingSpec training;
  EncodingSpec encoding;
  robust::Rule aggregation;         // over the gateways' means
  robust::Rule device_aggregation;  // over devices, at each gateway; only in trusted-gateway
  std::optional<PrivacySpec> privacy;
  std::optional<DeviceNoiseSpec> device_noise;
  std::optional<SubsetSpec> subset;
  std::optional<PairwiseSpec> pairwise;  // exactly in mode pairwise
  std::uint32_t chunk_bytes = 16368;     // multiple of 48
  double server_learning_rate = 1;

  // From the opening of a round until the gateways' sums ought to be made.
  std::uint32_t seconds_of_a_round() const {
    return deadline_seconds + (pairwise ? pairwise->after_deadline_seconds() : 0);
  }
};

// Name of the wider scope this gateway of the task is in; nullopt: it is a scope of its own.
std::optional<std::string> scope_of(const TaskSpec& spec, const GatewayId& gateway);

struct SpecFault {
  std::string member;  // for example "training.local_steps"
  std::string text;    // what is wrong and what would be right
};

// The gateway an operator calls by this name, when one has said it.
using GatewayNames = std::function<std::optional<GatewayId>(std::string_view)>;

// Exactly one of the two is filled: a spec, or every fault found.
struct ParsedSpec {
  std::optional<TaskSpec> spec;
  std::vector<SpecFault> faults;
};
// `own_helper`: the coordinator's own helper role, which a spec may call "coordinator" and which is the default
// where a task has only one gateway.
ParsedSpec parse_task_spec(std::string_view json, const GatewayNames& names,
                           const std::optional<HelperId>& own_helper = std::nullopt);

// Every member with its value, defaults included; parse_task_spec reads it back to the same spec.
std::string to_json(const TaskSpec& spec);

}  // namespace tributary::cloud::round
