-- What people asked of devices and groups by topic (gateway/steering): JSON texts, each with its version.
CREATE TABLE steering (
  subject BLOB NOT NULL PRIMARY KEY,  -- "device/<hex id>" or "group/<name>"
  content BLOB NOT NULL
) STRICT, WITHOUT ROWID;
