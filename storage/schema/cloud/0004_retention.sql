-- What is kept of rounds that have ended is bounded (storage/README.md, Growth): each look that this needs, and each
-- that is made at start or with every request, finds what it wants by an index, however much is kept.

ALTER TABLE gateway_rounds ADD COLUMN ended_at INTEGER;  -- when the round did; NULL: it is open
UPDATE gateway_rounds SET ended_at = (SELECT coalesce(r.closed_at, r.opened_at) FROM rounds r
  WHERE r.task = gateway_rounds.task AND r.round = gateway_rounds.round AND r.state <> 'open');
DROP INDEX gateway_rounds_at;
CREATE INDEX gateway_rounds_ended ON gateway_rounds (gateway, ended_at);

CREATE INDEX models_whole ON models (task, version) WHERE length(content) > 0;
CREATE INDEX models_emptied ON models (task, round) WHERE length(content) = 0;

DROP INDEX voids_asked;
CREATE INDEX voids_asked ON voids (helper, asked_at) WHERE statement IS NULL;
