-- Calls that came to hooks, and what became of each. Numbers rise in a hook.
CREATE TABLE deliveries (
  hook     TEXT COLLATE "C" NOT NULL,
  number   BIGINT NOT NULL,
  at       BIGINT NOT NULL,
  delivery TEXT COLLATE "C" NOT NULL,
  verdict  TEXT COLLATE "C" NOT NULL,
  signed   BIGINT NOT NULL,
  run      BIGINT NOT NULL DEFAULT 0,
  why      TEXT COLLATE "C" NOT NULL DEFAULT '',
  body     TEXT COLLATE "C" NOT NULL DEFAULT '',
  address  TEXT COLLATE "C" NOT NULL DEFAULT '',
  PRIMARY KEY (hook, number)
);
