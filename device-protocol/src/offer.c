/* The rules for an offer, PROTOCOL.md 9: every check in the page's order, nothing saved here. */
#include <math.h>
#include <pb_decode.h>
#include <string.h>

#include "device-protocol/src/bytes.h"
#include "device-protocol/src/client_state.h"
#include "device-protocol/src/identity.h"
#include "device-protocol/src/pairs.h"
#include "device-protocol/src/parts.h"

static bool same(const unsigned char* a, const unsigned char* b, size_t size) {
  return memcmp(a, b, size) == 0;
}

/* A device that does not know of these must not read a context that asks for them. */
enum {
  ROTATION_VERSION = 2,
  PRIVACY_VERSION = 3,
  SUBSET_VERSION = 4,
  SCOPE_VERSION = 4,
  PAIRWISE_VERSION = 4
};

/* A deviation must be a whole number that the sampler takes (8 of them and more fit no ring anyway). */
static const double MOST_DEVIATION = 1073741824.0;

/* Rule D4: only the modes this device was provisioned for. */
static bool mode_allowed(const tributary_v1_RoundContext* context,
                         const tributary_v1_DeviceIdentity* identity) {
  if (context->mode == tributary_v1_TrustMode_TRUST_MODE_SPLIT_TRUST) {
    return context->helpers_count >= 1 && context->helpers_count <= TRIB_MAX_HELPERS;
  }
  if (context->mode == tributary_v1_TrustMode_TRUST_MODE_PAIRWISE) {
    return context->helpers_count == 0 && context->has_pairwise &&
           context->minimum_reader_version >= PAIRWISE_VERSION;
  }
  return context->mode == tributary_v1_TrustMode_TRUST_MODE_TRUSTED_GATEWAY &&
         identity->trust_gateway && context->helpers_count == 0 &&
         context->minimum_reader_version >= PRIVACY_VERSION;
}

/* Whose total is released: only a wider scope has an id, and only in split-trust there is one. */
static bool scope_allowed(const tributary_v1_RoundContext* context) {
  static const unsigned char none[TRIB_ID_BYTES] = {0};
  const bool named = !same(context->scope_id, none, sizeof none);
  if (context->scope == tributary_v1_Scope_SCOPE_GATEWAY) return !named;
  return (context->scope == tributary_v1_Scope_SCOPE_GROUP ||
          context->scope == tributary_v1_Scope_SCOPE_GLOBAL) &&
         named && context->minimum_reader_version >= SCOPE_VERSION &&
         context->mode == tributary_v1_TrustMode_TRUST_MODE_SPLIT_TRUST;
}

static bool promises_noise(const tributary_v1_RoundContext* context) {
  return context->has_privacy &&
         (context->privacy.noise_multiplier != 0.0F || context->privacy.device_noise != 0.0F);
}

/* Rule D4: at least as much as provisioned, of either noise. */
static bool noise_allowed(float noise, float floor) {
  return isfinite(noise) && noise >= 0.0F && noise >= floor;
}

/* Rules D4 and D5: enough noise, and neither this task nor all of them ask too often. */
static bool private_enough(const trib_client* client, const tributary_v1_RoundContext* context,
                           const tributary_v1_DeviceIdentity* identity) {
  const tributary_v1_Privacy* privacy = &context->privacy;
  const trib_task_memory* task = trib_find_task(client, context->task_id);
  if (identity->participation_cap > 0 &&
      client->counters.participations >= identity->participation_cap) {
    return false;
  }
  if (!promises_noise(context)) {
    return identity->noise_floor <= 0.0F && identity->device_noise_floor <= 0.0F;
  }
  if (!noise_allowed(privacy->noise_multiplier, identity->noise_floor) ||
      !noise_allowed(privacy->device_noise, identity->device_noise_floor) ||
      context->minimum_reader_version <
          (uint32_t)(privacy->device_noise > 0.0F ? SUBSET_VERSION : PRIVACY_VERSION) ||
      privacy->participation_cap < 1 || privacy->band < 1 || privacy->separation < privacy->band) {
    return false;
  }
  return !task || (task->participations < privacy->participation_cap &&
                   context->round >= task->last_round + privacy->separation);
}

/* For this device, this trainer, and above the provisioned floors. */
static bool meant_for(const trib_client* client, const tributary_v1_RoundContext* context,
                      const tributary_v1_DeviceIdentity* identity) {
  return context->minimum_reader_version <= TRIB_PROTOCOL_VERSION &&
         strcmp(context->tenant, identity->tenant) == 0 &&
         same(context->gateway_id, identity->gateway_id, TRIB_ID_BYTES) &&
         strcmp(context->model, client->trainer.model) == 0 &&
         context->parameters == client->trainer.parameters &&
         context->parameters <= client->memory.parameters && client->trainer.examples > 0 &&
         mode_allowed(context, identity) && scope_allowed(context) &&
         private_enough(client, context, identity) && context->n_min >= identity->n_min_floor &&
         context->has_encoding && context->has_training && context->training.local_steps > 0 &&
         context->training.batch_size > 0 &&
         (identity->clip_l2_cap <= 0.0F || context->encoding.clip_l2 <= identity->clip_l2_cap);
}

static bool positive(float value) {
  return isfinite(value) && value > 0.0F;
}

/* Only what this build has. */
static bool built_in(const tributary_v1_RoundContext* context) {
  if (!TRIB_WITH_ROTATION && context->encoding.rotated) return false;
  if (!TRIB_WITH_SUBSET && context->has_subset) return false;
  return TRIB_WITH_NOISE || (context->training.dp_noise <= 0.0F &&
                             (!context->has_privacy || context->privacy.device_noise <= 0.0F));
}

/* Encoding within the limits of PROTOCOL.md 6. */
static bool encodable(const tributary_v1_RoundContext* context) {
  const tributary_v1_Encoding* encoding = &context->encoding;
  if (encoding->ring_bits != 16 && encoding->ring_bits != 24 && encoding->ring_bits != 32) {
    return false;
  }
  return encoding->canary_words >= 4 && encoding->canary_words <= 1024 &&
         positive(encoding->clip_l2) && positive(encoding->clip_inf) &&
         positive(encoding->loss_cap) && encoding->weight_examples_cap > 0 &&
         encoding->scale_log2 >= -60 && encoding->scale_log2 <= 60 &&
         encoding->weight_scale_log2 < encoding->ring_bits && context->n_max > 0 &&
         context->parameters <= 16777216 &&
         (!encoding->rotated || context->minimum_reader_version >= ROTATION_VERSION);
}

static bool chunks_fit(const trib_client* client, const tributary_v1_RoundContext* context,
                       uint32_t model_chunk_bytes) {
  return context->chunk_bytes >= 48 && context->chunk_bytes % 48 == 0 &&
         context->chunk_bytes <= 262128 &&
         (size_t)context->chunk_bytes + 52 <= client->memory.message_size &&
         model_chunk_bytes >= 4 && model_chunk_bytes <= 262144 &&
         ((uint64_t)context->parameters * 4 + model_chunk_bytes - 1) / model_chunk_bytes <=
             TRIB_MAX_MODEL_CHUNKS;
}

/* Keys of the gateway and of every helper, if there are any, the helpers from distinct operators. */
static bool keys_known(const trib_client* client, const tributary_v1_RoundContext* context) {
  const trib_party* helpers[TRIB_MAX_HELPERS];
  const uint32_t count = context->helpers_count;
  if (!trib_find_party(client, context->gateway_id, context->gateway_epoch, false)) return false;
  for (uint32_t i = 0; i < count; ++i) {
    helpers[i] =
        trib_find_party(client, context->helpers[i].helper_id, context->helpers[i].epoch, true);
    if (!helpers[i]) return false;
    for (uint32_t j = 0; j < i; ++j) {
      if (strcmp(helpers[i]->operator_name, helpers[j]->operator_name) == 0) return false;
    }
  }
  return true;
}

static uint32_t draw(const trib_client* client, const char* label, const unsigned char* bytes,
                     size_t size) {
  unsigned char hash[TRIB_HASH_BYTES];
  const trib_part parts[] = {{bytes, size}, {client->device_id, TRIB_ID_BYTES}};
  trib_hash(client->port.crypto, hash, label, parts, 2);
  return trib_get32(hash);
}

/* By the threshold, and where participations must be apart: only the round's own cohort, so that those
 * who may not come are not waited for. */
static bool selected(const trib_client* client, const unsigned char ctx_hash[TRIB_HASH_BYTES],
                     const tributary_v1_RoundContext* context) {
  const uint32_t apart = promises_noise(context) ? context->privacy.separation : 1;
  if (apart > 1 &&
      draw(client, "cohort", context->task_id, TRIB_ID_BYTES) % apart != context->round % apart) {
    return false;
  }
  return draw(client, "select", ctx_hash, TRIB_HASH_BYTES) <= context->participation_threshold;
}

static void copy_encoding(trib_encoding* to, const tributary_v1_Encoding* from) {
  to->ring_bits = from->ring_bits;
  to->scale_log2 = from->scale_log2;
  to->clip_l2 = from->clip_l2;
  to->clip_inf = from->clip_inf;
  to->weight_examples_cap = from->weight_examples_cap;
  to->weight_scale_log2 = from->weight_scale_log2;
  to->loss_cap = from->loss_cap;
  to->canary_words = from->canary_words;
  to->rotated = from->rotated;
}

/* All parameters, or those that the context names. False: outside the limits of PROTOCOL.md 5.1. */
static bool read_subset(const trib_client* client, trib_terms* terms,
                        const tributary_v1_RoundContext* context) {
  trib_subset* subset = &terms->subset;
  subset->count = context->parameters;
  subset->words = context->parameters;
  if (!TRIB_WITH_SUBSET) return true;
  if (context->has_subset) {
    subset->first = context->subset.first;
    subset->count = context->subset.count;
    subset->block_words = context->subset.block_words;
    subset->blocks = context->subset.blocks;
    subset->error_feedback = context->subset.error_feedback;
    if (context->minimum_reader_version < SUBSET_VERSION) return false;
  }
  if (!trib_subset_valid(subset, context->parameters)) return false;
  trib_block_seed(client->port.crypto, subset->seed, terms->task_id, terms->round);
  subset->words = trib_subset_words(client->port.crypto, subset);
  return true;
}

/* The encoding has room for n_max updates, and the sampler for their noise. */
static bool room_for(const trib_terms* terms, uint32_t n_max) {
  return trib_cannot_wrap(&terms->encoding, terms->subset.words, n_max) &&
         trib_model_noise(&terms->encoding, terms->subset.words) <= MOST_DEVIATION &&
         trib_metric_noise(&terms->encoding) <= MOST_DEVIATION;
}

static void copy_terms(trib_terms* terms, const tributary_v1_RoundContext* context,
                       uint32_t model_chunk_bytes) {
  memcpy(terms->task_id, context->task_id, TRIB_ID_BYTES);
  memcpy(terms->model_hash, context->model_hash, TRIB_HASH_BYTES);
  memcpy(terms->scope_id, context->scope_id, TRIB_ID_BYTES);
  terms->round = context->round;
  terms->deadline = context->deadline;
  terms->parameters = context->parameters;
  terms->gateway_epoch = context->gateway_epoch;
  terms->helper_count = context->helpers_count;
  for (uint32_t i = 0; i < context->helpers_count; ++i) {
    memcpy(terms->helper_ids[i], context->helpers[i].helper_id, TRIB_ID_BYTES);
    terms->helper_epochs[i] = context->helpers[i].epoch;
  }
  terms->chunk_bytes = context->chunk_bytes;
  terms->model_chunk_bytes = model_chunk_bytes;
  terms->pairwise = context->mode == tributary_v1_TrustMode_TRUST_MODE_PAIRWISE;
  terms->group_tag = trib_get32(context->pairwise.group_hash);
  terms->local_steps = context->training.local_steps;
  terms->batch_size = context->training.batch_size;
  terms->learning_rate = context->training.learning_rate;
  terms->clipping_norm = context->training.clipping_norm;
  terms->dp_noise = context->training.dp_noise;
  copy_encoding(&terms->encoding, &context->encoding);
  terms->encoding.device_noise = context->has_privacy ? context->privacy.device_noise : 0.0F;
}

static trib_status check_context(const trib_client* client, trib_terms* terms,
                                 const tributary_v1_RoundContext* context,
                                 uint32_t model_chunk_bytes) {
  tributary_v1_DeviceIdentity identity;
  const uint64_t now = client->port.unix_seconds(client->port.user);
  const trib_task_memory* task = trib_find_task(client, context->task_id);
  trib_status status = trib_load_identity(client, &identity);
  if (status != TRIB_OK) return status;
  if (!meant_for(client, context, &identity) || !encodable(context) || !built_in(context) ||
      !chunks_fit(client, context, model_chunk_bytes) || !keys_known(client, context)) {
    status = TRIB_BAD_CONTEXT;
  } else if ((task && context->round <= task->last_round) ||
             (now != 0 && now > context->deadline)) {
    status = TRIB_STALE;
  } else if (!selected(client, terms->ctx_hash, context)) {
    status = TRIB_BAD_CONTEXT;
  }
  client->port.crypto->wipe(&identity, sizeof identity);
  if (status == TRIB_OK && context->mode == tributary_v1_TrustMode_TRUST_MODE_PAIRWISE) {
    status = trib_pair_offer_fits(client, context->pairwise.group_hash, context->task_id,
                                  context->round);
  }
  if (status != TRIB_OK) return status;
  copy_terms(terms, context, model_chunk_bytes);
  return read_subset(client, terms, context) && room_for(terms, context->n_max) ? TRIB_OK
                                                                                : TRIB_BAD_CONTEXT;
}

trib_status trib_read_offer(const trib_client* client, trib_terms* terms,
                            const unsigned char* payload, size_t size) {
  tributary_v1_Offer offer = tributary_v1_Offer_init_zero;
  tributary_v1_RoundContext context = tributary_v1_RoundContext_init_zero;
  tributary_v1_DeviceIdentity identity;
  pb_istream_t stream = pb_istream_from_buffer(payload, size);
  trib_status status;
  memset(terms, 0, sizeof *terms);
  if (!pb_decode(&stream, tributary_v1_Offer_fields, &offer)) return TRIB_MALFORMED;
  status = trib_load_identity(client, &identity);
  if (status == TRIB_OK) {
    status = trib_verify_body(client->port.crypto, "ctx", offer.context.bytes, offer.context.size,
                              offer.signature, identity.coordinator_key);
  }
  client->port.crypto->wipe(&identity, sizeof identity);
  if (status != TRIB_OK) return status;
  {
    const trib_part part = {offer.context.bytes, offer.context.size};
    trib_hash(client->port.crypto, terms->ctx_hash, "ctx", &part, 1);
  }
  stream = pb_istream_from_buffer(offer.context.bytes, offer.context.size);
  if (!pb_decode(&stream, tributary_v1_RoundContext_fields, &context)) return TRIB_MALFORMED;
  if (context.has_pairwise && trib_pairs_of(client)) {
    trib_pair_slot_seen(trib_pairs_of(client), context.pairwise.group_hash, context.task_id,
                        context.round);
  }
  status = check_context(client, terms, &context, offer.model_chunk_bytes);
  if (status == TRIB_OK && !trib_may_contribute_to(client, trib_find_task(client, context.task_id),
                                                   context.model_hash, payload, size)) {
    status = TRIB_STALE;
  }
  return status;
}
