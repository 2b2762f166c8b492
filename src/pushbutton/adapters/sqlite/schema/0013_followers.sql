-- How far each follower of the events has come.
CREATE TABLE bookmarks (
  name  TEXT PRIMARY KEY,
  event INTEGER NOT NULL
);
-- Which process runs a loop that only one may run, and until when it counts.
CREATE TABLE leases (
  name   TEXT PRIMARY KEY,
  holder TEXT    NOT NULL,
  until  INTEGER NOT NULL
);
