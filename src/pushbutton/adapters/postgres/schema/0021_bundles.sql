-- Published tasks: which content became the tasks of all nodes when, and the contents, in pieces. With a content that was
-- published before, its older row stays.
CREATE TABLE publishings (
  number    BIGINT PRIMARY KEY,
  bundle    TEXT COLLATE "C" NOT NULL,
  at        BIGINT NOT NULL,
  actor     TEXT COLLATE "C" NOT NULL,
  folder    TEXT COLLATE "C" NOT NULL,
  files     BIGINT NOT NULL,
  size      BIGINT NOT NULL,
  tasks     TEXT COLLATE "C" NOT NULL,      -- JSON: the hash of each declaration
  addresses TEXT COLLATE "C" NOT NULL       -- JSON: which task has which address
);
CREATE INDEX publishings_by_bundle ON publishings (bundle, number);
CREATE TABLE bundles (
  digest TEXT COLLATE "C" PRIMARY KEY,
  size   BIGINT NOT NULL,
  begun  BIGINT NOT NULL       -- when its pieces began to come, last
);
CREATE TABLE bundle_pieces (
  bundle TEXT COLLATE "C" NOT NULL,
  place  BIGINT NOT NULL,
  bytes  BYTEA NOT NULL,
  PRIMARY KEY (bundle, place)
);
-- The bundle that a run was pressed with; '' for one that is read in place.
ALTER TABLE runs ADD COLUMN bundle TEXT COLLATE "C" NOT NULL DEFAULT '';
