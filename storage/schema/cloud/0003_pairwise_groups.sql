-- Mode pairwise: who masks with whom at a gateway, the newest group of each task.

CREATE TABLE groups (
  task BLOB NOT NULL REFERENCES tasks (id),
  gateway BLOB NOT NULL,
  hash BLOB NOT NULL UNIQUE,     -- H("group", content)
  content BLOB NOT NULL,         -- Group as signed
  signature BLOB NOT NULL,
  roster_hash BLOB NOT NULL,     -- of the roster the members are in; kept as long as the group is
  members BLOB NOT NULL,         -- device ids, ascending
  left_out BLOB NOT NULL,        -- devices of that roster that are not members, ascending
  made_at INTEGER NOT NULL,
  ready_until INTEGER NOT NULL,  -- every member's prekey is at the gateway for all slots below
  missing BLOB NOT NULL,         -- members without one for that slot, ascending
  PRIMARY KEY (task, gateway)
) STRICT, WITHOUT ROWID;
