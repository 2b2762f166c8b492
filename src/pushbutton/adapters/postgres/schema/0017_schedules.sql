-- What became of the due moments of schedules: at most one row for each, inserted with the run that is pressed for it.
CREATE TABLE firings (
  schedule TEXT COLLATE "C" NOT NULL,
  due      BIGINT NOT NULL,
  verdict  TEXT COLLATE "C" NOT NULL,
  run      BIGINT NOT NULL DEFAULT 0,
  why      TEXT COLLATE "C" NOT NULL DEFAULT '',
  PRIMARY KEY (schedule, due)
);
-- Schedules that press nothing until then; 0: until somebody ends it.
CREATE TABLE pauses (
  schedule TEXT COLLATE "C" PRIMARY KEY,
  until    BIGINT NOT NULL,
  reason   TEXT COLLATE "C" NOT NULL,
  actor    TEXT COLLATE "C" NOT NULL
);
