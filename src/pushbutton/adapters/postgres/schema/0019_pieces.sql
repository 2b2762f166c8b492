-- What runs wrote and handed over, and what people brought, for the machines that do not have its files: in pieces by
-- their place in it. `run` is 0 for what waits for a press. No key leads to a run, and no pen is held: a piece that is
-- there already is the same, so sending one again changes nothing.
CREATE TABLE pieces (
  run   BIGINT NOT NULL,
  name  TEXT COLLATE "C" NOT NULL,
  at    BIGINT NOT NULL,
  bytes BYTEA NOT NULL,
  PRIMARY KEY (run, name, at)
);
-- Not compressed: a part of a large piece is read without the rest.
ALTER TABLE pieces ALTER COLUMN bytes SET STORAGE EXTERNAL;
-- How much of each there is, and since when. A file has no row before it is whole.
CREATE TABLE sizes (
  run   BIGINT NOT NULL,
  name  TEXT COLLATE "C" NOT NULL,
  size  BIGINT NOT NULL,
  since BIGINT NOT NULL,
  PRIMARY KEY (run, name)
) WITH (fillfactor = 50);
