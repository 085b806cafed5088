-- Scopes wider than a gateway. What helpers are asked for there is an event of its own, 'joint': its statement
-- is H("joint", ..), and it is kept under the context of the scope's first gateway, as all that is said of the
-- total. A late answer finds its round by it.
CREATE TABLE round_events_2 (
  sequence INTEGER PRIMARY KEY,
  ctx_hash BLOB NOT NULL REFERENCES gateway_rounds (ctx_hash),
  kind TEXT NOT NULL CHECK (kind IN ('sum', 'joint', 'mask-sum', 'refusal', 'abandon')),
  helper BLOB,
  statement BLOB NOT NULL,     -- hash over what the sender signed; joint: the question's hash
  received_at INTEGER NOT NULL,
  body BLOB NOT NULL
) STRICT;
INSERT INTO round_events_2 (sequence, ctx_hash, kind, helper, statement, received_at, body)
  SELECT sequence, ctx_hash, kind, helper, statement, received_at, body FROM round_events;
DROP TABLE round_events;
ALTER TABLE round_events_2 RENAME TO round_events;
CREATE INDEX round_events_of ON round_events (ctx_hash);
CREATE INDEX joint_questions ON round_events (statement) WHERE kind = 'joint';

-- `gateway` of a VOID holds the scope_id then.
ALTER TABLE voids ADD COLUMN wide INTEGER NOT NULL DEFAULT 0 CHECK (wide IN (0, 1));
