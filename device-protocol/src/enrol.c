/* Enrolment by claim, PROTOCOL.md 12. The seed is saved before its public key leaves, the identity before
 * the claim is erased: a power cut at any point repeats a step with the same key. */
#include "tributary/enrol.h"

#include <pb_decode.h>
#include <pb_encode.h>
#include <string.h>

#include "device-protocol/src/client_state.h"
#include "tributary.pb.h"

enum { FIRST_WAIT_MS = 2000, LONGEST_WAIT_MS = 64000, REFUSED_WAIT_MS = 3600000 };

static const char CLAIM_USER[] = "claim-";

static void claim_topic(const trib_enrolment* self, char out[TRIB_TOPIC_BYTES], const char* tail) {
  strcpy(out, "tributary/v1/claim/");
  strcat(out, CLAIM_USER);
  trib_hex(out + strlen(out), self->device_id, TRIB_ID_BYTES);
  strcat(out, tail);
}

static trib_status load_claim(const trib_enrolment* self, tributary_v1_ClaimIdentity* out) {
  unsigned char bytes[tributary_v1_ClaimIdentity_size];
  size_t size = 0;
  pb_istream_t stream;
  trib_status status =
      self->port.storage.load(self->port.user, TRIB_RECORD_CLAIM, 0, bytes, sizeof bytes, &size);
  memset(out, 0, sizeof *out);
  if (status != TRIB_OK) return status;
  stream = pb_istream_from_buffer(bytes, size);
  if (!pb_decode(&stream, tributary_v1_ClaimIdentity_fields, out)) status = TRIB_MALFORMED;
  self->port.crypto->wipe(bytes, sizeof bytes);
  return status;
}

static trib_status load_seed(const trib_enrolment* self, unsigned char seed[TRIB_KEY_BYTES]) {
  size_t size = 0;
  const trib_status status = self->port.storage.load(self->port.user, TRIB_RECORD_ENROLMENT, 0,
                                                     seed, TRIB_KEY_BYTES, &size);
  if (status != TRIB_OK) return status;
  return size == TRIB_KEY_BYTES ? TRIB_OK : TRIB_NOT_FOUND;
}

/* There is always the same seed for a claim, once its first is saved. */
static trib_status make_seed(const trib_enrolment* self) {
  unsigned char seed[TRIB_KEY_BYTES];
  trib_status status = load_seed(self, seed);
  if (status == TRIB_NOT_FOUND) {
    status =
        self->port.random(self->port.user, seed, sizeof seed) == TRIB_OK ? TRIB_OK : TRIB_CRYPTO;
    if (status == TRIB_OK) {
      status = self->port.storage.save(self->port.user, TRIB_RECORD_ENROLMENT, seed, sizeof seed,
                                       NULL, 0);
    }
  }
  self->port.crypto->wipe(seed, sizeof seed);
  return status;
}

static bool has_identity(const trib_enrolment* self) {
  unsigned char byte;
  size_t size = 0;
  return self->port.storage.load(self->port.user, TRIB_RECORD_IDENTITY, 0, &byte, 1, &size) ==
             TRIB_OK &&
         size == 1;
}

/* What is left of a claim whose identity is saved. */
static trib_status erase_claim(const trib_enrolment* self) {
  trib_status status = self->port.storage.erase(self->port.user, TRIB_RECORD_CLAIM);
  if (status == TRIB_OK) {
    status = self->port.storage.erase(self->port.user, TRIB_RECORD_ENROLMENT);
  }
  return status == TRIB_OK ? TRIB_OK : TRIB_STORAGE;
}

trib_status trib_enrol_start(trib_enrolment* self, const trib_port* port,
                             void (*public_key_of)(unsigned char public_key[TRIB_KEY_BYTES],
                                                   const unsigned char seed[TRIB_KEY_BYTES])) {
  tributary_v1_ClaimIdentity claim;
  trib_status status;
  memset(self, 0, sizeof *self);
  self->port = *port;
  self->public_key_of = public_key_of;
  self->wait_ms = FIRST_WAIT_MS;
  if (has_identity(self)) {
    status = erase_claim(self);
    return status == TRIB_OK ? TRIB_NOT_FOUND : status;
  }
  status = load_claim(self, &claim);
  memcpy(self->device_id, claim.device_id, TRIB_ID_BYTES);
  self->port.crypto->wipe(&claim, sizeof claim);
  return status == TRIB_OK ? make_seed(self) : status;
}

trib_status trib_enrol_mqtt_identity(const trib_enrolment* self, char user[TRIB_CLAIM_USER_BYTES],
                                     unsigned char psk[TRIB_KEY_BYTES]) {
  tributary_v1_ClaimIdentity claim;
  const trib_status status = load_claim(self, &claim);
  strcpy(user, CLAIM_USER);
  trib_hex(user + strlen(user), self->device_id, TRIB_ID_BYTES);
  memcpy(psk, claim.claim_secret, TRIB_KEY_BYTES);
  self->port.crypto->wipe(&claim, sizeof claim);
  return status;
}

/* Body and signature of the request, by the seed's key. */
static trib_status sign_request(const trib_enrolment* self, tributary_v1_Signed* out,
                                const unsigned char seed[TRIB_KEY_BYTES]) {
  tributary_v1_ClaimRequest request = tributary_v1_ClaimRequest_init_zero;
  pb_ostream_t stream = pb_ostream_from_buffer(out->body.bytes, sizeof out->body.bytes);
  memcpy(request.device_id, self->device_id, TRIB_ID_BYTES);
  self->public_key_of(request.public_key, seed);
  if (!pb_encode(&stream, tributary_v1_ClaimRequest_fields, &request)) return TRIB_NO_SPACE;
  out->body.size = (pb_size_t)stream.bytes_written;
  return trib_sign_body(self->port.crypto, "claim", out->body.bytes, out->body.size, out->signature,
                        seed);
}

static void claim_mac(const trib_enrolment* self, unsigned char mac[TRIB_MAC_BYTES],
                      const unsigned char secret[TRIB_KEY_BYTES],
                      const tributary_v1_Signed* request) {
  const trib_part part = {request->body.bytes, request->body.size};
  unsigned char key[TRIB_KEY_BYTES];
  trib_kdf(self->port.crypto, key, secret, "claim-key", NULL, 0);
  trib_mac16(self->port.crypto, mac, key, "claim", &part, 1);
  self->port.crypto->wipe(key, sizeof key);
}

static trib_status say_claim(const trib_enrolment* self) {
  tributary_v1_ClaimIdentity identity;
  tributary_v1_Claim claim = tributary_v1_Claim_init_zero;
  unsigned char seed[TRIB_KEY_BYTES];
  unsigned char bytes[tributary_v1_Claim_size];
  char topic[TRIB_TOPIC_BYTES];
  pb_ostream_t stream = pb_ostream_from_buffer(bytes, sizeof bytes);
  trib_status status = load_claim(self, &identity);
  if (status == TRIB_OK) status = load_seed(self, seed);
  if (status == TRIB_OK) status = sign_request(self, &claim.request, seed);
  claim.has_request = true;
  claim_mac(self, claim.mac, identity.claim_secret, &claim.request);
  self->port.crypto->wipe(&identity, sizeof identity);
  self->port.crypto->wipe(seed, sizeof seed);
  if (status != TRIB_OK) return status;
  if (!pb_encode(&stream, tributary_v1_Claim_fields, &claim)) return TRIB_NO_SPACE;
  claim_topic(self, topic, "/up");
  return self->port.publish(self->port.user, topic, bytes, stream.bytes_written);
}

trib_status trib_enrol_connected(trib_enrolment* self) {
  char topic[TRIB_TOPIC_BYTES];
  if (self->done) return TRIB_NOT_FOUND;
  self->connected = true;
  self->say_at_ms = 0;
  self->wait_ms = FIRST_WAIT_MS;
  claim_topic(self, topic, "/down");
  return self->port.subscribe(self->port.user, topic);
}

trib_status trib_enrol_turn(trib_enrolment* self, uint32_t* wait_ms) {
  const uint64_t now = self->port.monotonic_ms(self->port.user);
  trib_status status = TRIB_OK;
  *wait_ms = UINT32_MAX;
  if (!self->connected || self->done) return TRIB_OK;
  if (self->say_at_ms <= now) {
    status = say_claim(self);
    self->say_at_ms = now + self->wait_ms;
    if (self->wait_ms < LONGEST_WAIT_MS) self->wait_ms *= 2;
  }
  *wait_ms = (uint32_t)(self->say_at_ms - now);
  return status == TRIB_NOT_CONNECTED ? TRIB_OK : status;
}

/* The certificate is the authority's, for this device and the key it claimed with. */
static trib_status check_certificate(const trib_enrolment* self, const tributary_v1_Signed* message,
                                     const tributary_v1_ClaimIdentity* claim,
                                     const unsigned char public_key[TRIB_KEY_BYTES]) {
  tributary_v1_Certificate certificate = tributary_v1_Certificate_init_zero;
  pb_istream_t stream = pb_istream_from_buffer(message->body.bytes, message->body.size);
  const trib_status status =
      trib_verify_body(self->port.crypto, "cert", message->body.bytes, message->body.size,
                       message->signature, claim->authority_key);
  if (status != TRIB_OK) return status;
  if (!pb_decode(&stream, tributary_v1_Certificate_fields, &certificate)) return TRIB_MALFORMED;
  return strcmp(certificate.tenant, claim->tenant) == 0 &&
                 certificate.role == tributary_v1_Role_ROLE_DEVICE &&
                 memcmp(certificate.subject_id, self->device_id, TRIB_ID_BYTES) == 0 &&
                 memcmp(certificate.public_key, public_key, TRIB_KEY_BYTES) == 0 &&
                 certificate.gateway_id.size == TRIB_ID_BYTES &&
                 memcmp(certificate.gateway_id.bytes, claim->gateway_id, TRIB_ID_BYTES) == 0
             ? TRIB_OK
             : TRIB_BAD_CONTEXT;
}

static void fill_identity(const trib_enrolment* self, tributary_v1_DeviceIdentity* out,
                          const tributary_v1_ClaimIdentity* claim,
                          const unsigned char seed[TRIB_KEY_BYTES],
                          const unsigned char public_key[TRIB_KEY_BYTES]) {
  const trib_part parts[] = {{self->device_id, TRIB_ID_BYTES}, {public_key, TRIB_KEY_BYTES}};
  memcpy(out->tenant, claim->tenant, sizeof out->tenant);
  memcpy(out->device_id, self->device_id, TRIB_ID_BYTES);
  memcpy(out->gateway_id, claim->gateway_id, TRIB_ID_BYTES);
  memcpy(out->identity_seed, seed, TRIB_KEY_BYTES);
  out->has_certificate = true;
  memcpy(out->authority_key, claim->authority_key, TRIB_KEY_BYTES);
  memcpy(out->coordinator_key, claim->coordinator_key, TRIB_KEY_BYTES);
  trib_kdf(self->port.crypto, out->mqtt_psk, claim->claim_secret, "mqtt-psk", parts, 2);
  out->n_min_floor = claim->n_min_floor;
  out->clip_l2_cap = claim->clip_l2_cap;
  out->trust_gateway = claim->trust_gateway;
  out->noise_floor = claim->noise_floor;
  out->participation_cap = claim->participation_cap;
  out->device_noise_floor = claim->device_noise_floor;
}

static trib_status save_identity(const trib_enrolment* self,
                                 const tributary_v1_DeviceIdentity* identity) {
  unsigned char bytes[tributary_v1_DeviceIdentity_size];
  pb_ostream_t stream = pb_ostream_from_buffer(bytes, sizeof bytes);
  trib_status status = TRIB_NO_SPACE;
  if (pb_encode(&stream, tributary_v1_DeviceIdentity_fields, identity)) {
    status = self->port.storage.save(self->port.user, TRIB_RECORD_IDENTITY, bytes,
                                     stream.bytes_written, NULL, 0);
    if (status != TRIB_OK) status = TRIB_STORAGE;
  }
  self->port.crypto->wipe(bytes, sizeof bytes);
  return status;
}

static trib_status activate(trib_enrolment* self, const tributary_v1_Signed* certificate) {
  tributary_v1_ClaimIdentity claim;
  tributary_v1_DeviceIdentity identity = tributary_v1_DeviceIdentity_init_zero;
  unsigned char seed[TRIB_KEY_BYTES];
  unsigned char public_key[TRIB_KEY_BYTES];
  trib_status status = load_claim(self, &claim);
  if (status == TRIB_OK) status = load_seed(self, seed);
  if (status == TRIB_OK) {
    self->public_key_of(public_key, seed);
    status = check_certificate(self, certificate, &claim, public_key);
  }
  if (status == TRIB_OK) {
    fill_identity(self, &identity, &claim, seed, public_key);
    identity.certificate = *certificate;
    status = save_identity(self, &identity);
  }
  self->port.crypto->wipe(&claim, sizeof claim);
  self->port.crypto->wipe(&identity, sizeof identity);
  self->port.crypto->wipe(seed, sizeof seed);
  if (status != TRIB_OK) return status;
  self->done = true;
  return erase_claim(self); /* if that fails, the next start does it */
}

trib_status trib_enrol_message(trib_enrolment* self, const char* topic, const void* payload,
                               size_t size) {
  tributary_v1_ClaimAnswer answer = tributary_v1_ClaimAnswer_init_zero;
  pb_istream_t stream = pb_istream_from_buffer((const unsigned char*)payload, size);
  char own[TRIB_TOPIC_BYTES];
  claim_topic(self, own, "/down");
  if (self->done || strcmp(topic, own) != 0) return TRIB_STALE;
  if (!pb_decode(&stream, tributary_v1_ClaimAnswer_fields, &answer)) return TRIB_MALFORMED;
  if (answer.state == tributary_v1_ClaimState_CLAIM_ACTIVE && answer.has_certificate) {
    return activate(self, &answer.certificate);
  }
  if (answer.retry_after_seconds > 0) {
    self->say_at_ms =
        self->port.monotonic_ms(self->port.user) + (uint64_t)answer.retry_after_seconds * 1000;
  }
  if (answer.state != tributary_v1_ClaimState_CLAIM_REFUSED) return TRIB_OK;
  if (answer.retry_after_seconds == 0) {
    self->say_at_ms = self->port.monotonic_ms(self->port.user) + REFUSED_WAIT_MS;
  }
  self->refused = true;
  return TRIB_REFUSED;
}

bool trib_enrol_done(const trib_enrolment* self) {
  return self->done;
}
