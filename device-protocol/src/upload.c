/* Sending a trained update: nonce, credit, chunks, header, receipt (PROTOCOL.md 7). */
#include <pb_decode.h>
#include <pb_encode.h>
#include <string.h>

#include "device-protocol/src/bytes.h"
#include "device-protocol/src/chunk.h"
#include "device-protocol/src/client_state.h"
#include "device-protocol/src/parts.h"
#include "device-protocol/src/steering.h"
#include "tributary.pb.h"
#include "tributary/frame.h"

/* Whoever refused a hello for good must act before another can succeed (PROTOCOL.md 8). */
enum { REFUSED_HELLO_SECONDS = 3600 };
/* A rounding keeps within the norm at least four times in ten: all of these fail once in 10^14. */
enum { MOST_ROUNDINGS = 64 };

/* What rules D3 and D5 need to know of it. */
static void remember_contribution(trib_client* client) {
  const trib_terms* terms = &client->round.terms;
  trib_task_memory* task = trib_remember_round(client);
  task->participations += 1;
  task->contributed_round = terms->round;
  memcpy(task->scope_id, terms->scope_id, sizeof task->scope_id);
  memcpy(task->model_hash, terms->model_hash, sizeof task->model_hash);
  task->helper_count = terms->helper_count;
  memcpy(task->helper_ids, terms->helper_ids, sizeof task->helper_ids);
}

/* The counter is durable before the nonce exists, the nonce before any chunk does, and the round is
 * remembered as contributed to with it: one contribution per round number, whatever happens next. */
static trib_status take_nonce(trib_client* client) {
  trib_status status;
  client->counters.nonce_counter += 1;
  client->counters.participations += 1;
  remember_contribution(client);
  status = trib_save_counters(client);
  if (status != TRIB_OK) return status;
  trib_put64(client->round.nonce, client->counters.nonce_counter);
  if (client->port.random(client->port.user, client->round.nonce + 8, 8) != TRIB_OK) {
    return TRIB_CRYPTO;
  }
  client->round.has_nonce = 1;
  return trib_save_round(client);
}

/* Rule D8 before anything leaves. A rotated update takes the first rounding that keeps the bounds,
 * the same one after a reset. */
static trib_status check_words(trib_client* client) {
  const trib_terms* terms = &client->round.terms;
  trib_update_summary summary;
  trib_status status = TRIB_OUT_OF_BOUNDS;
  trib_summarise(client, &summary);
  client->rounding.crypto = client->port.crypto;
  for (uint32_t i = 0; i < MOST_ROUNDINGS && status == TRIB_OUT_OF_BOUNDS; ++i) {
    if (TRIB_WITH_ROTATION && terms->encoding.rotated) {
      trib_round_secret(client, client->rounding.key, "rounding", i);
    } else if (i > 0) {
      break;
    }
    status = trib_check_bounds(client->memory.weights, terms->subset.words, &terms->encoding,
                               &summary, trib_rounding_of(client));
  }
  return status;
}

trib_status trib_upload_begin(trib_client* client) {
  trib_upload_name name;
  trib_status status = check_words(client);
  if (status != TRIB_OK) return status;
  if (!client->round.has_nonce) {
    /* The vector is durable before it gets its nonce. */
    status = trib_save_progress(client);
    if (status == TRIB_OK) status = take_nonce(client);
    if (status != TRIB_OK) return status;
  }
  trib_name_upload(client, &name);
  trib_digest_begin(client->port.crypto, &client->digest, &name,
                    trib_chunk_total(&client->round.terms));
  client->digest_chunks = 0;
  client->range_count = 0;
  client->phase = TRIB_PHASE_REQUESTING;
  trib_retry_start(client);
  status = trib_send_request(client);
  return status == TRIB_NOT_CONNECTED ? TRIB_OK : status;
}

trib_status trib_send_message(trib_client* client, const char* tail, const pb_msgdesc_t* fields,
                              const void* message) {
  char topic[TRIB_TOPIC_BYTES];
  pb_ostream_t stream = pb_ostream_from_buffer(client->memory.message, client->memory.message_size);
  if (!pb_encode(&stream, fields, message)) return TRIB_NO_SPACE;
  trib_device_topic(client, topic, tail);
  return client->port.publish(client->port.user, topic, client->memory.message,
                              stream.bytes_written);
}

trib_status trib_send_request(trib_client* client) {
  tributary_v1_UploadRequest request = tributary_v1_UploadRequest_init_zero;
  if (trib_upload_held(client)) return TRIB_NOT_CONNECTED; /* asked again in its window */
  memcpy(request.ctx_hash, client->round.terms.ctx_hash, TRIB_HASH_BYTES);
  memcpy(request.nonce, client->round.nonce, TRIB_NONCE_BYTES);
  request.total = trib_chunk_total(&client->round.terms);
  return trib_send_message(client, "/up/request", tributary_v1_UploadRequest_fields, &request);
}

static trib_status send_header(trib_client* client) {
  const trib_terms* terms = &client->round.terms;
  tributary_v1_UploadHeader header = tributary_v1_UploadHeader_init_zero;
  trib_upload_name name;
  trib_name_upload(client, &name);
  memcpy(header.ctx_hash, terms->ctx_hash, TRIB_HASH_BYTES);
  memcpy(header.nonce, client->round.nonce, TRIB_NONCE_BYTES);
  header.total = trib_chunk_total(terms);
  memcpy(header.digest, client->upload_digest, TRIB_HASH_BYTES);
  header.tickets_count = (pb_size_t)terms->helper_count;
  for (uint32_t i = 0; i < terms->helper_count; ++i) {
    const trib_party* helper =
        trib_find_party(client, terms->helper_ids[i], terms->helper_epochs[i], true);
    if (!helper) return TRIB_BAD_CONTEXT;
    trib_ticket(client->port.crypto, header.tickets[i], helper->pair_key, &name,
                client->upload_digest);
  }
  return trib_send_message(client, "/up/header", tributary_v1_UploadHeader_fields, &header);
}

/* Chunks that were made in order feed the digest as they go; the others are made again for it. */
static void digest_tag(trib_client* client, uint32_t index, const unsigned char* tag) {
  if (index != client->digest_chunks) return;
  client->port.crypto->sha256_update(&client->digest, tag, TRIB_TAG_BYTES);
  client->digest_chunks += 1;
  if (client->digest_chunks == trib_chunk_total(&client->round.terms)) {
    client->port.crypto->sha256_final(&client->digest, client->upload_digest);
  }
}

static trib_status publish_chunk(trib_client* client, uint32_t index) {
  char topic[TRIB_TOPIC_BYTES];
  size_t size;
  trib_status status = trib_make_chunk(client, index, &size);
  if (status != TRIB_OK) return status;
  trib_device_topic(client, topic, "/up/chunk");
  status = client->port.publish(client->port.user, topic, client->memory.message, size);
  if (status == TRIB_OK) {
    digest_tag(client, index, client->memory.message + size - TRIB_TAG_BYTES);
  }
  return status;
}

trib_status trib_upload_turn(trib_client* client) {
  trib_chunk_range* range = &client->ranges[0];
  trib_status status;
  if (client->range_count == 0) {
    if (client->digest_chunks == trib_chunk_total(&client->round.terms)) {
      client->phase = TRIB_PHASE_COMMITTING;
      trib_retry_start(client);
      return trib_commit_turn(client);
    }
    client->phase = TRIB_PHASE_REQUESTING;
    trib_retry_start(client);
    return trib_send_request(client);
  }
  status = publish_chunk(client, range->first);
  if (status != TRIB_OK) return status;
  range->first += 1;
  range->count -= 1;
  if (range->count == 0) {
    client->range_count -= 1;
    memmove(client->ranges, client->ranges + 1, client->range_count * sizeof client->ranges[0]);
  }
  return TRIB_OK;
}

/* Completes the digest, one chunk a turn, then sends the header. */
trib_status trib_commit_turn(trib_client* client) {
  trib_status status;
  if (client->digest_chunks < trib_chunk_total(&client->round.terms)) {
    size_t size;
    status = trib_make_chunk(client, client->digest_chunks, &size);
    if (status != TRIB_OK) return status;
    digest_tag(client, client->digest_chunks, client->memory.message + size - TRIB_TAG_BYTES);
    client->retry_at_ms = 0;
    return TRIB_OK;
  }
  status = trib_keep_unsent(client);
  if (status != TRIB_OK) return status;
  trib_retry_next(client);
  return send_header(client);
}

static bool names_upload(const trib_client* client, const unsigned char* ctx_hash,
                         const unsigned char* nonce) {
  return trib_has_round(client) && client->round.has_nonce &&
         memcmp(ctx_hash, client->round.terms.ctx_hash, TRIB_HASH_BYTES) == 0 &&
         memcmp(nonce, client->round.nonce, TRIB_NONCE_BYTES) == 0;
}

trib_status trib_on_credit(trib_client* client, const unsigned char* payload, size_t size) {
  tributary_v1_Credit credit = tributary_v1_Credit_init_zero;
  pb_istream_t stream = pb_istream_from_buffer(payload, size);
  const uint32_t total = trib_chunk_total(&client->round.terms);
  if (!pb_decode(&stream, tributary_v1_Credit_fields, &credit)) return TRIB_MALFORMED;
  if (!names_upload(client, credit.ctx_hash, credit.nonce)) return TRIB_STALE;
  for (pb_size_t i = 0; i < credit.ranges_count; ++i) {
    const tributary_v1_ChunkRange* range = &credit.ranges[i];
    if (range->count == 0 || range->first >= total || range->count > total - range->first) {
      return TRIB_MALFORMED;
    }
  }
  client->range_count = credit.ranges_count;
  for (pb_size_t i = 0; i < credit.ranges_count; ++i) {
    client->ranges[i].first = credit.ranges[i].first;
    client->ranges[i].count = credit.ranges[i].count;
  }
  client->phase = credit.ranges_count > 0 ? TRIB_PHASE_UPLOADING : TRIB_PHASE_COMMITTING;
  trib_retry_start(client);
  client->retry_at_ms = 0;
  return TRIB_OK;
}

trib_status trib_on_receipt(trib_client* client, const unsigned char* payload, size_t size) {
  tributary_v1_Receipt receipt = tributary_v1_Receipt_init_zero;
  pb_istream_t stream = pb_istream_from_buffer(payload, size);
  const trib_party* gateway;
  trib_upload_name name;
  unsigned char mac[TRIB_MAC_BYTES];
  if (!pb_decode(&stream, tributary_v1_Receipt_fields, &receipt)) return TRIB_MALFORMED;
  if (!names_upload(client, receipt.ctx_hash, receipt.nonce)) return TRIB_STALE;
  /* A device that was reset since its header does not know the digest yet; the mac vouches for it. */
  if (client->digest_chunks == trib_chunk_total(&client->round.terms) &&
      memcmp(receipt.digest, client->upload_digest, TRIB_HASH_BYTES) != 0) {
    return TRIB_BAD_SIGNATURE;
  }
  gateway = trib_find_party(client, client->gateway_id, client->round.terms.gateway_epoch, false);
  if (!gateway) return TRIB_BAD_CONTEXT;
  trib_name_upload(client, &name);
  trib_receipt_mac(client->port.crypto, mac, gateway->pair_key, &name, receipt.digest);
  if (!trib_equal(mac, receipt.mac, sizeof mac)) return TRIB_BAD_SIGNATURE;
  trib_log(client, TRIB_LOG_INFO, "contribution is durable, round", client->round.terms.round);
  return trib_round_end(client);
}

static void wait_seconds(trib_client* client, uint32_t seconds) {
  client->retry_at_ms = client->port.monotonic_ms(client->port.user) + (uint64_t)seconds * 1000;
}

trib_status trib_on_reject(trib_client* client, const unsigned char* payload, size_t size) {
  tributary_v1_Reject reject = tributary_v1_Reject_init_zero;
  pb_istream_t stream = pb_istream_from_buffer(payload, size);
  if (!pb_decode(&stream, tributary_v1_Reject_fields, &reject)) return TRIB_MALFORMED;
  /* A gateway that does not know the round names the nonce alone: no other upload has it. */
  if (reject.ctx_hash.size == 0) {
    memcpy(reject.ctx_hash.bytes, client->round.terms.ctx_hash, TRIB_HASH_BYTES);
  }
  if (reject.nonce.size != TRIB_NONCE_BYTES) {
    trib_log(client, TRIB_LOG_WARNING, "rejected outside a round, reason", (uint64_t)reject.reason);
    if (client->phase == TRIB_PHASE_JOINING) {
      wait_seconds(client, reject.retry_after_seconds > 0 ? reject.retry_after_seconds
                                                          : (uint32_t)REFUSED_HELLO_SECONDS);
    }
    return TRIB_OK;
  }
  if (!names_upload(client, reject.ctx_hash.bytes, reject.nonce.bytes)) return TRIB_STALE;
  trib_log(client, TRIB_LOG_WARNING, "upload rejected, reason", (uint64_t)reject.reason);
  if (reject.retry_after_seconds == 0) {
    const trib_status ended = trib_round_end(client);
    const bool unknown = reject.reason == tributary_v1_RejectReason_REJECT_UNKNOWN_DEVICE;
    return ended == TRIB_OK && unknown ? trib_say_hello(client) : ended;
  }
  client->range_count = 0;
  if (client->phase == TRIB_PHASE_UPLOADING) client->phase = TRIB_PHASE_REQUESTING;
  wait_seconds(client, reject.retry_after_seconds);
  return TRIB_OK;
}
