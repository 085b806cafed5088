/* The identity record the fleet authority put into the device. */
#ifndef TRIBUTARY_SRC_IDENTITY_H
#define TRIBUTARY_SRC_IDENTITY_H

#include "device-protocol/src/client_state.h"
#include "tributary.pb.h"

/* Reads and decodes the record. `out` holds keys: wipe it. */
trib_status trib_load_identity(const trib_client* client, tributary_v1_DeviceIdentity* out);

#endif
