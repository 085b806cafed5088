/* What a client holds for mode pairwise, in the caller's block (trib_client_memory.pairwise), and the
 * parts its files offer each other. PROTOCOL.md 10.
 *
 *   no group -> searching (its own place) -> gathering (its neighbours) -> ready
 *
 * Beside the phases of the round a ready device has three duties of its own: prekeys ahead
 * (supply.c), the heads of a round's neighbours (heads.c), and the second wake-up (finish.c): vow,
 * decision, shares. */
#ifndef TRIBUTARY_SRC_PAIRS_H
#define TRIBUTARY_SRC_PAIRS_H

#include "device-protocol/src/client_state.h"
#include "device-protocol/src/graph.h"
#include "device-protocol/src/prekey.h"
#include "device-protocol/src/survivors.h"

enum {
  TRIB_PREKEYS_AHEAD = 4,
  TRIB_SHARES_AT_ONCE = 16,
  TRIB_PLACES_BITMAP = 32, /* one bit per neighbour */
  TRIB_REVEALED_BYTES = 33 /* 1 and the share, or 0 and zeros */
};

typedef enum trib_group_stage {
  TRIB_GROUP_NONE = 0,
  TRIB_GROUP_SEARCHING,
  TRIB_GROUP_GATHERING,
  TRIB_GROUP_READY
} trib_group_stage;

/* Head of record "group"; the body is the neighbours. */
typedef struct trib_group {
  unsigned char hash[TRIB_HASH_BYTES];
  unsigned char task_id[TRIB_ID_BYTES];
  unsigned char roster_root[TRIB_HASH_BYTES];
  trib_graph graph;
  uint32_t index; /* own, in the roster */
  uint32_t threshold;
  uint32_t witnesses;
  uint32_t quorum;
  uint32_t first_slot;
  uint32_t last_slot;
  unsigned char body_hash[TRIB_HASH_BYTES]; /* of the neighbours, made when they are saved */
} trib_group;

/* Record "chain". It moves past a slot when the slot's round is over here. */
typedef struct trib_chain {
  unsigned char task_id[TRIB_ID_BYTES];
  uint32_t first; /* where it began: nothing is said about earlier slots of the task */
  uint32_t slot;
  unsigned char key[TRIB_KEY_BYTES]; /* at `slot` */
} trib_chain;

/* Record "vow": the last survivors this device signed as a witness. */
typedef struct trib_vow_record {
  unsigned char task_id[TRIB_ID_BYTES];
  trib_slot_vow vow;
} trib_vow_record;

/* Record "reveal": what it has decided to reveal, of which neighbours which share. */
typedef struct trib_reveal_record {
  unsigned char task_id[TRIB_ID_BYTES];
  trib_slot_vow vow;
  unsigned char survived[TRIB_PLACES_BITMAP];
} trib_reveal_record;

/* When to say something (again). */
typedef struct trib_pace {
  uint64_t at_ms;
  uint32_t wait_ms;
} trib_pace;

typedef enum trib_finish_stage {
  TRIB_FINISH_NONE = 0,
  TRIB_FINISH_COUNTING, /* a Closing is here, witnesses are counted */
  TRIB_FINISH_DECIDING, /* enough of them: the decision is to be saved */
  TRIB_FINISH_ASKING,   /* which shares? */
  TRIB_FINISH_OPENING,  /* they are here; heads are fetched */
  TRIB_FINISH_REVEALED, /* sent, not yet answered */
  TRIB_FINISH_DONE
} trib_finish_stage;

/* The second wake-up of one round. */
typedef struct trib_finish {
  trib_finish_stage stage;
  trib_slot_vow vow; /* of the Closing */
  unsigned char survived[TRIB_PLACES_BITMAP];
  uint32_t counted;
  uint32_t drawn_here; /* this device is a witness and has not been silenced */
  uint32_t place;      /* of sealed[0] */
  uint32_t count;
  uint32_t opened; /* bit i: sealed[i] was worked on and begins with what is revealed of it */
  uint32_t asked;  /* how often for the heads still missing */
  trib_pace pace;
  unsigned char drawn[TRIB_MEMBER_BITMAP]; /* witnesses not yet counted */
  unsigned char sealed[TRIB_SHARES_AT_ONCE][TRIB_SEALED_SHARE_BYTES];
} trib_finish;

typedef struct trib_pairs {
  trib_group_stage stage;
  trib_group group;
  uint32_t low; /* while searching: own index is in low .. high-1 */
  uint32_t high;
  uint32_t shown; /* the group was seen since the last connection */
  uint32_t withdrawn;
  uint64_t connected_ms;
  unsigned char refused[TRIB_HASH_BYTES]; /* group in which this device is not */
  unsigned char gathered[TRIB_PLACES_BITMAP];
  trib_pace pace; /* of group and supply, which never speak at the same time */

  uint32_t current; /* slots below are over: an offer or the gateway said so */
  uint32_t has_chain;
  trib_chain chain;
  uint32_t supplied;  /* slots below have their receipts */
  uint32_t confirmed; /* the same before the last connection */

  uint32_t has_vow;
  trib_vow_record vow;
  uint32_t has_reveal;
  trib_reveal_record reveal;
  trib_finish finish;

  unsigned char heads[TRIB_PLACES_BITMAP]; /* of the round in progress */
  uint32_t heads_saved;
  uint32_t seeded; /* keys[..] below hold seeds of masks, the others mask keys */
} trib_pairs;

/* ---- pairs.c: memory and dispatch */
/* NULL: no memory was given, this device takes no part. */
trib_pairs* trib_pairs_of(const trib_client* client);
/* The arrays behind the struct, sized by the group: neighbours[k], keys[k], scratch of
 * max(2 n, 32 k) bytes. */
trib_neighbour* trib_neighbours(const trib_client* client);
unsigned char (*trib_pair_keys_of(const trib_client* client))[TRIB_KEY_BYTES];
unsigned char* trib_pair_scratch(const trib_client* client);
/* Where a member is among the neighbours; k: it is none. */
uint32_t trib_place_of(const trib_client* client, uint32_t index);
/* The slot's terms for derivations of the group. */
void trib_slot_terms_of(const trib_client* client, uint32_t slot, trib_slot_terms* terms);
bool trib_pairs_ready(const trib_client* client);
/* The round in progress is one of this mode. */
bool trib_has_pair_round(const trib_client* client);

/* Loads the records. TRIB_STORAGE when storage fails; anything else missing is not there. */
trib_status trib_pairs_start(trib_client* client);
trib_status trib_pairs_connected(trib_client* client);
/* The round is over: what was passed over meanwhile is asked for again. */
void trib_pairs_round_ended(trib_client* client);
/* A topic below site/. TRIB_MALFORMED: none of this mode. */
trib_status trib_pairs_site(trib_client* client, const char* topic, const unsigned char* payload,
                            size_t size);
/* At most one piece of work of a duty that is due; milliseconds until the next. */
trib_status trib_pairs_turn(trib_client* client, uint32_t* wait_ms);

void trib_pace_start(const trib_client* client, trib_pace* pace); /* due at once */
void trib_pace_next(const trib_client* client, trib_pace* pace);  /* asked: longer each time */
void trib_pace_heard(const trib_client* client, trib_pace* pace); /* an answer, others to come */
uint32_t trib_pace_wait(const trib_client* client, const trib_pace* pace);

/* "tributary/v1/site/<kind>/<hex of hash>[/<slot>]/<index>"; slot 0: none. */
void trib_numbered_topic(char out[TRIB_TOPIC_BYTES], const char* kind,
                         const unsigned char hash[TRIB_HASH_BYTES], uint32_t slot, uint32_t index);

/* ---- group.c */
trib_status trib_on_group(trib_client* client, const char* task, const unsigned char* payload,
                          size_t size);
trib_status trib_on_member(trib_client* client, const unsigned char* payload, size_t size);
trib_status trib_group_turn(trib_client* client, uint32_t* wait_ms);

/* ---- slots.c: the chain and its records */
/* Moves the chain to `slot` at least, for the group's task; durable when it returns TRIB_OK. */
trib_status trib_chain_reach(trib_client* client, uint32_t slot);
/* Begins a chain for the group's task if there is none. */
trib_status trib_chain_have(trib_client* client);
/* The first slot this device may still take part in. */
uint32_t trib_next_slot(const trib_client* client);
/* NULL: nothing was said, as witness or as holder of shares, in the group's task. */
const trib_slot_vow* trib_last_vow(const trib_pairs* pairs);
const trib_reveal_record* trib_last_reveal(const trib_pairs* pairs);
/* The chain's key at a slot it has not passed. */
void trib_chain_key_at(const trib_client* client, uint32_t slot, unsigned char key[TRIB_KEY_BYTES]);

/* ---- supply.c */
trib_status trib_supply_turn(trib_client* client, uint32_t* wait_ms);
trib_status trib_on_prekey_receipt(trib_client* client, const unsigned char* payload, size_t size);

/* ---- heads.c: the neighbours' mask keys of a round */
/* Whether an offer is for this device, group and slot. */
trib_status trib_pair_offer_fits(const trib_client* client, const unsigned char* group_hash,
                                 const unsigned char* task_id, uint64_t round);
/* A signed offer of the group's task names this round: earlier slots are over. */
void trib_pair_slot_seen(trib_pairs* pairs, const unsigned char* group_hash,
                         const unsigned char* task_id, uint64_t round);
/* Before the round is saved: moves the chain to its slot. */
trib_status trib_pair_round_take(trib_client* client, uint64_t round);
void trib_heads_begin(trib_client* client);
bool trib_heads_complete(const trib_client* client);
trib_status trib_heads_more(trib_client* client);
/* The rest of the round is here, and asking for the missing heads has led to nothing for long. */
bool trib_heads_hopeless(const trib_client* client);
trib_status trib_on_head(trib_client* client, const unsigned char* payload, size_t size);
/* Durable before the first local step. */
trib_status trib_heads_save(trib_client* client);
/* TRIB_NOT_FOUND: none of this round. */
trib_status trib_heads_load(trib_client* client);
/* A round found in storage can go on: group, chain and slot are those it was begun with. */
bool trib_pair_round_holds(const trib_client* client);

/* ---- pair_masks.c */
/* False: every neighbour's seed is made. */
bool trib_seeds_missing(const trib_client* client);
trib_status trib_seeds_turn(trib_client* client); /* one X25519 */
trib_status trib_add_pair_masks(const trib_client* client, unsigned char* words, uint64_t offset,
                                size_t size);

/* ---- closing.c: survivors and witnesses */
trib_status trib_on_closing(trib_client* client, const char* task, const unsigned char* payload,
                            size_t size);
trib_status trib_on_witness_vow(trib_client* client, const unsigned char* payload, size_t size);
/* Signs the survivors, where this device is a witness, and asks for the others' vows. */
trib_status trib_vow_turn(trib_client* client);

/* ---- reveal.c: decision and shares */
trib_status trib_decide(trib_client* client);
trib_status trib_finish_turn(trib_client* client, uint32_t* wait_ms);
trib_status trib_on_shares(trib_client* client, const unsigned char* payload, size_t size);
/* A head for a share that waits for it. */
trib_status trib_open_with_head(trib_client* client, const unsigned char* payload, size_t size);
void trib_finish_end(trib_client* client);

#endif
