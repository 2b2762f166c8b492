-- How many runs hold a lock at once, as the configuration says today. Every lock that a run was pressed with has a row.
CREATE TABLE locks (
  name   TEXT PRIMARY KEY,
  places INTEGER NOT NULL
);
-- A line is of runs that need the same locks, too: the conditions are, word for word, those of `sql.statements`.
DROP INDEX runs_lines;
DROP INDEX runs_timed;
CREATE INDEX runs_lines ON runs (task, tags, locks, id)
WHERE state || '' = 'waiting' AND aside = 0 AND not_before IS NULL;
CREATE INDEX runs_timed ON runs (task, tags, locks, not_before, id)
WHERE state || '' = 'waiting' AND aside = 0 AND not_before IS NOT NULL;
-- What holds locks, counted without a look at the rows.
CREATE INDEX runs_locked ON runs (locks, state) WHERE state || '' IN ('asking', 'running') AND locks <> '';
