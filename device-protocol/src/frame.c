#include "tributary/frame.h"

#include <string.h>

#include "device-protocol/src/bytes.h"

enum { KIND_UPLOAD = 1, KIND_MODEL = 2 };

static void put_start(unsigned char* out, unsigned char kind) {
  out[0] = TRIB_FRAME_VERSION;
  out[1] = kind;
  out[2] = 0;
  out[3] = 0;
}

static int good_start(const unsigned char* in, unsigned char kind) {
  return in[0] == TRIB_FRAME_VERSION && in[1] == kind && in[2] == 0 && in[3] == 0;
}

void trib_encode_upload_head(unsigned char out[TRIB_UPLOAD_HEAD_BYTES],
                             const trib_upload_frame* frame) {
  put_start(out, KIND_UPLOAD);
  memcpy(out + 4, frame->ctx_tag, sizeof frame->ctx_tag);
  memcpy(out + 12, frame->nonce, sizeof frame->nonce);
  trib_put32(out + 28, frame->index);
  trib_put32(out + 32, frame->total);
}

trib_status trib_decode_upload(trib_upload_frame* frame, const unsigned char** sealed,
                               size_t* sealed_size, const unsigned char* in, size_t size) {
  if (size <= TRIB_CHUNK_OVERHEAD || !good_start(in, KIND_UPLOAD)) return TRIB_MALFORMED;
  memcpy(frame->ctx_tag, in + 4, sizeof frame->ctx_tag);
  memcpy(frame->nonce, in + 12, sizeof frame->nonce);
  frame->index = trib_get32(in + 28);
  frame->total = trib_get32(in + 32);
  if (frame->index >= frame->total) return TRIB_MALFORMED;
  *sealed = in + TRIB_UPLOAD_HEAD_BYTES;
  *sealed_size = size - TRIB_UPLOAD_HEAD_BYTES;
  return TRIB_OK;
}

void trib_encode_model_head(unsigned char out[TRIB_MODEL_HEAD_BYTES],
                            const trib_model_frame* frame) {
  put_start(out, KIND_MODEL);
  memcpy(out + 4, frame->model_tag, sizeof frame->model_tag);
  trib_put32(out + 12, frame->index);
  trib_put32(out + 16, frame->total);
}

trib_status trib_decode_model(trib_model_frame* frame, const unsigned char** payload,
                              size_t* payload_size, const unsigned char* in, size_t size) {
  if (size <= TRIB_MODEL_HEAD_BYTES || !good_start(in, KIND_MODEL)) return TRIB_MALFORMED;
  memcpy(frame->model_tag, in + 4, sizeof frame->model_tag);
  frame->index = trib_get32(in + 12);
  frame->total = trib_get32(in + 16);
  if (frame->index >= frame->total) return TRIB_MALFORMED;
  *payload = in + TRIB_MODEL_HEAD_BYTES;
  *payload_size = size - TRIB_MODEL_HEAD_BYTES;
  return TRIB_OK;
}
