/* The neighbours of one device in the graph of a roster (crypto/pairwise/graph.hpp). */
#ifndef TRIBUTARY_SRC_GRAPH_H
#define TRIBUTARY_SRC_GRAPH_H

#include "tributary/port.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { TRIB_MAX_NEIGHBOURS = 254 };

/* H("graph", roster_root, beacon) */
void trib_graph_seed(const trib_crypto_port* crypto, unsigned char out[TRIB_HASH_BYTES],
                     const unsigned char roster_root[TRIB_HASH_BYTES],
                     const unsigned char beacon[TRIB_HASH_BYTES]);

/* Which graph: `degree` neighbours of each of `devices` devices. */
typedef struct trib_graph {
  unsigned char seed[TRIB_HASH_BYTES];
  uint16_t devices; /* n >= 2 */
  uint16_t degree;  /* k: even and below n, or n-1; at most 254 */
} trib_graph;

/* The permutation of 0 .. n-1, n >= 1, that everybody draws from a public seed: order[n]. */
void trib_permutation(const trib_crypto_port* crypto, uint16_t* order,
                      const unsigned char seed[TRIB_HASH_BYTES], uint16_t n);

/* Writes the device's neighbours, indices in the roster, ascending: neighbours[degree]. order[n] is
 * the caller's scratch, 2 bytes per device; it holds the ring afterwards (position -> device).
 * TRIB_BAD_ARGUMENT: a graph or a device that cannot be. */
trib_status trib_graph_neighbours(const trib_crypto_port* crypto, uint16_t* neighbours,
                                  uint16_t* order, const trib_graph* graph, uint16_t device);

#ifdef __cplusplus
}
#endif
#endif
