-- What is kept for a while and has to hold over every process: see `runtime.ports.memos`.
CREATE TABLE memos (
  kind  TEXT NOT NULL,
  name  TEXT NOT NULL,
  value TEXT NOT NULL,
  until INTEGER NOT NULL,                            -- microseconds since the epoch, UTC
  PRIMARY KEY (kind, name)
) WITHOUT ROWID;
CREATE INDEX memos_by_end ON memos (until);
