#include "device-protocol/src/identity.h"

#include <pb_decode.h>
#include <string.h>

trib_status trib_load_identity(const trib_client* client, tributary_v1_DeviceIdentity* out) {
  unsigned char bytes[tributary_v1_DeviceIdentity_size];
  size_t size = 0;
  pb_istream_t stream;
  trib_status status = client->port.storage.load(client->port.user, TRIB_RECORD_IDENTITY, 0, bytes,
                                                 sizeof bytes, &size);
  if (status != TRIB_OK) return status;
  memset(out, 0, sizeof *out);
  stream = pb_istream_from_buffer(bytes, size);
  status = pb_decode(&stream, tributary_v1_DeviceIdentity_fields, out) && out->has_certificate
               ? TRIB_OK
               : TRIB_MALFORMED;
  client->port.crypto->wipe(bytes, sizeof bytes);
  return status;
}
