-- Files that came to rest in folders that tasks watch, and what became of each. Numbers rise in a task.
CREATE TABLE files_seen (
  task    TEXT NOT NULL,
  number  INTEGER NOT NULL,
  at      INTEGER NOT NULL,
  verdict TEXT NOT NULL,
  path    TEXT NOT NULL,
  changed INTEGER NOT NULL,
  inode   TEXT NOT NULL,
  size    INTEGER NOT NULL,
  run     INTEGER NOT NULL DEFAULT 0,
  why     TEXT NOT NULL DEFAULT '',
  PRIMARY KEY (task, number)
);
CREATE INDEX files_seen_path ON files_seen (task, path);
