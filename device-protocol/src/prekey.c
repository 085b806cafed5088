#include "device-protocol/src/prekey.h"

#include <string.h>

#include "device-protocol/src/bytes.h"
#include "device-protocol/src/kdf.h"
#include "device-protocol/src/shamir.h"

/* Offsets of the layout in crypto/pairwise/prekey.hpp. */
enum {
  VERSION = 1,
  AT_INDEX = 4,
  AT_SLOT = 8,
  AT_OWNER = 12,
  AT_GRAPH = 28,
  AT_MASK_KEY = 60,
  AT_COMMITMENT = 92,
  AT_SHARES_HASH = 124,
  AT_SIGNATURE = 156
};

static void put_head(unsigned char* out, const trib_slot_terms* terms,
                     const trib_prekey_owner* owner, const trib_slot_keys* keys) {
  out[0] = VERSION;
  out[1] = owner->count;
  out[2] = terms->threshold;
  out[3] = 0;
  trib_put32(out + AT_INDEX, owner->index);
  trib_put32(out + AT_SLOT, terms->slot);
  memcpy(out + AT_OWNER, owner->id, TRIB_ID_BYTES);
  memcpy(out + AT_GRAPH, terms->graph_seed, TRIB_HASH_BYTES);
  memcpy(out + AT_MASK_KEY, keys->mask_key, TRIB_KEY_BYTES);
  memcpy(out + AT_COMMITMENT, keys->commitment, TRIB_HASH_BYTES);
}

/* The shares of one secret, each into its holder's place. */
static trib_status seal_shares(const trib_crypto_port* crypto, unsigned char* out,
                               unsigned char* coefficients, const unsigned char* secret,
                               const trib_share_name* name, const trib_slot_terms* terms,
                               const trib_prekey_owner* owner) {
  const size_t offset = name->kind == TRIB_SHARE_MASK_SECRET ? 0 : TRIB_SEALED_SHARE_BYTES;
  unsigned char share[TRIB_SHARE_BYTES];
  trib_status status = TRIB_OK;
  trib_chain_coefficients(crypto, coefficients, owner->chain_key, terms, name->kind);
  for (uint32_t place = 0; place < owner->count && status == TRIB_OK; ++place) {
    status = trib_shamir_share(crypto, share, secret, coefficients, terms->threshold,
                               (uint8_t)(place + 1));
    trib_seal_share(crypto, out + place * TRIB_PREKEY_SHARE_BYTES + offset,
                    owner->neighbours[place].to_holder, name, share);
  }
  crypto->wipe(share, sizeof share);
  crypto->wipe(coefficients, (terms->threshold - (size_t)1) * TRIB_SHARE_BYTES);
  return status;
}

/* Both secrets' shares behind the head; the public keys of both into `keys`. */
static trib_status put_shares(const trib_crypto_port* crypto, unsigned char* out,
                              unsigned char* coefficients, trib_slot_keys* keys,
                              const trib_slot_terms* terms, const trib_prekey_owner* owner) {
  unsigned char secret[TRIB_KEY_BYTES];
  unsigned char seed[TRIB_KEY_BYTES];
  const trib_part part = {seed, sizeof seed};
  trib_share_name name = {terms->graph_seed, terms->slot, TRIB_SHARE_MASK_SECRET, keys->mask_key,
                          keys->commitment};
  trib_status status;
  trib_chain_mask_secret(crypto, secret, owner->chain_key, terms);
  trib_chain_self_seed(crypto, seed, owner->chain_key, terms);
  crypto->x25519_base(keys->mask_key, secret);
  trib_hash(crypto, keys->commitment, "self-seed", &part, 1);
  status = seal_shares(crypto, out, coefficients, secret, &name, terms, owner);
  name.kind = TRIB_SHARE_SELF_SEED;
  if (status == TRIB_OK) status = seal_shares(crypto, out, coefficients, seed, &name, terms, owner);
  crypto->wipe(secret, sizeof secret);
  crypto->wipe(seed, sizeof seed);
  return status;
}

trib_status trib_make_prekey(const trib_crypto_port* crypto, unsigned char* out,
                             unsigned char* coefficients, const trib_slot_terms* terms,
                             const trib_prekey_owner* owner) {
  unsigned char* shares = out + TRIB_PREKEY_HEAD_BYTES;
  const trib_part part = {shares, (size_t)owner->count * TRIB_PREKEY_SHARE_BYTES};
  trib_slot_keys keys;
  const trib_status status = put_shares(crypto, shares, coefficients, &keys, terms, owner);
  if (status != TRIB_OK) return status;
  put_head(out, terms, owner, &keys);
  trib_hash(crypto, out + AT_SHARES_HASH, "prekey-shares", &part, 1);
  return trib_sign_body(crypto, "prekey", out, AT_SIGNATURE, out + AT_SIGNATURE,
                        owner->identity_seed);
}

uint32_t trib_head_index(const unsigned char* head) {
  return trib_get32(head + AT_INDEX);
}

trib_status trib_read_head(const trib_crypto_port* crypto, trib_slot_keys* out,
                           const unsigned char* head, size_t size, const trib_slot_terms* terms,
                           uint8_t degree, const trib_neighbour* owner) {
  if (size != TRIB_PREKEY_HEAD_BYTES || head[0] != VERSION || head[3] != 0) return TRIB_MALFORMED;
  if (head[1] != degree || head[2] != terms->threshold ||
      trib_get32(head + AT_SLOT) != terms->slot ||
      memcmp(head + AT_GRAPH, terms->graph_seed, TRIB_HASH_BYTES) != 0 ||
      trib_head_index(head) != owner->index ||
      memcmp(head + AT_OWNER, owner->id, TRIB_ID_BYTES) != 0) {
    return TRIB_BAD_CONTEXT;
  }
  if (trib_verify_body(crypto, "prekey", head, AT_SIGNATURE, head + AT_SIGNATURE,
                       owner->verify_key) != TRIB_OK) {
    return TRIB_BAD_SIGNATURE;
  }
  memcpy(out->mask_key, head + AT_MASK_KEY, TRIB_KEY_BYTES);
  memcpy(out->commitment, head + AT_COMMITMENT, TRIB_HASH_BYTES);
  return TRIB_OK;
}
