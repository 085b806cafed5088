#include "device-protocol/src/graph.h"

#include "device-protocol/src/kdf.h"
#include "device-protocol/src/public_draw.h"

void trib_permutation(const trib_crypto_port* crypto, uint16_t* order,
                      const unsigned char seed[TRIB_HASH_BYTES], uint16_t n) {
  trib_public_draw from;
  trib_draw_begin(&from, crypto, seed);
  for (uint32_t i = 0; i < n; ++i) order[i] = (uint16_t)i;
  for (uint32_t i = n - 1U; i > 0; --i) {
    const uint32_t j = trib_draw_below(&from, i + 1);
    const uint16_t swapped = order[i];
    order[i] = order[j];
    order[j] = swapped;
  }
}

/* Puts one more into an ascending list of `count`. */
static void insert(uint16_t* list, uint16_t count, uint16_t value) {
  uint16_t at = count;
  for (; at > 0 && list[at - 1] > value; --at) list[at] = list[at - 1];
  list[at] = value;
}

void trib_graph_seed(const trib_crypto_port* crypto, unsigned char out[TRIB_HASH_BYTES],
                     const unsigned char roster_root[TRIB_HASH_BYTES],
                     const unsigned char beacon[TRIB_HASH_BYTES]) {
  const trib_part parts[] = {{roster_root, TRIB_HASH_BYTES}, {beacon, TRIB_HASH_BYTES}};
  trib_hash(crypto, out, "graph", parts, 2);
}

trib_status trib_graph_neighbours(const trib_crypto_port* crypto, uint16_t* neighbours,
                                  uint16_t* order, const trib_graph* graph, uint16_t device) {
  const uint32_t n = graph->devices;
  const uint16_t forward = (uint16_t)((graph->degree + 1) / 2);
  const int complete = graph->degree + 1U == n;
  const int even = graph->degree >= 2 && graph->degree % 2 == 0 && graph->degree < n;
  uint32_t position = 0;
  uint16_t count = 0;
  if (n < 2 || device >= n || graph->degree > TRIB_MAX_NEIGHBOURS || (!complete && !even)) {
    return TRIB_BAD_ARGUMENT;
  }
  trib_permutation(crypto, order, graph->seed, graph->devices);
  while (order[position] != device) ++position;
  for (uint16_t step = 1; step <= forward; ++step, ++count) {
    insert(neighbours, count, order[(position + step) % n]);
  }
  for (uint16_t step = 1; count < graph->degree; ++step, ++count) {
    insert(neighbours, count, order[(position + n - step) % n]);
  }
  return TRIB_OK;
}
