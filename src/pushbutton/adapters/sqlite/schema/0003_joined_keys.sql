-- Idempotency keys of presses that were answered with a run which an earlier press had made (`busy: join`).
CREATE TABLE joined (
  task        TEXT    NOT NULL,
  key         TEXT    NOT NULL,
  run         INTEGER NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
  fingerprint TEXT    NOT NULL,
  PRIMARY KEY (task, key)
) WITHOUT ROWID;
CREATE INDEX joined_by_run ON joined (run);
