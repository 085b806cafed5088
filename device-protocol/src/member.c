#include "device-protocol/src/member.h"

#include <string.h>

#include "device-protocol/src/identity.h"
#include "device-protocol/src/member_path.h"
#include "device-protocol/src/pairs.h"

bool trib_in_group(const trib_client* client, const tributary_v1_Member* member) {
  const trib_pairs* pairs = trib_pairs_of(client);
  const trib_part certificate = {member->key.certificate.body.bytes,
                                 member->key.certificate.body.size};
  const trib_part epoch_key = {member->key.epoch_key.body.bytes, member->key.epoch_key.body.size};
  trib_member_path path;
  unsigned char leaf[TRIB_HASH_BYTES];
  path.index = member->index;
  path.members = pairs->group.graph.devices;
  path.siblings = member->path;
  path.count = member->path_count;
  trib_member_leaf(client->port.crypto, leaf, member->index, &certificate, &epoch_key);
  return trib_path_leads(client->port.crypto, pairs->group.roster_root, leaf, &path);
}

trib_status trib_verify_member(const trib_client* client, const tributary_v1_Member* member,
                               trib_certified* out) {
  tributary_v1_DeviceIdentity identity;
  trib_status status;
  if (!trib_in_group(client, member)) return TRIB_BAD_CONTEXT;
  status = trib_load_identity(client, &identity);
  if (status != TRIB_OK) return status;
  status = trib_verify_certified(client, &member->key, &identity, out);
  client->port.crypto->wipe(&identity, sizeof identity);
  if (status != TRIB_OK) return status;
  return out->key.role == tributary_v1_Role_ROLE_DEVICE &&
                 out->certificate.gateway_id.size == TRIB_ID_BYTES &&
                 memcmp(out->certificate.gateway_id.bytes, client->gateway_id, TRIB_ID_BYTES) == 0
             ? TRIB_OK
             : TRIB_BAD_CONTEXT;
}
