-- How much waits, kept by the queue itself: looking does not depend on how much it is. One row.
CREATE TABLE outbox_size (
  one      INTEGER PRIMARY KEY CHECK (one = 1),
  messages INTEGER NOT NULL,
  bytes    INTEGER NOT NULL                -- of the contents
) STRICT;

INSERT INTO outbox_size SELECT 1, count(*), coalesce(sum(length(content)), 0) FROM outbox;

CREATE TRIGGER outbox_put AFTER INSERT ON outbox BEGIN
  UPDATE outbox_size SET messages = messages + 1, bytes = bytes + length(NEW.content);
END;

CREATE TRIGGER outbox_delivered AFTER DELETE ON outbox BEGIN
  UPDATE outbox_size SET messages = messages - 1, bytes = bytes - length(OLD.content);
END;
