-- The processes that share this database.
CREATE TABLE nodes (
  name     TEXT PRIMARY KEY NOT NULL,
  kind     TEXT NOT NULL,               -- server, worker
  folder   TEXT NOT NULL,               -- what its data folder is known by
  tags     TEXT NOT NULL,               -- JSON
  room     INTEGER NOT NULL,            -- runs that it may have at the same time
  version  TEXT NOT NULL,
  host     TEXT NOT NULL,
  started  INTEGER NOT NULL,            -- microseconds by this database's clock
  seen     INTEGER NOT NULL,
  ahead    INTEGER NOT NULL,            -- microseconds that its own clock was ahead
  draining INTEGER NOT NULL,
  ended    INTEGER NOT NULL             -- it said so
);
-- How each data folder is known again.
CREATE TABLE homes (
  folder TEXT PRIMARY KEY NOT NULL,
  known  TEXT NOT NULL
);
INSERT INTO homes (folder, known) SELECT '', known FROM home;
DROP TABLE home;
