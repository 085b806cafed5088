-- Scopes wider than a gateway: one promise for the total over a group of gateways (rule H6). A promise is
-- about a gateway's round, or about that of a scope_id; the two are told apart by `wide`.
CREATE TABLE scope_record (
  task BLOB NOT NULL CHECK (length(task) = 16),
  wide INTEGER NOT NULL CHECK (wide IN (0, 1)),
  place BLOB NOT NULL CHECK (length(place) = 16),  -- gateway id; wide: scope_id
  round INTEGER NOT NULL CHECK (round >= 1),
  at INTEGER NOT NULL,                          -- Unix seconds of the promise
  survivors_hash BLOB CHECK (length(survivors_hash) = 32),  -- ANSWERED; wide: H("joint", ..)
  response_hash BLOB CHECK (length(response_hash) = 32),    -- NULL until the sum was sealed
  void BLOB,                                    -- VOID: the Signed Void
  PRIMARY KEY (task, wide, place, round),
  CHECK ((survivors_hash IS NULL) <> (void IS NULL)),
  CHECK (response_hash IS NULL OR survivors_hash IS NOT NULL)
) STRICT, WITHOUT ROWID;

INSERT INTO scope_record (task, wide, place, round, at, survivors_hash, response_hash, void)
  SELECT task, 0, gateway, round, at, survivors_hash, response_hash, void FROM record;
DROP TABLE record;
ALTER TABLE scope_record RENAME TO record;
