#include "device-protocol/cpp/context.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "crypto/hash.hpp"

namespace tributary::wire {
namespace {

constexpr std::uint32_t protocol_version = 5;  // highest minimum_reader_version understood
constexpr std::uint32_t rotation_version = 2;
constexpr std::uint32_t privacy_version = 3;
constexpr std::uint32_t scope_version = 4;
constexpr std::uint32_t subset_version = 4;
constexpr std::uint32_t pairwise_version = 4;
constexpr std::uint32_t invited_version = 5;
constexpr std::uint64_t last_slot = UINT32_MAX;
constexpr std::uint32_t most_parameters = 1U << 24U;
constexpr std::uint32_t most_canaries = 1024;
constexpr std::uint32_t chunk_grain = 48;  // whole words of every ring
constexpr std::uint32_t most_chunk_bytes = 262128;
constexpr std::size_t longest_tenant = 32;
constexpr std::size_t longest_model = 95;

// In the order of v1::RobustRule.
constexpr std::array rules = {robust::Kind::mean,
                              robust::Kind::norm_filter,
                              robust::Kind::coordinate_median,
                              robust::Kind::trimmed_mean,
                              robust::Kind::krum,
                              robust::Kind::multi_krum,
                              robust::Kind::centred_clipping};

bool positive(float value) {
  return std::isfinite(value) && value > 0.0F;
}

std::string fault_in_pairwise(const v1::RoundContext& context) {
  if (context.minimum_reader_version() < pairwise_version) {
    return "mode pairwise needs minimum_reader_version 4";
  }
  if (context.helpers_size() != 0) return "mode pairwise has no helpers";
  if (context.has_aggregation()) return "aggregation over devices needs mode trusted-gateway";
  if (context.scope() != v1::SCOPE_GATEWAY) return "mode pairwise needs scope gateway";
  if (context.round() > last_slot) return "mode pairwise has rounds up to 2^32 - 1";
  if (!context.has_pairwise() || !Hash::from(context.pairwise().group_hash())) {
    return "mode pairwise needs a group_hash of 32 bytes";
  }
  if (context.pairwise().witness_seconds() == 0 || context.pairwise().reveal_seconds() == 0) {
    return "witness_seconds and reveal_seconds must be at least 1";
  }
  return {};
}

std::string fault_in_mode(const v1::RoundContext& context) {
  const bool newer = context.minimum_reader_version() >= privacy_version;
  if (context.has_privacy() && !newer) return "privacy needs minimum_reader_version 3";
  if (context.has_pairwise() && context.mode() != v1::TRUST_MODE_PAIRWISE) {
    return "only mode pairwise has a group";
  }
  switch (context.mode()) {
    case v1::TRUST_MODE_SPLIT_TRUST:
      if (context.has_aggregation()) return "aggregation over devices needs mode trusted-gateway";
      if (context.helpers_size() < 1 || context.helpers_size() > 3) return "helpers must be 1..3";
      return {};
    case v1::TRUST_MODE_TRUSTED_GATEWAY:
      if (!newer) return "mode trusted-gateway needs minimum_reader_version 3";
      if (context.helpers_size() != 0) return "mode trusted-gateway has no helpers";
      return {};
    case v1::TRUST_MODE_PAIRWISE:
      return fault_in_pairwise(context);
    default:
      return "mode must be split-trust, trusted-gateway or pairwise";
  }
}

std::string fault_in_scope(const v1::RoundContext& context) {
  if (context.scope() == v1::SCOPE_GATEWAY) {
    return context.scope_id().empty() ? "" : "scope gateway has no scope_id";
  }
  if (context.scope() != v1::SCOPE_GROUP && context.scope() != v1::SCOPE_GLOBAL) {
    return "scope must be gateway, group or global";
  }
  if (context.minimum_reader_version() < scope_version) {
    return "scope group and global need minimum_reader_version 4";
  }
  if (context.mode() != v1::TRUST_MODE_SPLIT_TRUST) {
    return "scope group and global need mode split-trust";
  }
  const auto id = ScopeId::from(context.scope_id());
  const auto task = TaskId::from(context.task_id());
  if (!id || *id == ScopeId{}) return "scope_id must have 16 bytes, not all zero";
  if (context.scope() == v1::SCOPE_GLOBAL && task && *id != scope_id(*task, global_scope)) {
    return "scope_id is not that of the task's global scope";
  }
  return {};
}

std::string fault_in_selection(const v1::RoundContext& context) {
  if (!context.invited()) return {};
  if (context.minimum_reader_version() < invited_version) {
    return "invited needs minimum_reader_version 5";
  }
  if (context.mode() == v1::TRUST_MODE_PAIRWISE) return "mode pairwise has no invited rounds";
  if (context.participation_threshold() != UINT32_MAX) {
    return "an invited round has participation_threshold 4294967295";
  }
  return {};
}

std::string fault_in_terms(const v1::RoundContext& context) {
  if (context.minimum_reader_version() > protocol_version) {
    return "minimum_reader_version " + std::to_string(context.minimum_reader_version()) +
           " is newer than this program's " + std::to_string(protocol_version);
  }
  if (auto fault = fault_in_mode(context); !fault.empty()) return fault;
  if (auto fault = fault_in_scope(context); !fault.empty()) return fault;
  if (auto fault = fault_in_selection(context); !fault.empty()) return fault;
  if (context.tenant().empty() || context.tenant().size() > longest_tenant) {
    return "tenant must have 1..32 bytes";
  }
  if (context.model().empty() || context.model().size() > longest_model) {
    return "model must have 1..95 bytes";
  }
  if (context.round() == 0) return "round counts from 1";
  if (context.n_min() == 0 || context.n_min() > context.n_target() ||
      context.n_target() > context.n_max()) {
    return "n_min, n_target and n_max must be 1 <= n_min <= n_target <= n_max";
  }
  if (context.not_before() > context.deadline()) return "deadline must not be before not_before";
  const auto chunk = context.chunk_bytes();
  if (chunk == 0 || chunk % chunk_grain != 0 || chunk > most_chunk_bytes) {
    return "chunk_bytes must be a multiple of 48 in 48..262128";
  }
  return {};
}

privacy::Terms privacy_of(const v1::RoundContext& context) {
  const auto& privacy = context.privacy();
  return {static_cast<double>(privacy.noise_multiplier()),
          {privacy.separation(), privacy.participation_cap()},
          privacy.band()};
}

std::optional<robust::Kind> kind_of(v1::RobustRule rule) {
  const auto at = static_cast<std::size_t>(rule);
  if (at >= rules.size()) return std::nullopt;
  return rules[at];
}

crypto::Subset subset_of(const v1::RoundContext& context) {
  if (!context.has_subset()) return crypto::Subset::whole(context.parameters());
  const auto& subset = context.subset();
  const auto task = TaskId::from(context.task_id()).value_or(TaskId{});
  return {context.parameters(), {subset.first(), subset.count()},          subset.block_words(),
          subset.blocks(),      crypto::block_seed(task, context.round()), subset.error_feedback()};
}

// `words`: how many parameters travel.
crypto::EncodingPlan plan_of(const v1::RoundContext& context, std::uint32_t words) {
  const auto& encoding = context.encoding();
  return {*crypto::ring_bits(encoding.ring_bits()),
          words,
          encoding.scale_log2(),
          static_cast<double>(encoding.clip_l2()),
          static_cast<double>(encoding.clip_inf()),
          encoding.weight_scale_log2(),
          static_cast<double>(encoding.loss_cap()),
          encoding.canary_words(),
          encoding.rotated(),
          {},
          privacy::noise_in_sum(privacy_of(context),
                                1 + static_cast<std::size_t>(context.helpers_size())),
          static_cast<double>(context.privacy().device_noise())};
}

std::string read_privacy(const v1::RoundContext& message, privacy::Terms& terms) {
  if (!message.has_privacy()) return {};
  terms = privacy_of(message);
  if (!std::isfinite(terms.noise_multiplier) || terms.noise_multiplier < 0) {
    return "noise_multiplier must be 0 or above";
  }
  const float device_noise = message.privacy().device_noise();
  if (!std::isfinite(device_noise) || device_noise < 0) return "device_noise must be 0 or above";
  if (device_noise > 0 && message.minimum_reader_version() < subset_version) {
    return "device_noise needs minimum_reader_version 4";
  }
  if (terms.participation.cap < 1 || terms.band < 1 ||
      terms.participation.separation < terms.band) {
    return "privacy needs participation_cap >= 1 and separation >= band >= 1";
  }
  return {};
}

std::string read_aggregation(const v1::RoundContext& message, robust::Rule& rule) {
  if (!message.has_aggregation()) return {};
  const auto& aggregation = message.aggregation();
  const auto kind = kind_of(aggregation.rule());
  if (!kind) return "the rule of aggregation is not known to this program";
  rule = {*kind,
          aggregation.attackers(),
          static_cast<double>(aggregation.factor()),
          {static_cast<double>(aggregation.radius()), aggregation.iterations()}};
  if (*kind != robust::Kind::mean && message.privacy().device_noise() > 0) {
    return "aggregation: device_noise hides what a robust rule over devices looks at";
  }
  const auto fault = robust::fault_of(rule, message.n_min());
  return fault.empty() ? fault : "aggregation: " + fault;
}

std::string read_subset(const v1::RoundContext& message, crypto::Subset& subset) {
  if (message.parameters() == 0 || message.parameters() > most_parameters) {
    return "parameters must be 1..16777216";
  }
  subset = subset_of(message);
  if (!message.has_subset()) return {};
  if (message.minimum_reader_version() < subset_version) {
    return "subset needs minimum_reader_version 4";
  }
  const auto fault = subset.fault();
  return fault.empty() ? fault : "subset: " + fault;
}

// The bounds under which sums of n_max updates cannot wrap (PROTOCOL.md 6).
std::string read_encoding(const v1::RoundContext& context, const crypto::Subset& subset,
                          crypto::EncodingPlan& plan) {
  const auto& encoding = context.encoding();
  if (!crypto::ring_bits(encoding.ring_bits())) return "ring_bits must be 16, 24 or 32";
  if (encoding.canary_words() < 4 || encoding.canary_words() > most_canaries) {
    return "canary_words must be 4..1024";
  }
  if (!positive(encoding.clip_l2()) || !positive(encoding.clip_inf()) ||
      !positive(encoding.loss_cap()) || encoding.weight_examples_cap() == 0) {
    return "clip_l2, clip_inf, loss_cap and weight_examples_cap must be positive";
  }
  if (encoding.scale_log2() < -60 || encoding.scale_log2() > 60) {
    return "scale_log2 must be -60..60";
  }
  if (encoding.rotated() && context.minimum_reader_version() < rotation_version) {
    return "a rotated encoding needs minimum_reader_version 2";
  }
  plan = plan_of(context, subset.words());
  if (encoding.weight_scale_log2() >= encoding.ring_bits() || !plan.cannot_wrap(context.n_max())) {
    return "a sum of n_max updates could wrap: lower scale_log2 or weight_scale_log2";
  }
  const auto terms = privacy_of(context);
  const auto sigma = plan.noise_deviation(terms.noise_multiplier);
  if (terms.noise_multiplier > 0 && !(sigma.model >= 16 && sigma.metric >= 16)) {
    return "the noise would be coarser than 16 units: take a wider ring or smaller cohorts";
  }
  return {};
}

std::string read_helpers(const v1::RoundContext& message, std::vector<HelperEpoch>& helpers) {
  for (const auto& ref : message.helpers()) {
    const auto id = HelperId::from(ref.helper_id());
    if (!id) return "a helper_id must have 16 bytes";
    for (const auto& other : helpers) {
      if (other.helper == *id) return "helper " + id->hex() + " is named twice";
    }
    helpers.push_back({*id, ref.epoch()});
  }
  return {};
}

std::string read_names(const v1::RoundContext& message, Context& context) {
  const auto task = TaskId::from(message.task_id());
  const auto gateway = GatewayId::from(message.gateway_id());
  const auto model_hash = Hash::from(message.model_hash());
  const auto roster_hash = Hash::from(message.roster_hash());
  const auto combiner = ExchangeKey::from(message.combiner_key());
  if (!task || !gateway) return "task_id and gateway_id must have 16 bytes";
  if (!model_hash || !roster_hash || !combiner) {
    return "model_hash, roster_hash and combiner_key must have 32 bytes";
  }
  context.task = *task;
  context.gateway = *gateway;
  context.model_hash = *model_hash;
  context.roster_hash = *roster_hash;
  context.combiner = *combiner;
  return {};
}

void read_terms(const v1::RoundContext& message, Context& context) {
  context.tenant = message.tenant();
  context.mode = message.mode();
  context.scope = message.scope();
  context.scope_id = ScopeId::from(message.scope_id());
  context.round = message.round();
  context.attempt = message.attempt();
  context.model = message.model();
  context.encoding.rotation = crypto::rotation_seed(context.task, message.round());
  context.gateway_epoch = message.gateway_epoch();
  context.invited = message.invited();
  context.participation_threshold = message.participation_threshold();
  context.n_min = message.n_min();
  context.n_target = message.n_target();
  context.n_max = message.n_max();
  context.not_before = message.not_before();
  context.deadline = message.deadline();
  context.patience_seconds = message.patience_seconds();
  context.chunk_bytes = message.chunk_bytes();
  if (message.has_pairwise()) {
    const auto& pairwise = message.pairwise();
    context.pairwise = {*Hash::from(pairwise.group_hash()), pairwise.witness_seconds(),
                        pairwise.reveal_seconds()};
  }
}

}  // namespace

Hash ctx_hash(std::string_view bytes) {
  return crypto::hash("ctx", {view_of(bytes)});
}

ScopeId scope_id(const TaskId& task, std::string_view name) {
  const auto hash = crypto::hash("scope", {task.view(), view_of(name)});
  return *ScopeId::from(hash.view().first(ScopeId::size));
}

v1::RobustRule rule_of(robust::Kind kind) {
  return static_cast<v1::RobustRule>(std::ranges::find(rules, kind) - rules.begin());
}

std::uint64_t Context::upload_bytes() const {
  return std::uint64_t{encoding.words()} * crypto::word_bytes(encoding.bits);
}

std::uint32_t Context::chunks() const {
  return static_cast<std::uint32_t>((upload_bytes() + chunk_bytes - 1) / chunk_bytes);
}

std::uint32_t Context::bytes_of_chunk(std::uint32_t index) const {
  const auto begin = std::uint64_t{index} * chunk_bytes;
  return static_cast<std::uint32_t>(std::min<std::uint64_t>(chunk_bytes, upload_bytes() - begin));
}

std::variant<Context, std::string> parse_context(std::string_view bytes) {
  v1::RoundContext message;
  if (!message.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return "the round context does not decode";
  }
  Context context{};
  context.hash = ctx_hash(bytes);
  std::string fault = fault_in_terms(message);
  if (fault.empty()) fault = read_names(message, context);
  if (fault.empty()) fault = read_helpers(message, context.helpers);
  if (fault.empty()) fault = read_aggregation(message, context.aggregation);
  if (fault.empty()) fault = read_privacy(message, context.privacy);
  if (fault.empty()) fault = read_subset(message, context.subset);
  if (fault.empty()) fault = read_encoding(message, context.subset, context.encoding);
  if (!fault.empty()) return "round context: " + fault;
  read_terms(message, context);
  return context;
}

}  // namespace tributary::wire
