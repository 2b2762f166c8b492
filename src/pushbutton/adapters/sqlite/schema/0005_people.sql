-- Users, grants, sessions, tokens, invitations, links: few and small, read whole into memory. `meta.people` counts the
-- changes, so that a process sees those of another.
CREATE TABLE people (
  kind TEXT NOT NULL,
  key  TEXT NOT NULL,
  data TEXT NOT NULL,                         -- JSON
  PRIMARY KEY (kind, key)
) WITHOUT ROWID;
-- Every act that matters, each with the hash of itself and of everything before it.
CREATE TABLE audit (
  id      INTEGER PRIMARY KEY,
  at      INTEGER NOT NULL,
  actor   TEXT    NOT NULL,
  verb    TEXT    NOT NULL,
  about   TEXT    NOT NULL,
  address TEXT    NOT NULL,
  data    TEXT    NOT NULL,                   -- JSON
  hash    TEXT    NOT NULL
);
CREATE INDEX audit_by_actor ON audit (actor, id);
CREATE INDEX audit_by_about ON audit (about, id);
CREATE TABLE audit_head (
  one  INTEGER PRIMARY KEY CHECK (one = 1),
  id   INTEGER NOT NULL,
  hash TEXT    NOT NULL,
  seal TEXT    NOT NULL                       -- of both, with the key: nobody else can set it back
);
CREATE TRIGGER audit_is_not_changed BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, 'the audit trail only grows'); END;
CREATE TRIGGER audit_is_not_cut BEFORE DELETE ON audit BEGIN SELECT RAISE(ABORT, 'the audit trail only grows'); END;
