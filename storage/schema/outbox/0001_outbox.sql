-- Times are milliseconds since 1970. The content comes last so that looking for what is due does
-- not read it.
CREATE TABLE outbox (
  sequence        INTEGER PRIMARY KEY AUTOINCREMENT,
  key             TEXT    NOT NULL UNIQUE,
  destination     TEXT    NOT NULL,
  created_at      INTEGER NOT NULL,
  next_attempt_at INTEGER NOT NULL,
  attempts        INTEGER NOT NULL DEFAULT 0,
  last_error      TEXT    NOT NULL DEFAULT '',
  content         BLOB    NOT NULL
) STRICT;

CREATE INDEX outbox_next_attempt ON outbox (next_attempt_at);
