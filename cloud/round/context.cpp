#include "cloud/round/context.hpp"

#include <algorithm>

#include "device-protocol/cpp/context.hpp"

namespace tributary::cloud::round {
namespace {

constexpr std::uint32_t first_version = 1;
constexpr std::uint32_t rotation_version = 2;
constexpr std::uint32_t privacy_version = 3;
constexpr std::uint32_t scope_version = 4;
constexpr std::uint32_t subset_version = 4;
constexpr std::uint32_t pairwise_version = 4;
constexpr std::uint32_t invited_version = 5;

void set_encoding(v1::Encoding& message, const crypto::EncodingPlan& plan,
                  std::uint32_t weight_examples_cap) {
  message.set_ring_bits(static_cast<std::uint32_t>(plan.bits));
  message.set_scale_log2(plan.scale_log2);
  message.set_clip_l2(static_cast<float>(plan.clip_l2));
  message.set_clip_inf(static_cast<float>(plan.clip_inf));
  message.set_weight_examples_cap(weight_examples_cap);
  message.set_weight_scale_log2(plan.weight_scale_log2);
  message.set_loss_cap(static_cast<float>(plan.loss_cap));
  message.set_canary_words(plan.canary_words);
  message.set_rotated(plan.rotated);
}

void set_training(v1::Training& message, const TrainingSpec& spec) {
  message.set_local_steps(spec.local_steps);
  message.set_batch_size(spec.batch_size);
  message.set_learning_rate(static_cast<float>(spec.learning_rate));
  message.set_clipping_norm(static_cast<float>(spec.clipping_norm));
  message.set_dp_noise(static_cast<float>(spec.dp_noise));
}

void set_cohort(v1::RoundContext& context, const TaskSpec& spec, const RoundPlan& plan,
                const GatewayFacts& gateway, const GatewayShare& share) {
  context.set_gateway_id(gateway.id.raw());
  context.set_gateway_epoch(gateway.epoch);
  for (const auto& helper : gateway.helpers) {
    auto& ref = *context.add_helpers();
    ref.set_helper_id(helper.id.raw());
    ref.set_epoch(helper.epoch);
  }
  context.set_roster_hash(gateway.roster_hash.raw());
  context.set_invited(spec.invited);
  context.set_participation_threshold(spec.invited ? UINT32_MAX : plan.participation_threshold);
  context.set_n_min(spec.n_min);
  context.set_n_target(share.n_target);
  context.set_n_max(share.n_max);
}

void set_aggregation(v1::Aggregation& message, const robust::Rule& rule) {
  message.set_rule(wire::rule_of(rule.kind));
  message.set_attackers(rule.attackers);
  message.set_factor(static_cast<float>(rule.factor));
  message.set_radius(static_cast<float>(rule.clipping.radius));
  message.set_iterations(rule.clipping.iterations);
}

void set_privacy(v1::Privacy& message, const privacy::Terms& terms) {
  message.set_noise_multiplier(static_cast<float>(terms.noise_multiplier));
  message.set_participation_cap(terms.participation.cap);
  message.set_separation(terms.participation.separation);
  message.set_band(terms.band);
}

void set_scope(v1::RoundContext& context, const TaskSpec& spec, const TaskId& task,
               const GatewayId& gateway) {
  switch (spec.scope) {
    case ScopeKind::gateway:
      context.set_scope(v1::SCOPE_GATEWAY);
      return;
    case ScopeKind::group:
      context.set_scope(v1::SCOPE_GROUP);
      break;
    case ScopeKind::global:
      context.set_scope(v1::SCOPE_GLOBAL);
      break;
  }
  context.set_scope_id(wire::scope_id(task, scope_of(spec, gateway).value()).raw());
}

void set_device_noise(v1::Privacy& message, const DeviceNoiseSpec& noise) {
  message.set_device_noise(static_cast<float>(noise.multiplier));
  message.set_participation_cap(noise.participation.cap);
  message.set_separation(noise.participation.separation);
  message.set_band(std::max(message.band(), 1U));
}

void set_subset(v1::Subset& message, const crypto::Subset& subset) {
  message.set_first(subset.trained.first);
  message.set_count(subset.trained.count);
  message.set_block_words(subset.block_words);
  message.set_blocks(subset.blocks);
  message.set_error_feedback(subset.error_feedback);
}

bool is_whole(const crypto::Subset& subset) {
  return subset.block_words == 0 && subset.trained.count == subset.parameters;
}

v1::TrustMode mode_of(TrustMode mode) {
  switch (mode) {
    case TrustMode::trusted_gateway:
      return v1::TRUST_MODE_TRUSTED_GATEWAY;
    case TrustMode::pairwise:
      return v1::TRUST_MODE_PAIRWISE;
    case TrustMode::split_trust:
      break;
  }
  return v1::TRUST_MODE_SPLIT_TRUST;
}

void set_pairwise(v1::Pairwise& message, const PairwiseSpec& spec, const ReadyGroup& group) {
  message.set_group_hash(group.hash.raw());
  message.set_witness_seconds(spec.witness_seconds);
  message.set_reveal_seconds(spec.reveal_seconds);
}

// The lowest that understands everything the context asks for.
std::uint32_t reader_version(const TaskSpec& spec, const RoundPlan& plan) {
  if (spec.invited) return invited_version;
  if (spec.mode == TrustMode::pairwise) return pairwise_version;
  if (spec.scope != ScopeKind::gateway) return scope_version;
  if (spec.device_noise || !is_whole(plan.subset)) return subset_version;
  if (spec.mode == TrustMode::trusted_gateway || spec.privacy) return privacy_version;
  return plan.encoding.rotated ? rotation_version : first_version;
}

}  // namespace

v1::RoundContext make_context(const TaskSpec& spec, const RoundTerms& terms, const RoundPlan& plan,
                              const GatewayFacts& gateway, const GatewayShare& share) {
  v1::RoundContext context;
  context.set_minimum_reader_version(reader_version(spec, plan));
  context.set_tenant(terms.tenant);
  context.set_task_id(terms.task.raw());
  context.set_mode(mode_of(spec.mode));
  set_scope(context, spec, terms.task, gateway.id);
  context.set_round(terms.round);
  context.set_attempt(0);  // a failed round is tried again under a new round number
  context.set_model(spec.model);
  context.set_parameters(plan.subset.parameters);
  context.set_model_hash(terms.model_hash.raw());
  set_encoding(*context.mutable_encoding(), plan.encoding, spec.encoding.weight_examples_cap);
  set_training(*context.mutable_training(), spec.training);
  set_cohort(context, spec, plan, gateway, share);
  context.set_not_before(terms.not_before);
  context.set_deadline(terms.not_before + spec.deadline_seconds);
  context.set_patience_seconds(spec.patience_seconds);
  context.set_combiner_key(terms.combiner.raw());
  context.set_chunk_bytes(spec.chunk_bytes);
  if (spec.mode == TrustMode::trusted_gateway) {
    set_aggregation(*context.mutable_aggregation(), spec.device_aggregation);
  }
  if (spec.pairwise && gateway.group) {
    set_pairwise(*context.mutable_pairwise(), *spec.pairwise, *gateway.group);
  }
  if (spec.privacy) set_privacy(*context.mutable_privacy(), spec.privacy->terms);
  if (spec.device_noise) set_device_noise(*context.mutable_privacy(), *spec.device_noise);
  if (!is_whole(plan.subset)) set_subset(*context.mutable_subset(), plan.subset);
  return context;
}

std::optional<ContextReading> read_context(std::string_view bytes) {
  const auto parsed = wire::parse_context(bytes);
  const auto* context = std::get_if<wire::Context>(&parsed);
  if (context == nullptr) return std::nullopt;
  ContextReading reading{context->task,
                         context->round,
                         context->gateway,
                         {},
                         context->subset,
                         context->encoding,
                         context->n_min,
                         context->n_max,
                         context->deadline,
                         context->chunk_bytes,
                         context->scope_id,
                         context->privacy,
                         0};
  if (context->pairwise) {
    reading.after_deadline_seconds =
        context->pairwise->witness_seconds + context->pairwise->reveal_seconds;
  }
  for (const auto& helper : context->helpers) reading.helpers.push_back(helper.helper);
  return reading;
}

}  // namespace tributary::cloud::round
