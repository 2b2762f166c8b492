-- How the data folder is known again at the next start, as JSON, see `adapters.copy_check`.
CREATE TABLE home (
  one   INTEGER PRIMARY KEY CHECK (one = 1),
  known TEXT NOT NULL
);
-- 1: it was under way when the data folder turned out to be a copy, so it does not start before a person says so.
ALTER TABLE runs ADD COLUMN aside INTEGER NOT NULL DEFAULT 0;
CREATE INDEX runs_aside ON runs (state, id) WHERE aside = 1;
