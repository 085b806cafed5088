/* The masks of a device's words: its own, and one per neighbour (PROTOCOL.md 10.3). The neighbours'
 * mask keys become seeds in place, one X25519 a turn, before the first chunk is made. */
#include <string.h>

#include "device-protocol/src/mask.h"
#include "device-protocol/src/pairs.h"
#include "device-protocol/src/pairwise.h"

bool trib_seeds_missing(const trib_client* client) {
  return trib_has_pair_round(client) &&
         trib_pairs_of(client)->seeded < trib_pairs_of(client)->group.graph.degree;
}

trib_status trib_seeds_turn(trib_client* client) {
  trib_pairs* pairs = trib_pairs_of(client);
  unsigned char* key = trib_pair_keys_of(client)[pairs->seeded];
  trib_slot_terms terms;
  trib_pairwise_keys own;
  trib_status status;
  trib_slot_terms_of(client, pairs->chain.slot, &terms);
  trib_chain_mask_secret(client->port.crypto, own.secret, pairs->chain.key, &terms);
  client->port.crypto->x25519_base(own.public_key, own.secret);
  memcpy(own.ctx_hash, client->round.terms.ctx_hash, TRIB_HASH_BYTES);
  status = trib_pairwise_seed(client->port.crypto, key, &own, key);
  client->port.crypto->wipe(&own, sizeof own);
  if (status == TRIB_OK) pairs->seeded += 1;
  return status;
}

static trib_status add_self_mask(const trib_client* client, unsigned char* words, uint64_t offset,
                                 size_t size) {
  const trib_pairs* pairs = trib_pairs_of(client);
  const trib_terms* round = &client->round.terms;
  unsigned char self_seed[TRIB_KEY_BYTES];
  unsigned char seed[TRIB_KEY_BYTES];
  trib_slot_terms terms;
  trib_status status;
  trib_slot_terms_of(client, pairs->chain.slot, &terms);
  trib_chain_self_seed(client->port.crypto, self_seed, pairs->chain.key, &terms);
  trib_self_mask_seed(client->port.crypto, seed, self_seed, round->ctx_hash);
  status = trib_add_mask(client->port.crypto, round->encoding.ring_bits, seed, offset, words, size);
  client->port.crypto->wipe(self_seed, sizeof self_seed);
  client->port.crypto->wipe(seed, sizeof seed);
  return status;
}

trib_status trib_add_pair_masks(const trib_client* client, unsigned char* words, uint64_t offset,
                                size_t size) {
  const trib_pairs* pairs = trib_pairs_of(client);
  const unsigned bits = client->round.terms.encoding.ring_bits;
  trib_status status;
  /* Fewer masks than neighbours would tell the gateway more than it may know. */
  if (trib_seeds_missing(client) || pairs->chain.slot != client->round.terms.round) {
    return TRIB_BAD_CONTEXT;
  }
  status = add_self_mask(client, words, offset, size);
  for (uint32_t place = 0; place < pairs->group.graph.degree && status == TRIB_OK; ++place) {
    status = trib_add_pair_mask(client->port.crypto, bits, trib_pair_keys_of(client)[place],
                                pairs->group.index, trib_neighbours(client)[place].index, offset,
                                words, size);
  }
  return status;
}
