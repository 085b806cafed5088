/* What a path through the tree over a group's members proves (PROTOCOL.md 10.1,
 * crypto/pairwise/member_tree.hpp). */
#ifndef TRIBUTARY_SRC_MEMBER_PATH_H
#define TRIBUTARY_SRC_MEMBER_PATH_H

#include <stdbool.h>

#include "device-protocol/src/kdf.h"

#ifdef __cplusplus
extern "C" {
#endif

/* H("member", u32 index, H("cert", certificate body), H("epoch-key", epoch key body)) */
void trib_member_leaf(const trib_crypto_port* crypto, unsigned char out[TRIB_HASH_BYTES],
                      uint32_t index, const trib_part* certificate, const trib_part* epoch_key);

/* One member's place, and the siblings from below that its message brought. */
typedef struct trib_member_path {
  uint32_t index;
  uint32_t members;
  const unsigned char (*siblings)[TRIB_HASH_BYTES];
  size_t count;
} trib_member_path;

/* Whether the path leads from the leaf to the root. False too for an index >= members, and unless
 * the path is exactly as long as that of its place. */
bool trib_path_leads(const trib_crypto_port* crypto, const unsigned char root[TRIB_HASH_BYTES],
                     const unsigned char leaf[TRIB_HASH_BYTES], const trib_member_path* path);

#ifdef __cplusplus
}
#endif
#endif
