#include "tributary/status.h"

const char* trib_status_text(trib_status status) {
  switch (status) {
    case TRIB_OK:
      return "ok";
    case TRIB_MALFORMED:
      return "malformed message";
    case TRIB_BAD_SIGNATURE:
      return "signature does not verify";
    case TRIB_BAD_CONTEXT:
      return "round is not for this device or below its floors";
    case TRIB_STALE:
      return "round is over or was contributed to already";
    case TRIB_BAD_MODEL:
      return "model bytes do not have the promised hash or size";
    case TRIB_NOT_FINITE:
      return "NaN or infinity in training";
    case TRIB_OUT_OF_BOUNDS:
      return "encoded update exceeds its bounds";
    case TRIB_NO_SPACE:
      return "buffer too small";
    case TRIB_NOT_FOUND:
      return "no such record";
    case TRIB_STORAGE:
      return "storage failed";
    case TRIB_CRYPTO:
      return "cryptographic operation failed";
    case TRIB_TRAINER:
      return "trainer failed";
    case TRIB_NOT_CONNECTED:
      return "not connected";
    case TRIB_BAD_ARGUMENT:
      return "bad argument";
    case TRIB_HELD_BACK:
      return "held back by settings or conditions";
    case TRIB_REFUSED:
      return "refused";
  }
  return "unknown status";
}
