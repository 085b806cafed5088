/* What a client holds, and the parts its files offer each other. Lengths are protocol limits. */
#ifndef TRIBUTARY_SRC_CLIENT_STATE_H
#define TRIBUTARY_SRC_CLIENT_STATE_H

#include "device-protocol/src/derive.h"
#include "device-protocol/src/encode.h"
#include "device-protocol/src/subset.h"
#include "tributary/client.h"

enum {
  TRIB_MAX_PARTIES = 8,   /* own gateway and helpers whose keys are kept: all of one SiteKeys */
  TRIB_MAX_OPERATOR = 33, /* with the final 0 */
  TRIB_MAX_TENANT = 33,
  TRIB_MAX_CONTEXT = 640, /* serialized RoundContext */
  TRIB_MAX_TASKS = 16,    /* tasks whose last round is remembered */
  TRIB_MAX_MODEL_CHUNKS = 1024,
  TRIB_MAX_RANGES = 8,
  TRIB_PROTOCOL_VERSION = 4 /* highest minimum_reader_version understood */
};

struct pb_msgdesc_s;

/* A party this device shares a pair key with. */
typedef struct trib_party {
  unsigned char id[TRIB_ID_BYTES];
  unsigned char pair_key[TRIB_KEY_BYTES];
  unsigned char verify_key[TRIB_KEY_BYTES]; /* Ed25519, of its certificate: signs VOIDs */
  uint32_t epoch;
  unsigned char is_helper;
  char operator_name[TRIB_MAX_OPERATOR];
} trib_party;

/* Record "epoch": saved as a whole after every change. */
typedef struct trib_epoch_state {
  unsigned char secret[TRIB_KEY_BYTES];
  uint32_t epoch;
  uint32_t welcomed; /* the roster holds this key */
  uint32_t party_count;
  trib_party parties[TRIB_MAX_PARTIES];
} trib_epoch_state;

typedef struct trib_task_memory {
  unsigned char task_id[TRIB_ID_BYTES];
  uint64_t last_round;
  uint32_t participations; /* rounds in which a nonce was taken */
  /* The last of them, for rule D3. */
  uint32_t helper_count;
  uint64_t contributed_round;
  unsigned char model_hash[16]; /* its first half */
  unsigned char helper_ids[TRIB_MAX_HELPERS][TRIB_ID_BYTES];
  unsigned char scope_id[TRIB_ID_BYTES]; /* all zero: its scope was the gateway */
} trib_task_memory;

/* Record "counters": saved before a nonce is used. */
typedef struct trib_counters {
  uint64_t nonce_counter;
  uint64_t participations; /* the odometer: over all tasks, ever */
  uint32_t next_task;      /* slot that the next unknown task overwrites */
  trib_task_memory tasks[TRIB_MAX_TASKS];
} trib_counters;

/* The verified terms of a round, typed. */
typedef struct trib_terms {
  unsigned char ctx_hash[TRIB_HASH_BYTES];
  unsigned char task_id[TRIB_ID_BYTES];
  unsigned char model_hash[TRIB_HASH_BYTES];
  unsigned char scope_id[TRIB_ID_BYTES]; /* all zero: the scope is the gateway */
  uint64_t round;
  uint64_t deadline;
  uint32_t parameters;
  uint32_t gateway_epoch;
  uint32_t helper_count;
  unsigned char helper_ids[TRIB_MAX_HELPERS][TRIB_ID_BYTES];
  uint32_t helper_epochs[TRIB_MAX_HELPERS];
  uint32_t chunk_bytes;
  uint32_t model_chunk_bytes;
  uint32_t local_steps;
  uint32_t batch_size;
  float learning_rate;
  float clipping_norm;
  float dp_noise;
  trib_subset subset; /* which of the parameters are trained, and travel */
  trib_encoding encoding;
  uint32_t pairwise;  /* mode pairwise: the slot is the round */
  uint32_t group_tag; /* first bytes of its group's hash */
} trib_terms;

/* Record "round": everything but the floats that a reboot needs. */
typedef struct trib_round_state {
  trib_terms terms;
  uint32_t has_nonce; /* some chunk may have left under `nonce`: this vector or none */
  unsigned char nonce[TRIB_NONCE_BYTES];
} trib_round_state;

/* Head of record "weights". The body is d floats and the personal ones; once trained, those that travel as they will be sent,
 * then with error feedback the other trained ones. */
typedef struct trib_progress {
  unsigned char ctx_hash[TRIB_HASH_BYTES];
  uint32_t steps;   /* local steps done */
  uint32_t trained; /* the body is the clipped (and rotated) delta, not weights: gathered */
  uint32_t parameters;
  uint32_t examples; /* of the trainer when it began */
  uint32_t correct;
  uint32_t seen;
  double loss_sum;                          /* over `steps` batches */
  unsigned char body_hash[TRIB_HASH_BYTES]; /* of the floats, made when they are saved */
} trib_progress;

/* Head of record "residual"; the body is `count` floats, of the parameters the task trains. */
typedef struct trib_residual {
  unsigned char task_id[TRIB_ID_BYTES];
  uint64_t round; /* at whose end it was kept; of use only until the next contribution */
  uint32_t sent;  /* a header may have left: what travelled is 0 */
  uint32_t first;
  uint32_t count;
  unsigned char body_hash[TRIB_HASH_BYTES];
} trib_residual;

/* Head of record "personal"; the body is `count` floats. */
typedef struct trib_personal {
  unsigned char task_id[TRIB_ID_BYTES];
  uint32_t count;
  unsigned char body_hash[TRIB_HASH_BYTES];
} trib_personal;

typedef struct trib_chunk_range {
  uint32_t first;
  uint32_t count;
} trib_chunk_range;

struct trib_client {
  trib_port port;
  trib_trainer trainer;
  trib_client_memory memory;
  trib_client_options options;
  unsigned char device_id[TRIB_ID_BYTES];
  unsigned char gateway_id[TRIB_ID_BYTES];
  trib_phase phase;
  bool connected;

  trib_epoch_state epoch;
  trib_counters counters;
  trib_round_state round; /* valid in the phases with a round */
  trib_progress progress;

  uint32_t model_chunks; /* of the fetch in progress */
  uint32_t fetched;
  unsigned char fetched_map[TRIB_MAX_MODEL_CHUNKS / 8];

  trib_chunk_range ranges[TRIB_MAX_RANGES]; /* granted and not sent yet */
  uint32_t range_count;

  bool residual_kept;       /* as it is once a header has left */
  trib_rounding rounding;   /* of a rotated update, once trained */
  trib_sha256_state digest; /* over the tags of chunks 0 .. digest_chunks-1 */
  uint32_t digest_chunks;
  unsigned char upload_digest[TRIB_HASH_BYTES]; /* valid once digest_chunks == total */

  uint64_t retry_at_ms; /* when to repeat what was last said */
  uint32_t retry_wait_ms;
};

/* ---- client.c */
void trib_log(const trib_client* client, trib_log_level level, const char* text, uint64_t number);
enum { TRIB_RETRY_GROWTH = 32 };
uint32_t trib_first_wait(const trib_client* client); /* it grows up to 32 times that */
/* Starts or doubles the wait before the last message is repeated. */
void trib_retry_start(trib_client* client);
void trib_retry_next(trib_client* client);
/* Ends the round: erases its records, asks for the offers again. */
trib_status trib_round_end(trib_client* client);
/* Ends a round that cannot be worked on here, so that its retained offer is not taken again.
 * Returns `reason`, or TRIB_STORAGE. */
trib_status trib_round_give_up(trib_client* client, trib_status reason);
bool trib_has_round(const trib_client* client);

/* ---- records.c: the durable state */
trib_status trib_load_state(trib_client* client);
trib_status trib_save_epoch(trib_client* client);
trib_status trib_save_counters(trib_client* client);
trib_status trib_save_round(trib_client* client);
/* Saves progress and memory.weights. */
trib_status trib_save_progress(trib_client* client);
/* Saves `head` (its body_hash filled here) and count floats. */
trib_status trib_save_residual(trib_client* client, trib_residual* head, const float* body);
/* The head; the body into body[capacity] unless that is NULL. TRIB_NOT_FOUND also when it is damaged. */
trib_status trib_load_residual(trib_client* client, trib_residual* head, float* body,
                               uint32_t capacity);
/* Of floats that are the body of a record; `label` names it. */
void trib_hash_floats(const trib_client* client, unsigned char out[TRIB_HASH_BYTES],
                      const char* label, const float* body, size_t count);
/* Loads a round and its progress; TRIB_NOT_FOUND when there is none that fits. Sets the phase. */
trib_status trib_load_round(trib_client* client);
/* A record of a struct as it lies in memory, checked when it is read, and bytes that belong to it.
 * TRIB_NOT_FOUND also for a damaged one. */
trib_status trib_record_save(trib_client* client, trib_record record, const void* head, size_t size,
                             const void* body, size_t body_size);
trib_status trib_record_load(trib_client* client, trib_record record, void* head, size_t size);
/* Exactly `size` bytes behind the head; not checked. */
trib_status trib_record_load_body(trib_client* client, trib_record record, size_t head_size,
                                  void* body, size_t size);
/* What is remembered of a task; NULL: nothing yet. */
const trib_task_memory* trib_find_task(const trib_client* client,
                                       const unsigned char task_id[TRIB_ID_BYTES]);
/* Rounds of the task up to this one are over for this device; not saved yet. */
trib_task_memory* trib_raise_round(trib_client* client, const unsigned char task_id[TRIB_ID_BYTES],
                                   uint64_t round);
/* The round is contributed to or dropped for good. Its entry in the memory. */
trib_task_memory* trib_remember_round(trib_client* client);

/* ---- join.c: hello, welcome, keys */
trib_status trib_say_hello(trib_client* client);
trib_status trib_on_welcome(trib_client* client, const unsigned char* payload, size_t size);
trib_status trib_on_site_keys(trib_client* client, const unsigned char* payload, size_t size);
const trib_party* trib_find_party(const trib_client* client, const unsigned char id[TRIB_ID_BYTES],
                                  uint32_t epoch, bool helper);
/* The own gateway, whatever its epoch. NULL: its key is not here. */
const trib_party* trib_own_gateway(const trib_client* client);
bool trib_joined(const trib_client* client);

/* ---- offer.c: may this device take part, and on what terms */
trib_status trib_read_offer(const trib_client* client, trib_terms* terms,
                            const unsigned char* payload, size_t size);

/* ---- voids.c */
/* Rule D3: whether this device may contribute to `model_hash` (again): it has not yet, or the offer holds
 * the VOID of every helper of its last contribution. */
bool trib_may_contribute_to(const trib_client* client, const trib_task_memory* task,
                            const unsigned char model_hash[TRIB_HASH_BYTES],
                            const unsigned char* offer, size_t size);

/* ---- fetch.c */
/* Forgets what was fetched; asks for nothing yet. */
void trib_fetch_begin(trib_client* client);
/* The model is complete, and whatever else the round needs before it trains may have come. */
trib_status trib_fetch_check(trib_client* client);
/* Asks for what is missing (again): it is retained. */
trib_status trib_fetch_more(trib_client* client);
trib_status trib_on_model_chunk(trib_client* client, const unsigned char* payload, size_t size);

/* ---- train.c */
/* What is random in a round follows from the local secret, the round, a purpose and a number. */
void trib_round_secret(const trib_client* client, unsigned char out[TRIB_KEY_BYTES],
                       const char* purpose, uint32_t number);
/* One local step per call; moves on to requesting after the last */
trib_status trib_train_turn(trib_client* client);

/* ---- residual.c: error feedback, PROTOCOL.md 5.1 */
/* weights[d] += what earlier rounds of the task left. Uses memory.gradient. */
trib_status trib_add_residual(trib_client* client);
/* Before the first header leaves: what will not have travelled is kept for the next round. Nothing is to
 * do in a round without error feedback. Uses memory.initial and memory.gradient. */
trib_status trib_keep_unsent(trib_client* client);
/* At the end of a round whose header never left: all of the update is kept, if one was saved. */
trib_status trib_keep_update(trib_client* client);
/* What a trained delta[d] becomes in memory.weights: the travelling ones, then the others that are trained.
 * Uses memory.initial and memory.gradient. */
void trib_gather_update(trib_client* client);

/* ---- personal.c: parameters that stay here, behind the shared ones in memory.weights */
/* Those the last round of the task left; 0 when there are none. */
trib_status trib_recall_personal(trib_client* client);
trib_status trib_keep_personal(trib_client* client);

/* ---- upload.c */
trib_status trib_upload_begin(trib_client* client);
trib_status trib_send_request(trib_client* client);
trib_status trib_upload_turn(trib_client* client);
trib_status trib_commit_turn(trib_client* client);
trib_status trib_on_credit(trib_client* client, const unsigned char* payload, size_t size);
trib_status trib_on_receipt(trib_client* client, const unsigned char* payload, size_t size);
trib_status trib_on_reject(trib_client* client, const unsigned char* payload, size_t size);
uint32_t trib_chunk_total(const trib_terms* terms);
/* Encodes into memory.message and publishes; `fields` and `message` are nanopb's. */
trib_status trib_send_message(trib_client* client, const char* tail,
                              const struct pb_msgdesc_s* fields, const void* message);

/* ---- topic.c */
enum { TRIB_TOPIC_BYTES = 128 };
/* "tributary/v1/device/<hex id><tail>" */
void trib_device_topic(const trib_client* client, char out[TRIB_TOPIC_BYTES], const char* tail);
/* "tributary/v1/site/<kind>/<hex of hash><tail>" */
void trib_site_topic(char out[TRIB_TOPIC_BYTES], const char* kind, const unsigned char* id,
                     size_t size, const char* tail);
void trib_hex(char* out, const unsigned char* bytes, size_t size);
/* What follows `prefix` in `topic`, or NULL. */
const char* trib_after(const char* topic, const char* prefix);

#endif
