-- What there is one of. `forgotten`: the highest id of an event that retention has deleted.
CREATE TABLE meta (
  name  TEXT PRIMARY KEY,
  value INTEGER NOT NULL
);
