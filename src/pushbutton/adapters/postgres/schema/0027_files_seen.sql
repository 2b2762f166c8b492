-- Files that came to rest in folders that tasks watch, and what became of each. Numbers rise in a task.
CREATE TABLE files_seen (
  task    TEXT COLLATE "C" NOT NULL,
  number  BIGINT NOT NULL,
  at      BIGINT NOT NULL,
  verdict TEXT COLLATE "C" NOT NULL,
  path    TEXT COLLATE "C" NOT NULL,
  changed BIGINT NOT NULL,
  inode   TEXT COLLATE "C" NOT NULL,
  size    BIGINT NOT NULL,
  run     BIGINT NOT NULL DEFAULT 0,
  why     TEXT COLLATE "C" NOT NULL DEFAULT '',
  PRIMARY KEY (task, number)
);
CREATE INDEX files_seen_path ON files_seen (task, path);
