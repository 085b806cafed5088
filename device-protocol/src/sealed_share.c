#include "device-protocol/src/sealed_share.h"

#include <string.h>

#include "device-protocol/src/bytes.h"
#include "device-protocol/src/kdf.h"

/* Every key seals one share, so the nonce carries nothing. */
static const unsigned char zero_nonce[12] = {0};

static void pair_key(const trib_crypto_port* crypto, unsigned char out[TRIB_KEY_BYTES],
                     const unsigned char shared[TRIB_KEY_BYTES], const trib_share_end* owner,
                     const trib_share_end* holder) {
  const trib_part parts[] = {{owner->key, sizeof owner->key},
                             {holder->key, sizeof holder->key},
                             {owner->id, sizeof owner->id},
                             {holder->id, sizeof holder->id}};
  trib_kdf(crypto, out, shared, "share-pair", parts, 4);
}

trib_status trib_share_pair_keys(const trib_crypto_port* crypto,
                                 unsigned char to_holder[TRIB_KEY_BYTES],
                                 unsigned char from_owner[TRIB_KEY_BYTES],
                                 const unsigned char secret[TRIB_KEY_BYTES],
                                 const trib_share_end* own, const trib_share_end* other) {
  unsigned char shared[TRIB_KEY_BYTES];
  if (crypto->x25519(shared, secret, other->key) != TRIB_OK) return TRIB_CRYPTO;
  pair_key(crypto, to_holder, shared, own, other);
  pair_key(crypto, from_owner, shared, other, own);
  crypto->wipe(shared, sizeof shared);
  return TRIB_OK;
}

static void share_key(const trib_crypto_port* crypto, unsigned char out[TRIB_KEY_BYTES],
                      const unsigned char pair[TRIB_KEY_BYTES], const trib_share_name* name) {
  const unsigned char kind = (unsigned char)name->kind;
  unsigned char slot[4];
  const trib_part parts[] = {{name->graph_seed, TRIB_HASH_BYTES},
                             {slot, sizeof slot},
                             {&kind, 1},
                             {name->mask_key, TRIB_KEY_BYTES},
                             {name->commitment, TRIB_HASH_BYTES}};
  trib_put32(slot, name->slot);
  trib_kdf(crypto, out, pair, "share-key", parts, 5);
}

void trib_seal_share(const trib_crypto_port* crypto, unsigned char sealed[TRIB_SEALED_SHARE_BYTES],
                     const unsigned char pair[TRIB_KEY_BYTES], const trib_share_name* name,
                     const unsigned char share[TRIB_KEY_BYTES]) {
  unsigned char key[TRIB_KEY_BYTES];
  share_key(crypto, key, pair, name);
  memcpy(sealed, share, TRIB_KEY_BYTES);
  crypto->aead_seal(sealed, TRIB_KEY_BYTES, sealed + TRIB_KEY_BYTES, NULL, 0, zero_nonce, key);
  crypto->wipe(key, sizeof key);
}

/* Ports only seal. A seal is a function of key and plaintext: what opens is what seals to the same
 * tag again. Block 0 of the key stream makes the tag's key, the text is under those from 1 on. */
trib_status trib_open_share(const trib_crypto_port* crypto, unsigned char share[TRIB_KEY_BYTES],
                            const unsigned char pair[TRIB_KEY_BYTES], const trib_share_name* name,
                            const unsigned char sealed[TRIB_SEALED_SHARE_BYTES]) {
  unsigned char key[TRIB_KEY_BYTES];
  unsigned char again[TRIB_SEALED_SHARE_BYTES];
  trib_status status = TRIB_BAD_SIGNATURE;
  share_key(crypto, key, pair, name);
  memcpy(share, sealed, TRIB_KEY_BYTES);
  crypto->chacha20_xor(share, TRIB_KEY_BYTES, key, 1);
  memcpy(again, share, TRIB_KEY_BYTES);
  crypto->aead_seal(again, TRIB_KEY_BYTES, again + TRIB_KEY_BYTES, NULL, 0, zero_nonce, key);
  if (trib_equal(again + TRIB_KEY_BYTES, sealed + TRIB_KEY_BYTES, TRIB_TAG_BYTES)) {
    status = TRIB_OK;
  } else {
    crypto->wipe(share, TRIB_KEY_BYTES);
  }
  crypto->wipe(again, sizeof again);
  crypto->wipe(key, sizeof key);
  return status;
}
