// Planning one round: how many devices each gateway asks, waits for and accepts, and the encoding
// that cannot wrap for any of them.
#pragma once

#include <variant>

#include "cloud/round/task_spec.hpp"
#include "crypto/quantise.hpp"
#include "crypto/subset.hpp"

namespace tributary::cloud::round {

struct HelperEpoch {
  HelperId id;
  std::uint32_t epoch;
};

// A group of mode pairwise whose members have all prepared the round's slot.
struct ReadyGroup {
  Hash hash;
};

// A gateway that is ready: keys, helpers with keys, roster of at least n_min.
struct GatewayFacts {
  GatewayId id;
  std::uint32_t epoch;
  Hash roster_hash;
  std::uint32_t roster_size;
  std::vector<HelperEpoch> helpers;  // 1..3 in split-trust, else none
  std::optional<ReadyGroup> group =
      std::nullopt;  // exactly in pairwise; the roster is then the group's
};

struct GatewayShare {
  GatewayId gateway;
  std::uint32_t expected;  // devices the threshold selects, on average
  std::uint32_t n_target;  // the gateway closes when it has this many
  std::uint32_t n_max;     // it accepts no more
};

struct RoundPlan {
  std::uint64_t number = 0;               // of the round; who opens it knows it
  std::uint32_t cohort;                   // contributions aimed at over all gateways
  std::uint32_t least_contributions;      // fewer: abandoned
  std::uint32_t participation_threshold;  // RoundContext
  crypto::Subset subset;
  crypto::EncodingPlan encoding;     // the same at every gateway, so that sums can be added
  std::vector<GatewayShare> shares;  // in the order of the facts
};

constexpr std::uint32_t canary_words = 4;

// The helpers of each gateway, in order: as the spec names them, or the helper role of the next
// gateway; none where the mode has none. `helper_of`: the helper role a gateway runs. nullopt when a needed one is not known.
using HelperOfGateway = std::function<std::optional<HelperId>(const GatewayId&)>;
std::optional<std::vector<HelperId>> helpers_for(const TaskSpec& spec, const GatewayId& gateway,
                                                 const HelperOfGateway& helper_of);

// What of the model's `parameters` a round of the task trains and sends. The text: see subset_for.
std::variant<crypto::Subset, std::string> subset_of(const TaskSpec& spec, std::uint32_t parameters,
                                                    const TaskId& task, std::uint64_t round);

// `facts`: at least one. The text says why no round can be planned and what would help.
std::variant<RoundPlan, std::string> plan_round(const TaskSpec& spec, const crypto::Subset& subset,
                                                const std::vector<GatewayFacts>& facts);

}  // namespace tributary::cloud::round
