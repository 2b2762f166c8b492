-- An index over some rows serves only a query that has its condition word for word: these have the order in which the
-- store writes states. Without them the gate and every press of a task that skips or joins count through its past.
DROP INDEX runs_unfinished;
CREATE INDEX runs_unfinished ON runs (task, id) WHERE state IN ('asking', 'held', 'running', 'waiting');
CREATE INDEX runs_active ON runs (task) WHERE state IN ('asking', 'running');
