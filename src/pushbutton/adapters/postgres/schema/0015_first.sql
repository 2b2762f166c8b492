-- What the steps up to this one made in SQLite: no store on PostgreSQL is older. Every later step has its number in both.
-- Texts are compared by their bytes, whatever the database was made with. Indexes: see the statements, which have their
-- conditions word for word. Times are microseconds since the epoch, UTC.
CREATE TABLE runs (
  id          BIGINT PRIMARY KEY,
  task        TEXT COLLATE "C" NOT NULL,
  title       TEXT COLLATE "C" NOT NULL,
  state       TEXT COLLATE "C" NOT NULL,
  epoch       BIGINT NOT NULL DEFAULT 0,
  actor       TEXT COLLATE "C" NOT NULL,
  inputs      TEXT COLLATE "C" NOT NULL,             -- JSON, secrets masked
  pressed_at  BIGINT NOT NULL,
  started_at  BIGINT,
  ended_at    BIGINT,
  exit_code   BIGINT,
  reason      TEXT COLLATE "C" NOT NULL DEFAULT '',
  why         TEXT COLLATE "C" NOT NULL DEFAULT '',
  status      TEXT COLLATE "C" NOT NULL DEFAULT '',
  step        TEXT COLLATE "C" NOT NULL DEFAULT '',
  progress    DOUBLE PRECISION,
  stop_by     TEXT COLLATE "C" NOT NULL DEFAULT '',
  worker      TEXT COLLATE "C" NOT NULL DEFAULT '',
  collected   BIGINT NOT NULL DEFAULT 0,             -- bytes of the spool's events that are in this database
  survivors   TEXT COLLATE "C" NOT NULL DEFAULT '[]',
  key         TEXT COLLATE "C" NOT NULL DEFAULT '',
  fingerprint TEXT COLLATE "C" NOT NULL DEFAULT '',
  token       TEXT COLLATE "C" NOT NULL DEFAULT '',
  hold        TEXT COLLATE "C" NOT NULL DEFAULT '',
  "group"     TEXT COLLATE "C" NOT NULL DEFAULT '',
  aside       BIGINT NOT NULL DEFAULT 0,
  cause       TEXT COLLATE "C" NOT NULL DEFAULT 'person',
  parent      BIGINT NOT NULL DEFAULT 0,
  attempt     BIGINT NOT NULL DEFAULT 1,
  digest      TEXT COLLATE "C" NOT NULL DEFAULT '',
  sealed      TEXT COLLATE "C" NOT NULL DEFAULT '',
  ordered     BIGINT NOT NULL DEFAULT 0,
  tags        TEXT COLLATE "C" NOT NULL DEFAULT '',
  locks       TEXT COLLATE "C" NOT NULL DEFAULT '',
  not_before  BIGINT
);
CREATE INDEX runs_by_task ON runs (task, id, "group");
CREATE INDEX runs_by_actor ON runs (actor, id);
CREATE INDEX runs_by_state ON runs (state, id);
CREATE UNIQUE INDEX runs_by_key ON runs (task, key) WHERE key <> '';
CREATE INDEX runs_unfinished ON runs (task, id) WHERE state IN ('asking', 'held', 'running', 'waiting');
CREATE INDEX runs_busy ON runs (task, id) WHERE state IN ('asking', 'running', 'waiting');
CREATE INDEX runs_aside ON runs (state, id) WHERE aside = 1;
CREATE INDEX runs_lines ON runs (task, tags, id)
WHERE state || '' = 'waiting' AND aside = 0 AND locks = '' AND not_before IS NULL;
CREATE INDEX runs_timed ON runs (task, tags, not_before, id)
WHERE state || '' = 'waiting' AND aside = 0 AND locks = '' AND not_before IS NOT NULL;
CREATE INDEX runs_active ON runs (task, state) WHERE state || '' IN ('asking', 'running');
CREATE INDEX runs_on_worker ON runs (worker, state) WHERE state || '' IN ('asking', 'running');

CREATE TABLE events (
  id   BIGINT PRIMARY KEY,                           -- one number over all runs; its order is commit order
  run  BIGINT REFERENCES runs (id) ON DELETE CASCADE,
  task TEXT COLLATE "C",
  at   BIGINT NOT NULL,
  kind TEXT COLLATE "C" NOT NULL,
  data TEXT COLLATE "C" NOT NULL                     -- JSON
);
CREATE INDEX events_by_run ON events (run, id);
CREATE INDEX events_by_task ON events (task, id);

CREATE TABLE meta (
  name  TEXT COLLATE "C" PRIMARY KEY,
  value BIGINT NOT NULL
);
INSERT INTO meta (name, value) VALUES ('recorded from', 1), ('runs', 0), ('events', 0);

CREATE TABLE joined (
  task        TEXT COLLATE "C" NOT NULL,
  key         TEXT COLLATE "C" NOT NULL,
  run         BIGINT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
  fingerprint TEXT COLLATE "C" NOT NULL,
  PRIMARY KEY (task, key)
);
CREATE INDEX joined_by_run ON joined (run);

CREATE TABLE people (
  kind TEXT COLLATE "C" NOT NULL,
  key  TEXT COLLATE "C" NOT NULL,
  data TEXT COLLATE "C" NOT NULL,                    -- JSON
  PRIMARY KEY (kind, key)
);

CREATE TABLE audit (
  id      BIGINT PRIMARY KEY,
  at      BIGINT NOT NULL,
  actor   TEXT COLLATE "C" NOT NULL,
  verb    TEXT COLLATE "C" NOT NULL,
  about   TEXT COLLATE "C" NOT NULL,
  address TEXT COLLATE "C" NOT NULL,
  data    TEXT COLLATE "C" NOT NULL,                 -- JSON
  hash    TEXT COLLATE "C" NOT NULL
);
CREATE INDEX audit_by_actor ON audit (actor, id);
CREATE INDEX audit_by_about ON audit (about, id);
CREATE TABLE audit_head (
  one  BIGINT PRIMARY KEY CHECK (one = 1),
  id   BIGINT NOT NULL,
  hash TEXT COLLATE "C" NOT NULL,
  seal TEXT COLLATE "C" NOT NULL                     -- of both, with the key: nobody else can set it back
);
CREATE FUNCTION audit_only_grows() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN
  -- Said in its own transaction by what takes a secret out: that changes no table, and so waits for no reader.
  IF TG_OP = 'UPDATE' AND current_setting('pushbutton.redacts', true) = 'yes' THEN RETURN NULL; END IF;
  RAISE EXCEPTION 'the audit trail only grows';
END $$;
CREATE TRIGGER audit_is_not_changed BEFORE UPDATE ON audit
FOR EACH STATEMENT EXECUTE FUNCTION audit_only_grows();
CREATE TRIGGER audit_is_not_cut BEFORE DELETE OR TRUNCATE ON audit
FOR EACH STATEMENT EXECUTE FUNCTION audit_only_grows();

CREATE TABLE home (
  one   BIGINT PRIMARY KEY CHECK (one = 1),
  known TEXT COLLATE "C" NOT NULL
);

CREATE TABLE bookmarks (
  name  TEXT COLLATE "C" PRIMARY KEY,
  event BIGINT NOT NULL
);
CREATE TABLE leases (
  name   TEXT COLLATE "C" PRIMARY KEY,
  holder TEXT COLLATE "C" NOT NULL,
  until  BIGINT NOT NULL
);

CREATE TABLE orders (
  run  BIGINT NOT NULL,
  n    BIGINT NOT NULL,
  kind TEXT COLLATE "C" NOT NULL,
  data TEXT COLLATE "C" NOT NULL,
  at   BIGINT NOT NULL,
  PRIMARY KEY (run, n)
);

CREATE TABLE limits (
  task    TEXT COLLATE "C" PRIMARY KEY,
  at_once BIGINT NOT NULL
);

-- What PostgreSQL alone needs: how far this schema is, with the digest of the key that seals what is in it; and the last
-- turn of each process that writes, by which it finds out whether a COMMIT was carried out of which it got no answer.
CREATE TABLE pushbutton (
  one    BIGINT PRIMARY KEY CHECK (one = 1),
  step   BIGINT NOT NULL,
  digest TEXT COLLATE "C" NOT NULL DEFAULT ''
);
CREATE TABLE turns (
  writer TEXT COLLATE "C" PRIMARY KEY,
  turn   BIGINT NOT NULL,
  at     TIMESTAMPTZ NOT NULL DEFAULT now()
);
