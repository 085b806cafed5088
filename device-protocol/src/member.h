/* A member's message: of this group, and with keys a device trusts (PROTOCOL.md 10.1). */
#ifndef TRIBUTARY_SRC_MEMBER_H
#define TRIBUTARY_SRC_MEMBER_H

#include "device-protocol/src/certified.h"

/* Its path leads to the root of the group at hand: the coordinator has put these keys there. */
bool trib_in_group(const trib_client* client, const tributary_v1_Member* member);

/* The same, and its keys are those of a device enrolled at this device's gateway.
 * TRIB_BAD_CONTEXT: not in the group, or not such a device. */
trib_status trib_verify_member(const trib_client* client, const tributary_v1_Member* member,
                               trib_certified* out);

#endif
