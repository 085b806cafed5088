-- Mode pairwise (gateway/README.md). Opened shares are secret until the round is over, then they are removed.

-- Groups as the coordinator offered them; the newest of a task counts.
CREATE TABLE pairwise_group (
  sequence INTEGER PRIMARY KEY AUTOINCREMENT,
  hash     BLOB NOT NULL UNIQUE,   -- H("group", Group bytes)
  task     BLOB NOT NULL,
  roster   BLOB NOT NULL,          -- hash; kept as long as the group is
  content  BLOB NOT NULL,             -- serialized GroupOffer
  over_until INTEGER NOT NULL DEFAULT 0  -- all slots up to this one are over
) STRICT;

-- What a member left for a slot: the head, and a sealed share of either kind for each neighbour.
CREATE TABLE prekey (
  group_hash BLOB    NOT NULL,
  slot       INTEGER NOT NULL,
  member     INTEGER NOT NULL,
  head       BLOB    NOT NULL,
  shares     BLOB    NOT NULL,
  UNIQUE (group_hash, slot, member)
) STRICT;

-- Witnesses' signatures on the survivors of a round.
CREATE TABLE vow (
  ctx_hash  BLOB    NOT NULL,
  witness   INTEGER NOT NULL,
  signature BLOB    NOT NULL,
  PRIMARY KEY (ctx_hash, witness)
) STRICT, WITHOUT ROWID;

-- What holders opened; entries as crypto/pairwise/reveal_box.hpp lays them out.
CREATE TABLE reveal (
  sequence INTEGER PRIMARY KEY AUTOINCREMENT,
  ctx_hash BLOB    NOT NULL,
  device   BLOB    NOT NULL,
  place    INTEGER NOT NULL,
  entries  BLOB    NOT NULL
) STRICT;

CREATE INDEX reveal_of ON reveal (ctx_hash);
