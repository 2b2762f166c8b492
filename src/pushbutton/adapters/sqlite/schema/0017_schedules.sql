-- What became of the due moments of schedules: at most one row for each, inserted with the run that is pressed for it.
CREATE TABLE firings (
  schedule TEXT NOT NULL,
  due      INTEGER NOT NULL,
  verdict  TEXT NOT NULL,
  run      INTEGER NOT NULL DEFAULT 0,
  why      TEXT NOT NULL DEFAULT '',
  PRIMARY KEY (schedule, due)
);
-- Schedules that press nothing until then; 0: until somebody ends it.
CREATE TABLE pauses (
  schedule TEXT PRIMARY KEY,
  until    INTEGER NOT NULL,
  reason   TEXT NOT NULL,
  actor    TEXT NOT NULL
);
