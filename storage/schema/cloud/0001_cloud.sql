-- The coordinator's database. Times are Unix milliseconds, hashes and ids raw bytes.

CREATE TABLE gateways (
  id BLOB PRIMARY KEY,
  name TEXT NOT NULL,
  version TEXT NOT NULL,
  keys BLOB NOT NULL,          -- GatewayKeys as received
  roster_hash BLOB,            -- NULL: none yet
  last_seen INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE rosters (
  hash BLOB PRIMARY KEY,       -- H("roster", content)
  gateway BLOB NOT NULL,
  size INTEGER NOT NULL,       -- devices
  content BLOB NOT NULL
) STRICT;

CREATE TABLE models (
  hash BLOB PRIMARY KEY,       -- H("model", content)
  name TEXT NOT NULL,
  architecture TEXT NOT NULL,
  parameters INTEGER NOT NULL,
  version INTEGER NOT NULL,    -- 1 when imported, else its parent's plus 1
  task BLOB,                   -- NULL when imported
  round INTEGER,
  parent BLOB,
  created_at INTEGER NOT NULL,
  content BLOB NOT NULL        -- little-endian float32
) STRICT;

CREATE TABLE tasks (
  id BLOB PRIMARY KEY,
  name TEXT NOT NULL,
  spec TEXT NOT NULL,          -- JSON, every member
  parameters INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('waiting', 'running', 'finished', 'stopped', 'failed')),
  state_reason TEXT NOT NULL,
  model BLOB NOT NULL REFERENCES models (hash),
  round INTEGER NOT NULL,      -- highest number opened; numbers are never used again
  released INTEGER NOT NULL,
  abandoned INTEGER NOT NULL,
  abandoned_in_row INTEGER NOT NULL,
  retry_at INTEGER NOT NULL    -- no new round before
) STRICT;

CREATE TABLE rounds (
  task BLOB NOT NULL REFERENCES tasks (id),
  round INTEGER NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('open', 'released', 'abandoned')),
  reason TEXT NOT NULL,
  opened_at INTEGER NOT NULL,
  closed_at INTEGER,
  least_contributions INTEGER NOT NULL,
  gateway_quorum INTEGER NOT NULL,
  expected INTEGER NOT NULL,
  survivors INTEGER NOT NULL DEFAULT 0,
  train_loss REAL,
  train_accuracy REAL,
  weight REAL,
  model_before BLOB NOT NULL,
  model_after BLOB,
  masks_removed INTEGER NOT NULL DEFAULT 0,
  mask_milliseconds INTEGER NOT NULL DEFAULT 0,
  upload_bytes INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (task, round)
) STRICT, WITHOUT ROWID;
CREATE INDEX open_rounds ON rounds (state) WHERE state = 'open';

-- One signed context per (task, round, gateway): rule C7.
CREATE TABLE gateway_rounds (
  ctx_hash BLOB PRIMARY KEY,
  task BLOB NOT NULL,
  round INTEGER NOT NULL,
  gateway BLOB NOT NULL,
  part INTEGER NOT NULL,       -- order within the round, from 0
  context BLOB NOT NULL,       -- RoundContext as signed
  signature BLOB NOT NULL,
  roster_hash BLOB NOT NULL,
  expected INTEGER NOT NULL,
  state TEXT NOT NULL,
  reason TEXT NOT NULL,
  survivors BLOB NOT NULL,     -- device ids, ascending, when released
  survivors_hash BLOB,
  sum_hash BLOB,
  UNIQUE (task, round, gateway),
  FOREIGN KEY (task, round) REFERENCES rounds (task, round)
) STRICT;

CREATE INDEX gateway_rounds_at ON gateway_rounds (gateway);

-- What gateways and helpers said about a round, in the order accepted: an open round is replayed
-- from it. Bodies are emptied when the round ends; the rest tells a repetition from a contradiction.
CREATE TABLE round_events (
  sequence INTEGER PRIMARY KEY,
  ctx_hash BLOB NOT NULL REFERENCES gateway_rounds (ctx_hash),
  kind TEXT NOT NULL CHECK (kind IN ('sum', 'mask-sum', 'refusal', 'abandon')),
  helper BLOB,
  statement BLOB NOT NULL,     -- hash over what the sender signed
  received_at INTEGER NOT NULL,
  body BLOB NOT NULL
) STRICT;
CREATE INDEX round_events_of ON round_events (ctx_hash);

-- Hash chain per task; body and signature are the Signed Release.
CREATE TABLE releases (
  sequence INTEGER PRIMARY KEY,
  task BLOB NOT NULL,
  round INTEGER NOT NULL,
  ctx_hash BLOB NOT NULL UNIQUE REFERENCES gateway_rounds (ctx_hash),
  body BLOB NOT NULL,
  signature BLOB NOT NULL,
  hash BLOB NOT NULL           -- H("release", body)
) STRICT;
CREATE INDEX releases_of ON releases (task, round);

-- Promises never to answer a scope. statement is NULL while it is asked for.
CREATE TABLE voids (
  task BLOB NOT NULL,
  round INTEGER NOT NULL,
  gateway BLOB NOT NULL,
  helper BLOB NOT NULL,
  asked_at INTEGER NOT NULL,
  statement BLOB,              -- Signed Void
  PRIMARY KEY (task, round, gateway, helper)
) STRICT, WITHOUT ROWID;
CREATE INDEX voids_asked ON voids (helper) WHERE statement IS NULL;
