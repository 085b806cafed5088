/* The device's part of a round as a state machine without I/O of its own (PROTOCOL.md 9):
 *
 *   joining -> idle -> fetching -> training -> requesting -> uploading -> committing -> idle
 *
 * The caller feeds it messages and time and gives it turns; it acts through trib_port. One client
 * serves one identity and one round at a time. Not thread safe: one thread per client.
 *
 * Reset safety: everything that could make two different vectors share a nonce is saved before it
 * is used. After power loss at any instruction, trib_client_start continues the round where the
 * last checkpoint left it or gives the round up; it never contributes twice to a round. */
#ifndef TRIBUTARY_CLIENT_H
#define TRIBUTARY_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tributary/port.h"
#include "tributary/steering.h"
#include "tributary/trainer.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum trib_phase {
  TRIB_PHASE_JOINING = 0, /* waiting for keys and welcome */
  TRIB_PHASE_IDLE,        /* no round to work on */
  TRIB_PHASE_FETCHING,    /* receiving model chunks */
  TRIB_PHASE_TRAINING,
  TRIB_PHASE_REQUESTING, /* asked for credit */
  TRIB_PHASE_UPLOADING,  /* sending granted chunks */
  TRIB_PHASE_COMMITTING  /* header sent, waiting for the receipt */
} trib_phase;

/* Memory and limits, owned by the caller, alive and unmoved as long as the client. */
typedef struct trib_client_memory {
  float* weights;         /* [parameters]: current weights, later the delta; then personal ones */
  float* initial;         /* [parameters]: the model of the round */
  float* gradient;        /* [parameters] */
  uint32_t parameters;    /* capacity of the three, in floats: trainer.parameters + .personal */
  unsigned char* message; /* scratch for one outgoing frame or message */
  size_t message_size;    /* >= 1024, and >= chunk_bytes of the context + TRIB_CHUNK_OVERHEAD */
  /* Optional, for trust mode pairwise: trib_pairwise_bytes() of the largest group to take part in,
   * aligned for uint64_t. Such a device needs message_size >= 220 + 96 * neighbours. NULL: none. */
  void* pairwise;
  size_t pairwise_size;
} trib_client_memory;

typedef struct trib_client_options {
  uint32_t checkpoint_steps; /* save weights every this many local steps; 0: only when trained */
  uint32_t retry_ms;         /* first wait before asking again, doubles up to 32 times; 0: 2000 */
  /* Optional, test and demonstration builds: called with the quantised vector
   * before masking, by first_word; a chunk made again is told again. Never set it in a product. */
  void (*reveal_quantised)(void* user, const unsigned char ctx_hash[TRIB_HASH_BYTES],
                           uint32_t first_word, const int32_t* words, uint32_t count);
  const char* firmware; /* shown to the operator; NULL: "" */
  /* Optional: the device is configured by topic and says how it is (PROTOCOL.md 11). NULL: it is
   * neither. Outlives the client. */
  trib_steering* steering;
} trib_client_options;

/* Opaque but of fixed size, so that it can be static: see trib_client_size. */
typedef struct trib_client trib_client;

/* Bytes a client needs; below 4096 (checked at compile time). */
size_t trib_client_size(void);

/* Bytes of trib_client_memory.pairwise for groups of up to so many devices (at most 5,000) with up
 * to so many neighbours each (at most 254). */
size_t trib_pairwise_bytes(uint32_t devices, uint32_t neighbours);

/* Builds a client in `storage` (trib_client_size() bytes, aligned for uint64_t) and loads its
 * records. The structs behind the pointers must outlive the client; port and trainer are copied.
 * TRIB_NOT_FOUND: no identity record, as after a decommissioning. TRIB_BAD_ARGUMENT: memory too small. */
trib_status trib_client_start(void* storage, const trib_port* port, const trib_trainer* trainer,
                              const trib_client_memory* memory, const trib_client_options* options,
                              trib_client** client);

/* The MQTT session is up (again): subscribes, says hello, and resumes. */
trib_status trib_client_connected(trib_client* client);

/* A message arrived. A message that is not for this device, malformed or out of place changes
 * nothing; the reason is returned and logged. */
trib_status trib_client_message(trib_client* client, const char* topic, const void* payload,
                                size_t size);

/* Does one bounded piece of work: one local step, one chunk, one retry; in mode pairwise also one
 * beside it: a prekey, a vow, some shares. Returns how many
 * milliseconds until it wants the next turn in `*wait_ms`: 0 = at once, UINT32_MAX = only after a
 * message. */
trib_status trib_client_turn(trib_client* client, uint32_t* wait_ms);

trib_phase trib_client_phase(const trib_client* client);

/* Copies the trainer's personal parameters, as the last local training left them, to
 * personal[trainer.personal]: with the shared ones they are this device's own model.
 * TRIB_NOT_FOUND: there was none yet, or its record is damaged. */
trib_status trib_client_personal(trib_client* client, float* personal);

/* Copies hash of the round's context (all zero when idle). */
void trib_client_context_hash(const trib_client* client, unsigned char out[TRIB_HASH_BYTES]);

/* The identity from the record, for the MQTT session: lower-case hex of the device id (33 bytes
 * with the final 0) and the 32-byte pre-shared key. */
void trib_client_mqtt_identity(const trib_client* client, char id[33],
                               unsigned char psk[TRIB_KEY_BYTES]);

#ifdef __cplusplus
}
#endif
#endif
