-- What a gateway must not forget (gateway/README.md). Ids, hashes, nonces and keys as raw bytes.

-- Certified devices; certified_key is the serialized CertifiedKey with the newest epoch key.
CREATE TABLE device (
  device        BLOB NOT NULL PRIMARY KEY,
  certified_key BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- Own X25519 epoch keys; signed_key is the serialized Signed EpochKey.
CREATE TABLE epoch_key (
  epoch      INTEGER NOT NULL PRIMARY KEY,
  secret     BLOB    NOT NULL,
  signed_key BLOB    NOT NULL,
  not_after  INTEGER NOT NULL   -- Unix seconds
) STRICT;

-- Helpers' keys of the open rounds, a serialized SiteKeys: devices need them when the cloud is away.
CREATE TABLE helper_keys (
  one     INTEGER NOT NULL PRIMARY KEY CHECK (one = 1),
  content BLOB    NOT NULL
) STRICT;

-- Rosters this gateway has offered: the newest, and those that open rounds name by their hash.
CREATE TABLE roster (
  sequence INTEGER PRIMARY KEY AUTOINCREMENT,
  hash     BLOB NOT NULL UNIQUE,
  content  BLOB NOT NULL
) STRICT;

-- Models of open rounds, d little-endian float32. Apart from the rounds, whose rows change.
CREATE TABLE model (
  hash    BLOB NOT NULL PRIMARY KEY,
  content BLOB NOT NULL
) STRICT;

-- Rounds with their signed context. A closed round keeps its row so that it is not opened again.
CREATE TABLE round (
  sequence      INTEGER PRIMARY KEY AUTOINCREMENT,
  ctx_hash      BLOB    NOT NULL UNIQUE,
  context       BLOB    NOT NULL,
  signature     BLOB    NOT NULL,
  roster        BLOB    NOT NULL,            -- hash
  model         BLOB    NOT NULL,            -- hash
  survivors     BLOB,                        -- device ids, ascending; NULL while collecting
  submitted     INTEGER NOT NULL DEFAULT 0,  -- the sum of these survivors has been in the outbox
  closed        INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE contribution (
  ctx_hash BLOB NOT NULL,
  device   BLOB NOT NULL,
  nonce    BLOB NOT NULL,
  digest   BLOB NOT NULL,
  tickets  BLOB NOT NULL,                    -- 16 bytes per helper
  PRIMARY KEY (ctx_hash, device)
) STRICT, WITHOUT ROWID;
