-- The helper role's promises: what it answered, what it will never answer (gateway/helper/README.md).

-- The epoch keys, the newest is the current one. An ended epoch keeps its number, never its secret.
CREATE TABLE epoch (
  epoch INTEGER PRIMARY KEY CHECK (epoch >= 1),
  secret BLOB CHECK (length(secret) = 32),      -- X25519; NULL: ended
  signed_key BLOB NOT NULL,                     -- serialized Signed EpochKey
  not_after INTEGER NOT NULL,                   -- Unix seconds
  reason TEXT NOT NULL                          -- why it was begun
) STRICT;

-- One row: which marker file belongs to this database, and how many promises it has made.
CREATE TABLE instance (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  instance BLOB NOT NULL CHECK (length(instance) = 16),
  marker BLOB NOT NULL CHECK (length(marker) = 32),  -- identity of helper.marker
  generation INTEGER NOT NULL
) STRICT;

-- H1: the first answered context of a task fixes its scope (proto Scope) for good.
CREATE TABLE task (
  task BLOB PRIMARY KEY CHECK (length(task) = 16),
  scope INTEGER NOT NULL,
  highest_round INTEGER NOT NULL                -- answered, over all gateways
) STRICT, WITHOUT ROWID;

-- H6 and H12: one row per scope leaf that is no longer open; kept for ever.
CREATE TABLE record (
  task BLOB NOT NULL CHECK (length(task) = 16),
  gateway BLOB NOT NULL CHECK (length(gateway) = 16),
  round INTEGER NOT NULL CHECK (round >= 1),
  at INTEGER NOT NULL,                          -- Unix seconds of the promise
  survivors_hash BLOB CHECK (length(survivors_hash) = 32),  -- ANSWERED
  response_hash BLOB CHECK (length(response_hash) = 32),    -- NULL until the sum was sealed
  void BLOB,                                    -- VOID: the Signed Void
  PRIMARY KEY (task, gateway, round),
  CHECK ((survivors_hash IS NULL) <> (void IS NULL)),
  CHECK (response_hash IS NULL OR survivors_hash IS NOT NULL)
) STRICT, WITHOUT ROWID;

-- H5: devices whose mask is in an answer, whatever the gateway.
CREATE TABLE answered_device (
  task BLOB NOT NULL,
  round INTEGER NOT NULL,
  device BLOB NOT NULL CHECK (length(device) = 16),
  PRIMARY KEY (task, round, device)
) STRICT, WITHOUT ROWID;
