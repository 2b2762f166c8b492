-- What supervisors are told, until they have heard it: numbers rise in each run without gaps, and none is given twice.
CREATE TABLE orders (
  run  INTEGER NOT NULL,
  n    INTEGER NOT NULL,
  kind TEXT    NOT NULL,
  data TEXT    NOT NULL,
  at   INTEGER NOT NULL,
  PRIMARY KEY (run, n)
);
-- The last number that was given in the run.
ALTER TABLE runs ADD COLUMN ordered INTEGER NOT NULL DEFAULT 0;
-- Who was to be stopped and may not have heard it.
INSERT INTO orders (run, n, kind, data, at)
SELECT id, 1, 'stop', json_object('by', stop_by), 0 FROM runs WHERE state IN ('asking', 'running') AND stop_by != '';
UPDATE runs SET ordered = 1 WHERE id IN (SELECT run FROM orders);
