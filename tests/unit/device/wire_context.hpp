// A context every reader takes: split-trust, one helper, 8 parameters in a ring of 32 bits.
#pragma once

#include "tributary.pb.h"

namespace tributary::tests {

inline v1::RoundContext good_context() {
  v1::RoundContext context;
  context.set_minimum_reader_version(1);
  context.set_tenant("acme");
  context.set_task_id(std::string(16, 't'));
  context.set_gateway_id(std::string(16, 'g'));
  context.set_mode(v1::TRUST_MODE_SPLIT_TRUST);
  context.set_scope(v1::SCOPE_GATEWAY);
  context.set_round(7);
  context.set_model("mlp:3-2");
  context.set_parameters(8);
  context.set_model_hash(std::string(32, 'm'));
  auto& encoding = *context.mutable_encoding();
  encoding.set_ring_bits(32);
  encoding.set_scale_log2(20);
  encoding.set_clip_l2(10);
  encoding.set_clip_inf(1);
  encoding.set_weight_examples_cap(100);
  encoding.set_weight_scale_log2(20);
  encoding.set_loss_cap(10);
  encoding.set_canary_words(4);
  auto& helper = *context.add_helpers();
  helper.set_helper_id(std::string(16, 'h'));
  helper.set_epoch(2);
  context.set_roster_hash(std::string(32, 'r'));
  context.set_n_min(2);
  context.set_n_target(5);
  context.set_n_max(9);
  context.set_not_before(100);
  context.set_deadline(200);
  context.set_combiner_key(std::string(32, 'c'));
  context.set_chunk_bytes(48);
  return context;
}

}  // namespace tributary::tests
