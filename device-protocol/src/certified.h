/* A certified key as PROTOCOL.md 3 accepts it, whoever's it is. */
#ifndef TRIBUTARY_SRC_CERTIFIED_H
#define TRIBUTARY_SRC_CERTIFIED_H

#include "device-protocol/src/client_state.h"
#include "tributary.pb.h"

typedef struct trib_certified {
  tributary_v1_Certificate certificate;
  tributary_v1_EpochKey key;
} trib_certified;

/* Decodes both bodies and believes them. */
bool trib_read_certified(const tributary_v1_CertifiedKey* wire, trib_certified* out);

/* Both signatures, the tenant, that subject and role of both agree, and that neither has expired.
 * Which subject and role may stand there is the caller's to say. */
trib_status trib_verify_certified(const trib_client* client, const tributary_v1_CertifiedKey* wire,
                                  const tributary_v1_DeviceIdentity* identity, trib_certified* out);

#endif
