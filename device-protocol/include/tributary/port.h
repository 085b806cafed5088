/* What the library needs from its platform, as a struct of functions. The library owns no memory
 * and no thread: every function is called from the thread that calls the library, may block only
 * as long as the platform can afford, and must not call the library back. `user` is passed through. */
#ifndef TRIBUTARY_PORT_H
#define TRIBUTARY_PORT_H

#include <stddef.h>
#include <stdint.h>

#include "tributary/status.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
  TRIB_ID_BYTES = 16,
  TRIB_KEY_BYTES = 32,
  TRIB_HASH_BYTES = 32,
  TRIB_MAC_BYTES = 16,
  TRIB_TAG_BYTES = 16,
  TRIB_NONCE_BYTES = 16,
  TRIB_SIGNATURE_BYTES = 64,
  TRIB_MAX_HELPERS = 3
};

/* Room for the hash state of any crypto port; aligned for 64-bit words. */
typedef union trib_sha256_state {
  uint64_t align;
  unsigned char bytes[112];
} trib_sha256_state;

/* Primitives, protocol.md 2. All constant time in secrets. Return TRIB_OK or TRIB_CRYPTO. */
typedef struct trib_crypto_port {
  void (*sha256_init)(trib_sha256_state* state);
  void (*sha256_update)(trib_sha256_state* state, const void* data, size_t size);
  void (*sha256_final)(trib_sha256_state* state, unsigned char out[TRIB_HASH_BYTES]);
  /* RFC 8439 2.4: data ^= keystream(key, nonce = 0, first block = `counter`). In place. */
  void (*chacha20_xor)(unsigned char* data, size_t size, const unsigned char key[TRIB_KEY_BYTES],
                       uint32_t counter);
  /* RFC 8439 2.8 with a 12-byte nonce; encrypts in place and writes the tag. */
  void (*aead_seal)(unsigned char* data, size_t size, unsigned char tag[TRIB_TAG_BYTES],
                    const unsigned char* aad, size_t aad_size, const unsigned char nonce[12],
                    const unsigned char key[TRIB_KEY_BYTES]);
  /* RFC 7748. TRIB_CRYPTO when the result is all zero. */
  trib_status (*x25519)(unsigned char out[TRIB_KEY_BYTES],
                        const unsigned char secret[TRIB_KEY_BYTES],
                        const unsigned char public_key[TRIB_KEY_BYTES]);
  /* RFC 7748: out = secret * base point. */
  void (*x25519_base)(unsigned char out[TRIB_KEY_BYTES],
                      const unsigned char secret[TRIB_KEY_BYTES]);
  /* RFC 8032 Ed25519. */
  trib_status (*ed25519_verify)(const unsigned char signature[TRIB_SIGNATURE_BYTES],
                                const unsigned char* message, size_t size,
                                const unsigned char public_key[TRIB_KEY_BYTES]);
  trib_status (*ed25519_sign)(unsigned char signature[TRIB_SIGNATURE_BYTES],
                              const unsigned char* message, size_t size,
                              const unsigned char seed[TRIB_KEY_BYTES]);
  /* Zeroes memory in a way the compiler keeps. */
  void (*wipe)(void* data, size_t size);
} trib_crypto_port;

/* Names of durable records. A record is replaced as a whole and atomically: after power loss
 * `load` gives the old or the new content, never a mixture. */
typedef enum trib_record {
  TRIB_RECORD_IDENTITY = 1, /* DeviceIdentity, written at provisioning, read only here */
  TRIB_RECORD_EPOCH = 2,    /* own epoch secret, epoch number, cached pair keys */
  TRIB_RECORD_COUNTERS = 3, /* nonce counter, last round per task, participations */
  TRIB_RECORD_ROUND = 4,    /* the round in progress: context, step, nonce, phase */
  TRIB_RECORD_WEIGHTS = 5,  /* training checkpoint, bound to the round record by hash and step */
  TRIB_RECORD_RESIDUAL = 6, /* error feedback: what the last round of a task left unsent */
  /* In trust mode pairwise only: */
  TRIB_RECORD_GROUP = 7,      /* the group and what is known of the neighbours in it */
  TRIB_RECORD_CHAIN = 8,      /* task, slot and key of the prekey chain */
  TRIB_RECORD_VOW = 9,        /* the last survivors signed as a witness */
  TRIB_RECORD_REVEAL = 10,    /* the last decision which shares to reveal */
  TRIB_RECORD_MASK_KEYS = 11, /* the neighbours' mask keys of the round in progress */
  TRIB_RECORD_SETTINGS = 12,  /* the last good settings; only of a client with steering */
  /* Only of a device that enrols by claim (enrol.h): */
  TRIB_RECORD_CLAIM = 13,     /* ClaimIdentity, written at provisioning */
  TRIB_RECORD_ENROLMENT = 14, /* the identity seed it claims with */
  TRIB_RECORD_PERSONAL = 15   /* parameters that stay on the device, of the last task */
} trib_record;

typedef struct trib_storage_port {
  /* Reads at most `capacity` bytes of a record from `offset`; `*size` gets the count read (0 past
   * the end). TRIB_NOT_FOUND when the record was never saved or was erased. */
  trib_status (*load)(void* user, trib_record record, size_t offset, void* out, size_t capacity,
                      size_t* size);
  /* Replaces the record with head followed by body; durable when it returns TRIB_OK. */
  trib_status (*save)(void* user, trib_record record, const void* head, size_t head_size,
                      const void* body, size_t body_size);
  /* Removes a record; TRIB_OK also when there is none. */
  trib_status (*erase)(void* user, trib_record record);
} trib_storage_port;

/* Log levels; see trib_port.log. */
typedef enum trib_log_level { TRIB_LOG_DEBUG, TRIB_LOG_INFO, TRIB_LOG_WARNING } trib_log_level;

typedef struct trib_port {
  void* user;
  const trib_crypto_port* crypto;
  trib_storage_port storage;
  /* Monotonic milliseconds since an arbitrary start; may wrap never. */
  uint64_t (*monotonic_ms)(void* user);
  /* Unix seconds, or 0 when the wall clock is not known; a device without one skips expiry checks
   * and relies on rounds that only go up. */
  uint64_t (*unix_seconds)(void* user);
  /* Fills with cryptographically secure random bytes. */
  trib_status (*random)(void* user, void* out, size_t size);
  /* Publishes at QoS 1, not retained. Takes a copy or sends before returning.
   * TRIB_NOT_CONNECTED: the library keeps its state and tries again later. */
  trib_status (*publish)(void* user, const char* topic, const void* payload, size_t size);
  trib_status (*subscribe)(void* user, const char* topic);
  trib_status (*unsubscribe)(void* user, const char* topic);
  /* Optional (may be NULL): a static text and one number. Never a secret or a data value. */
  void (*log)(void* user, trib_log_level level, const char* text, uint64_t number);
} trib_port;

#ifdef __cplusplus
}
#endif
#endif
