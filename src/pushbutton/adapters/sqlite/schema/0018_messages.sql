-- What is told to people and channels: a row for each event, channel and person, which waits until it was taken.
CREATE TABLE messages (
  id       INTEGER PRIMARY KEY,
  channel  TEXT    NOT NULL,
  person   TEXT    NOT NULL DEFAULT '',
  event    INTEGER NOT NULL,
  occasion TEXT    NOT NULL,
  at       INTEGER NOT NULL,
  run      INTEGER NOT NULL DEFAULT 0,
  task     TEXT    NOT NULL DEFAULT '',
  times    INTEGER NOT NULL DEFAULT 0,
  why      TEXT    NOT NULL DEFAULT '',
  after    INTEGER NOT NULL DEFAULT 0,
  told_at  INTEGER
);
CREATE UNIQUE INDEX messages_once ON messages (event, channel, person);
CREATE INDEX messages_waiting ON messages (channel, id) WHERE told_at IS NULL;
CREATE INDEX messages_told ON messages (channel, told_at) WHERE told_at IS NOT NULL;
-- Channels that take nothing, since when, and why.
CREATE TABLE broken_channels (
  name  TEXT PRIMARY KEY,
  since INTEGER NOT NULL,
  why   TEXT    NOT NULL
);
