-- Calls that came to hooks, and what became of each. Numbers rise in a hook.
CREATE TABLE deliveries (
  hook     TEXT    NOT NULL,
  number   INTEGER NOT NULL,
  at       INTEGER NOT NULL,
  delivery TEXT    NOT NULL,
  verdict  TEXT    NOT NULL,
  signed   INTEGER NOT NULL,
  run      INTEGER NOT NULL DEFAULT 0,
  why      TEXT    NOT NULL DEFAULT '',
  body     TEXT    NOT NULL DEFAULT '',
  address  TEXT    NOT NULL DEFAULT '',
  PRIMARY KEY (hook, number)
);
