-- Times are microseconds since the epoch, UTC. AUTOINCREMENT: a number is never given twice, even after deletion.
CREATE TABLE runs (
  id          INTEGER PRIMARY KEY AUTOINCREMENT,
  task        TEXT    NOT NULL,
  title       TEXT    NOT NULL,
  state       TEXT    NOT NULL,
  epoch       INTEGER NOT NULL DEFAULT 0,
  actor       TEXT    NOT NULL,
  inputs      TEXT    NOT NULL,             -- JSON, secrets masked
  pressed_at  INTEGER NOT NULL,
  started_at  INTEGER,
  ended_at    INTEGER,
  exit_code   INTEGER,
  reason      TEXT    NOT NULL DEFAULT '',
  why         TEXT    NOT NULL DEFAULT '',
  status      TEXT    NOT NULL DEFAULT '',
  step        TEXT    NOT NULL DEFAULT '',
  progress    REAL,
  stop_by     TEXT    NOT NULL DEFAULT '',
  worker      TEXT    NOT NULL DEFAULT '',
  collected   INTEGER NOT NULL DEFAULT 0,   -- bytes of the spool's events that are in this database
  survivors   TEXT    NOT NULL DEFAULT '[]',
  key         TEXT    NOT NULL DEFAULT '',
  fingerprint TEXT    NOT NULL DEFAULT '',
  token       TEXT    NOT NULL DEFAULT ''
);
CREATE INDEX runs_by_task ON runs (task, id);
CREATE INDEX runs_by_actor ON runs (actor, id);
CREATE INDEX runs_by_state ON runs (state, id);
CREATE INDEX runs_unfinished ON runs (state, task) WHERE state IN ('held', 'waiting', 'running', 'asking');
CREATE UNIQUE INDEX runs_by_key ON runs (task, key) WHERE key <> '';

CREATE TABLE events (
  id   INTEGER PRIMARY KEY AUTOINCREMENT,   -- one number over all runs; its order is commit order
  run  INTEGER REFERENCES runs (id) ON DELETE CASCADE,
  task TEXT,
  at   INTEGER NOT NULL,
  kind TEXT    NOT NULL,
  data TEXT    NOT NULL                     -- JSON
);
CREATE INDEX events_by_run ON events (run, id);
CREATE INDEX events_by_task ON events (task, id);
