#include "device-protocol/src/member_path.h"

#include <string.h>

#include "device-protocol/src/bytes.h"

void trib_member_leaf(const trib_crypto_port* crypto, unsigned char out[TRIB_HASH_BYTES],
                      uint32_t index, const trib_part* certificate, const trib_part* epoch_key) {
  unsigned char number[4];
  unsigned char certificate_hash[TRIB_HASH_BYTES];
  unsigned char key_hash[TRIB_HASH_BYTES];
  const trib_part parts[] = {{number, sizeof number},
                             {certificate_hash, sizeof certificate_hash},
                             {key_hash, sizeof key_hash}};
  trib_put32(number, index);
  trib_hash(crypto, certificate_hash, "cert", certificate, 1);
  trib_hash(crypto, key_hash, "epoch-key", epoch_key, 1);
  trib_hash(crypto, out, "member", parts, 3);
}

bool trib_path_leads(const trib_crypto_port* crypto, const unsigned char root[TRIB_HASH_BYTES],
                     const unsigned char leaf[TRIB_HASH_BYTES], const trib_member_path* path) {
  unsigned char hash[TRIB_HASH_BYTES];
  uint32_t at = path->index;
  size_t used = 0;
  if (path->index >= path->members) return false;
  memcpy(hash, leaf, sizeof hash);
  for (uint32_t width = path->members; width > 1; width = (width + 1) / 2, at /= 2) {
    /* The last of an odd row goes up as it is. */
    if (at + 1 == width && width % 2 == 1) continue;
    if (used == path->count) return false;
    {
      const unsigned char* sibling = path->siblings[used++];
      const trib_part parts[] = {{at % 2 == 0 ? hash : sibling, TRIB_HASH_BYTES},
                                 {at % 2 == 0 ? sibling : hash, TRIB_HASH_BYTES}};
      trib_hash(crypto, hash, "members", parts, 2);
    }
  }
  return used == path->count && memcmp(hash, root, sizeof hash) == 0;
}
