#include "device-protocol/src/certified.h"

#include <pb_decode.h>
#include <string.h>

static bool decode_body(const tributary_v1_Signed* body, const pb_msgdesc_t* fields, void* out) {
  pb_istream_t stream = pb_istream_from_buffer(body->body.bytes, body->body.size);
  return pb_decode(&stream, fields, out);
}

bool trib_read_certified(const tributary_v1_CertifiedKey* wire, trib_certified* out) {
  memset(out, 0, sizeof *out);
  return decode_body(&wire->certificate, tributary_v1_Certificate_fields, &out->certificate) &&
         decode_body(&wire->epoch_key, tributary_v1_EpochKey_fields, &out->key);
}

static trib_status verify_signed(const trib_client* client, const char* label,
                                 const tributary_v1_Signed* message, const unsigned char* key) {
  return trib_verify_body(client->port.crypto, label, message->body.bytes, message->body.size,
                          message->signature, key);
}

trib_status trib_verify_certified(const trib_client* client, const tributary_v1_CertifiedKey* wire,
                                  const tributary_v1_DeviceIdentity* identity,
                                  trib_certified* out) {
  const uint64_t now = client->port.unix_seconds(client->port.user);
  trib_status status;
  if (!wire->has_certificate || !wire->has_epoch_key) return TRIB_MALFORMED;
  status = verify_signed(client, "cert", &wire->certificate, identity->authority_key);
  if (status != TRIB_OK) return status;
  if (!trib_read_certified(wire, out)) return TRIB_MALFORMED;
  status = verify_signed(client, "epoch-key", &wire->epoch_key, out->certificate.public_key);
  if (status != TRIB_OK) return status;
  if (strcmp(out->certificate.tenant, identity->tenant) != 0 ||
      memcmp(out->certificate.subject_id, out->key.subject_id, TRIB_ID_BYTES) != 0 ||
      out->certificate.role != out->key.role) {
    return TRIB_BAD_CONTEXT;
  }
  if (now != 0 && (now > out->certificate.not_after || now > out->key.not_after)) {
    return TRIB_STALE;
  }
  return TRIB_OK;
}
