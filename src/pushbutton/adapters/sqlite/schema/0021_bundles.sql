-- Published tasks: which content became the tasks of all nodes when, and the contents, in pieces. With a content that was
-- published before, its older row stays.
CREATE TABLE publishings (
  number    INTEGER PRIMARY KEY,
  bundle    TEXT NOT NULL,
  at        INTEGER NOT NULL,
  actor     TEXT NOT NULL,
  folder    TEXT NOT NULL,
  files     INTEGER NOT NULL,
  size      INTEGER NOT NULL,
  tasks     TEXT NOT NULL,      -- JSON: the hash of each declaration
  addresses TEXT NOT NULL       -- JSON: which task has which address
);
CREATE INDEX publishings_by_bundle ON publishings (bundle, number);
CREATE TABLE bundles (
  digest TEXT PRIMARY KEY,
  size   INTEGER NOT NULL,
  begun  INTEGER NOT NULL       -- when its pieces began to come, last
);
CREATE TABLE bundle_pieces (
  bundle TEXT NOT NULL,
  place  INTEGER NOT NULL,
  bytes  BLOB NOT NULL,
  PRIMARY KEY (bundle, place)
);
-- The bundle that a run was pressed with; '' for one that is read in place.
ALTER TABLE runs ADD COLUMN bundle TEXT NOT NULL DEFAULT '';
