/* Results of the device library. Functions return TRIB_OK or say what went wrong; none of them
 * prints, allocates or ends the program. */
#ifndef TRIBUTARY_STATUS_H
#define TRIBUTARY_STATUS_H

#ifdef __cplusplus
extern "C" {
#endif

typedef enum trib_status {
  TRIB_OK = 0,
  TRIB_MALFORMED,     /* not decodable, or outside its limits */
  TRIB_BAD_SIGNATURE, /* does not verify under the pinned key */
  TRIB_BAD_CONTEXT,   /* verified, but not for this device or below its provisioned floors */
  TRIB_STALE,         /* a round this device has already contributed to, or an older one */
  TRIB_BAD_MODEL,     /* model bytes do not have the promised hash or size */
  TRIB_NOT_FINITE,    /* NaN or infinity in weights, gradient, loss or delta */
  TRIB_OUT_OF_BOUNDS, /* encoded vector exceeds the integer norm or coordinate bound */
  TRIB_NO_SPACE,      /* a caller's buffer is too small */
  TRIB_NOT_FOUND,     /* no such storage record */
  TRIB_STORAGE,       /* the storage port failed */
  TRIB_CRYPTO,        /* the crypto port failed, or an all-zero shared secret */
  TRIB_TRAINER,       /* the trainer failed */
  TRIB_NOT_CONNECTED, /* the publish port cannot take the message now; try again later */
  TRIB_BAD_ARGUMENT,  /* a programming error of the caller */
  TRIB_HELD_BACK,     /* settings or conditions keep the device from beginning a round now */
  TRIB_REFUSED        /* settings or a claim were refused; the reason was reported or told */
} trib_status;

/* A static English phrase, never NULL. */
const char* trib_status_text(trib_status status);

#ifdef __cplusplus
}
#endif
#endif
