/* Makes one upload chunk: encode, mask, seal. A pure function of saved state, so that a chunk made
 * again is byte-identical. */
#ifndef TRIBUTARY_SRC_CHUNK_H
#define TRIBUTARY_SRC_CHUNK_H

#include "device-protocol/src/client_state.h"

/* The rounding of the round's words; NULL: truncation. */
const trib_rounding* trib_rounding_of(const trib_client* client);

/* Fills memory.message with the frame of chunk `index`; `*size` is its length. */
trib_status trib_make_chunk(trib_client* client, uint32_t index, size_t* size);

void trib_name_upload(const trib_client* client, trib_upload_name* name);
void trib_summarise(const trib_client* client, trib_update_summary* summary);

#endif
