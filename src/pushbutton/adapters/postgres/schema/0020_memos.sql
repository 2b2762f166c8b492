-- What is kept for a while and has to hold over every process: see `runtime.ports.memos`.
CREATE TABLE memos (
  kind  TEXT COLLATE "C" NOT NULL,
  name  TEXT COLLATE "C" NOT NULL,
  value TEXT COLLATE "C" NOT NULL,
  until BIGINT NOT NULL,                             -- microseconds since the epoch, UTC
  PRIMARY KEY (kind, name)
);
CREATE INDEX memos_by_end ON memos (until);
