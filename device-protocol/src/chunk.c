#include "device-protocol/src/chunk.h"

#include <string.h>

#include "device-protocol/src/device_noise.h"
#include "device-protocol/src/mask.h"
#include "device-protocol/src/pairs.h"
#include "device-protocol/src/parts.h"
#include "device-protocol/src/seal.h"
#include "tributary/frame.h"

uint32_t trib_chunk_total(const trib_terms* terms) {
  const uint64_t bytes = (uint64_t)trib_word_count(&terms->encoding, terms->subset.words) *
                         (terms->encoding.ring_bits / 8);
  return terms->chunk_bytes == 0
             ? 0
             : (uint32_t)((bytes + terms->chunk_bytes - 1) / terms->chunk_bytes);
}

void trib_name_upload(const trib_client* client, trib_upload_name* name) {
  memcpy(name->ctx_hash, client->round.terms.ctx_hash, sizeof name->ctx_hash);
  memcpy(name->device_id, client->device_id, sizeof name->device_id);
  memcpy(name->nonce, client->round.nonce, sizeof name->nonce);
}

void trib_summarise(const trib_client* client, trib_update_summary* summary) {
  const trib_progress* progress = &client->progress;
  summary->examples = progress->examples;
  summary->mean_loss =
      progress->steps > 0 ? (float)(progress->loss_sum / (double)progress->steps) : 0.0F;
  summary->correct = progress->correct;
  summary->seen = progress->seen;
}

const trib_rounding* trib_rounding_of(const trib_client* client) {
  return TRIB_WITH_ROTATION && client->round.terms.encoding.rotated ? &client->rounding : NULL;
}

/* A few words at a time: a whole chunk of int32 would double the buffer. */
enum { BATCH = 48 };

static void put_word(unsigned char* out, int32_t word, size_t width) {
  for (size_t i = 0; i < width; ++i) out[i] = (unsigned char)((uint32_t)word >> (8 * i));
}

static void begin_noise(const trib_client* client, trib_device_noise* noise) {
  const trib_terms* terms = &client->round.terms;
  memset(noise, 0, sizeof *noise);
  if (!TRIB_WITH_NOISE) return;
  noise->crypto = client->port.crypto;
  noise->parameters = terms->subset.words;
  noise->model_deviation = (uint32_t)trib_model_noise(&terms->encoding, terms->subset.words);
  noise->metric_deviation = (uint32_t)trib_metric_noise(&terms->encoding);
  if (noise->model_deviation > 0) trib_round_secret(client, noise->key, "device-noise", 0);
}

static void encode_plain(trib_client* client, unsigned char* out, uint32_t first, uint32_t count,
                         bool reveal) {
  const trib_terms* terms = &client->round.terms;
  const size_t width = terms->encoding.ring_bits / 8;
  int32_t words[BATCH];
  trib_update_summary summary;
  trib_device_noise noise;
  trib_summarise(client, &summary);
  begin_noise(client, &noise);
  for (uint32_t at = 0; at < count; at += BATCH) {
    const uint32_t batch = count - at < BATCH ? count - at : (uint32_t)BATCH;
    trib_encode_words(words, first + at, batch, client->memory.weights, terms->subset.words,
                      &terms->encoding, &summary, trib_rounding_of(client));
    if (TRIB_WITH_NOISE && noise.model_deviation > 0)
      trib_add_device_noise(&noise, words, first + at, batch);
    if (reveal) {
      client->options.reveal_quantised(client->port.user, terms->ctx_hash, first + at, words,
                                       batch);
    }
    for (uint32_t i = 0; i < batch; ++i) put_word(out + (at + i) * width, words[i], width);
  }
  client->port.crypto->wipe(words, sizeof words);
  client->port.crypto->wipe(&noise, sizeof noise);
}

static trib_status mask_words(trib_client* client, const trib_upload_name* name,
                              unsigned char* words, uint64_t offset, size_t size) {
  const trib_terms* terms = &client->round.terms;
  unsigned char seed[TRIB_KEY_BYTES];
  trib_status status = TRIB_OK;
  if (terms->pairwise) return trib_add_pair_masks(client, words, offset, size);
  for (uint32_t i = 0; i < terms->helper_count && status == TRIB_OK; ++i) {
    const trib_party* helper =
        trib_find_party(client, terms->helper_ids[i], terms->helper_epochs[i], true);
    if (!helper) return TRIB_BAD_CONTEXT;
    trib_mask_seed(client->port.crypto, seed, helper->pair_key, name);
    status =
        trib_add_mask(client->port.crypto, terms->encoding.ring_bits, seed, offset, words, size);
  }
  client->port.crypto->wipe(seed, sizeof seed);
  return status;
}

/* A device without the upload key must not touch the words: it would seal under garbage. */
static trib_status upload_key(const trib_client* client, unsigned char key[TRIB_KEY_BYTES],
                              const trib_upload_name* name) {
  const trib_party* gateway =
      trib_find_party(client, client->gateway_id, client->round.terms.gateway_epoch, false);
  if (!gateway) return TRIB_BAD_CONTEXT;
  trib_upload_key(client->port.crypto, key, gateway->pair_key, name);
  return TRIB_OK;
}

trib_status trib_make_chunk(trib_client* client, uint32_t index, size_t* size) {
  const trib_terms* terms = &client->round.terms;
  const size_t width = terms->encoding.ring_bits / 8;
  const uint32_t per_chunk = terms->chunk_bytes / (uint32_t)width;
  const uint32_t all = trib_word_count(&terms->encoding, terms->subset.words);
  const uint32_t first = index * per_chunk;
  const uint32_t count = all - first < per_chunk ? all - first : per_chunk;
  const bool reveal = client->options.reveal_quantised && index == client->digest_chunks;
  unsigned char* words = client->memory.message + TRIB_UPLOAD_HEAD_BYTES;
  unsigned char key[TRIB_KEY_BYTES];
  trib_upload_name name;
  trib_upload_frame frame;
  trib_chunk_place place;
  trib_status status;
  trib_name_upload(client, &name);
  status = upload_key(client, key, &name);
  if (status != TRIB_OK) return status;
  encode_plain(client, words, first, count, reveal);
  status = mask_words(client, &name, words, (uint64_t)first * width, (size_t)count * width);
  if (status == TRIB_OK) {
    memcpy(frame.ctx_tag, terms->ctx_hash, sizeof frame.ctx_tag);
    memcpy(frame.nonce, name.nonce, sizeof frame.nonce);
    frame.index = index;
    frame.total = trib_chunk_total(terms);
    place.name = &name;
    place.index = index;
    place.total = frame.total;
    place.ring_bits = terms->encoding.ring_bits;
    trib_encode_upload_head(client->memory.message, &frame);
    trib_seal_chunk(client->port.crypto, key, &place, words, (size_t)count * width);
    *size = TRIB_UPLOAD_HEAD_BYTES + (size_t)count * width + TRIB_TAG_BYTES;
  }
  client->port.crypto->wipe(key, sizeof key);
  return status;
}
