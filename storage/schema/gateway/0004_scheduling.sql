-- Whom this gateway invited and how its devices did (gateway/README.md, Scheduling). Nothing of it leaves the site.

-- The choice of an invited round: for each device of its roster 16 bytes of id and one of the reason
-- (gateway/scheduling/reason.hpp). The newest 64 of a task are kept.
CREATE TABLE choice (
  sequence  INTEGER PRIMARY KEY AUTOINCREMENT,
  ctx_hash  BLOB    NOT NULL UNIQUE,
  task      BLOB    NOT NULL,
  opened_at INTEGER NOT NULL,          -- Unix seconds
  decisions BLOB    NOT NULL
) STRICT;

CREATE INDEX choice_of ON choice (task, sequence);

-- What was observed of a device (gateway/scheduling/record.hpp); its states come from the broker.
CREATE TABLE device_record (
  device            BLOB    NOT NULL PRIMARY KEY,
  seconds_mean      REAL    NOT NULL,
  seconds_square    REAL    NOT NULL,
  seconds_weight    REAL    NOT NULL,
  completed         REAL    NOT NULL,
  missed            REAL    NOT NULL,
  failures          REAL    NOT NULL,
  failed_at         INTEGER NOT NULL,  -- Unix seconds
  contributions     INTEGER NOT NULL,
  choices           INTEGER NOT NULL,
  credit            REAL    NOT NULL,
  come_back_at      INTEGER NOT NULL   -- as it was told last; 0: to stay awake
) STRICT, WITHOUT ROWID;
