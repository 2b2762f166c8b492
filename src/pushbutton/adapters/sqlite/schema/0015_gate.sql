-- What a run needs to pass the gate: tags of a worker and locks (each name between two commas of its own, '' for none),
-- and the moment before which it does not start.
ALTER TABLE runs ADD COLUMN tags TEXT NOT NULL DEFAULT '';
ALTER TABLE runs ADD COLUMN locks TEXT NOT NULL DEFAULT '';
ALTER TABLE runs ADD COLUMN not_before INTEGER;
-- How many runs of a task may be active at the same time, as the tasks say today; of one that is not here, one.
CREATE TABLE limits (
  task    TEXT PRIMARY KEY,
  at_once INTEGER NOT NULL
);
-- The lines in which runs wait, see `sql.statements`: word for word as the gate asks.
CREATE INDEX runs_lines ON runs (task, tags, id)
WHERE state || '' = 'waiting' AND aside = 0 AND locks = '' AND not_before IS NULL;
CREATE INDEX runs_timed ON runs (task, tags, not_before, id)
WHERE state || '' = 'waiting' AND aside = 0 AND locks = '' AND not_before IS NOT NULL;
-- What is active, by task and by worker, counted without a look at the rows: the state is named in the condition, so it
-- has to be among the columns.
DROP INDEX runs_active;
CREATE INDEX runs_active ON runs (task, state) WHERE state || '' IN ('asking', 'running');
CREATE INDEX runs_on_worker ON runs (worker, state) WHERE state || '' IN ('asking', 'running');
