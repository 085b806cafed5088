/* The raw frames that carry tensors (PROTOCOL.md 4). One codec for devices and servers. */
#ifndef TRIBUTARY_FRAME_H
#define TRIBUTARY_FRAME_H

#include "tributary/port.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
  TRIB_FRAME_VERSION = 1,
  TRIB_UPLOAD_HEAD_BYTES = 36,
  TRIB_CHUNK_OVERHEAD = TRIB_UPLOAD_HEAD_BYTES + TRIB_TAG_BYTES,
  TRIB_MODEL_HEAD_BYTES = 20,
  TRIB_FRAME_TAG_BYTES = 8 /* first bytes of ctx_hash or model hash */
};

/* 4.2: where an upload chunk belongs. */
typedef struct trib_upload_frame {
  unsigned char ctx_tag[TRIB_FRAME_TAG_BYTES];
  unsigned char nonce[TRIB_NONCE_BYTES];
  uint32_t index;
  uint32_t total;
} trib_upload_frame;

/* 4.1 */
typedef struct trib_model_frame {
  unsigned char model_tag[TRIB_FRAME_TAG_BYTES];
  uint32_t index;
  uint32_t total;
} trib_model_frame;

void trib_encode_upload_head(unsigned char out[TRIB_UPLOAD_HEAD_BYTES],
                             const trib_upload_frame* frame);
/* `*sealed` points into `in` at ciphertext || tag, at least 17 bytes. TRIB_MALFORMED: another
 * version or kind, reserved bytes set, index >= total, or too short. */
trib_status trib_decode_upload(trib_upload_frame* frame, const unsigned char** sealed,
                               size_t* sealed_size, const unsigned char* in, size_t size);

void trib_encode_model_head(unsigned char out[TRIB_MODEL_HEAD_BYTES],
                            const trib_model_frame* frame);
/* `*payload` points into `in`, at least 1 byte. */
trib_status trib_decode_model(trib_model_frame* frame, const unsigned char** payload,
                              size_t* payload_size, const unsigned char* in, size_t size);

#ifdef __cplusplus
}
#endif
#endif
