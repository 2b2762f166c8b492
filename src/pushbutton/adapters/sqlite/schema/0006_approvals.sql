-- The approval that a run waits for or got, as JSON; '': it needs none.
ALTER TABLE runs ADD COLUMN hold TEXT NOT NULL DEFAULT '';
-- What makes a task busy: everything unfinished but what waits for an approval. Word for word as the store asks.
CREATE INDEX runs_busy ON runs (task, id) WHERE state IN ('asking', 'running', 'waiting');
