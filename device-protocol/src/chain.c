#include "device-protocol/src/chain.h"

#include <string.h>

#include "device-protocol/src/bytes.h"
#include "device-protocol/src/kdf.h"

void trib_chain_next(const trib_crypto_port* crypto, unsigned char key[TRIB_KEY_BYTES]) {
  unsigned char next[TRIB_KEY_BYTES];
  trib_kdf(crypto, next, key, "prekey-chain", NULL, 0);
  memcpy(key, next, sizeof next);
  crypto->wipe(next, sizeof next);
}

/* `kind` 0: the secrets themselves, which name none. */
static void derive(const trib_crypto_port* crypto, unsigned char out[TRIB_KEY_BYTES],
                   const unsigned char key[TRIB_KEY_BYTES], const char* label,
                   const trib_slot_terms* terms, unsigned char kind) {
  unsigned char slot[4];
  const trib_part parts[] = {{terms->graph_seed, sizeof terms->graph_seed},
                             {slot, sizeof slot},
                             {&terms->threshold, 1},
                             {&kind, 1}};
  trib_put32(slot, terms->slot);
  trib_kdf(crypto, out, key, label, parts, kind == 0 ? 3 : 4);
}

void trib_chain_mask_secret(const trib_crypto_port* crypto, unsigned char out[TRIB_KEY_BYTES],
                            const unsigned char key[TRIB_KEY_BYTES], const trib_slot_terms* terms) {
  derive(crypto, out, key, "prekey-mask", terms, 0);
}

void trib_chain_self_seed(const trib_crypto_port* crypto, unsigned char out[TRIB_KEY_BYTES],
                          const unsigned char key[TRIB_KEY_BYTES], const trib_slot_terms* terms) {
  derive(crypto, out, key, "prekey-self", terms, 0);
}

void trib_chain_coefficients(const trib_crypto_port* crypto, unsigned char* out,
                             const unsigned char key[TRIB_KEY_BYTES], const trib_slot_terms* terms,
                             trib_share_kind kind) {
  const size_t size = (terms->threshold - (size_t)1) * TRIB_KEY_BYTES;
  unsigned char seed[TRIB_KEY_BYTES];
  derive(crypto, seed, key, "prekey-shares", terms, (unsigned char)kind);
  memset(out, 0, size);
  crypto->chacha20_xor(out, size, seed, 0);
  crypto->wipe(seed, sizeof seed);
}
