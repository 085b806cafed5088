#include "device-protocol/src/pairwise.h"

#include <string.h>

#include "device-protocol/src/kdf.h"
#include "device-protocol/src/mask.h"

trib_status trib_pairwise_seed(const trib_crypto_port* crypto, unsigned char out[TRIB_KEY_BYTES],
                               const trib_pairwise_keys* keys,
                               const unsigned char neighbour_key[TRIB_KEY_BYTES]) {
  unsigned char shared[TRIB_KEY_BYTES];
  unsigned char pair_key[TRIB_KEY_BYTES];
  /* Both ends name the smaller public key first. Public values: memcmp may tell where they differ. */
  const int order = memcmp(keys->public_key, neighbour_key, TRIB_KEY_BYTES);
  const trib_part ends[] = {{order < 0 ? keys->public_key : neighbour_key, TRIB_KEY_BYTES},
                            {order < 0 ? neighbour_key : keys->public_key, TRIB_KEY_BYTES}};
  const trib_part round[] = {{keys->ctx_hash, sizeof keys->ctx_hash}};
  if (order == 0 || crypto->x25519(shared, keys->secret, neighbour_key) != TRIB_OK) {
    return TRIB_CRYPTO;
  }
  trib_kdf(crypto, pair_key, shared, "pairwise-key", ends, 2);
  trib_kdf(crypto, out, pair_key, "pairwise-mask", round, 1);
  crypto->wipe(shared, sizeof shared);
  crypto->wipe(pair_key, sizeof pair_key);
  return TRIB_OK;
}

void trib_self_mask_seed(const trib_crypto_port* crypto, unsigned char out[TRIB_KEY_BYTES],
                         const unsigned char self_seed[TRIB_KEY_BYTES],
                         const unsigned char ctx_hash[TRIB_HASH_BYTES]) {
  const trib_part round[] = {{ctx_hash, TRIB_HASH_BYTES}};
  trib_kdf(crypto, out, self_seed, "self-mask", round, 1);
}

/* word = -word mod 2^(8 width): the complement plus one, carried through the bytes. */
static void negate(unsigned char* words, size_t size, size_t width) {
  for (size_t at = 0; at < size; at += width) {
    unsigned carry = 1;
    for (size_t i = at; i < at + width; ++i) {
      carry += (unsigned)(unsigned char)~words[i];
      words[i] = (unsigned char)carry;
      carry >>= 8;
    }
  }
}

trib_status trib_add_pair_mask(const trib_crypto_port* crypto, unsigned bits,
                               const unsigned char seed[TRIB_KEY_BYTES], uint32_t device,
                               uint32_t neighbour, uint64_t offset, unsigned char* words,
                               size_t size) {
  const size_t width = bits / 8;
  trib_status status;
  if (device == neighbour || width == 0 || size % width != 0) return TRIB_BAD_ARGUMENT;
  if (device < neighbour) return trib_add_mask(crypto, bits, seed, offset, words, size);
  /* y - m = -(-y + m) */
  negate(words, size, width);
  status = trib_add_mask(crypto, bits, seed, offset, words, size);
  negate(words, size, width);
  return status;
}
