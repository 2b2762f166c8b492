-- Tries at one press, each a run of its own: what the task said of them ('': nothing is tried again), the first of them
-- (0: there is one only), and the one that follows (0: none).
ALTER TABLE runs ADD COLUMN retry TEXT NOT NULL DEFAULT '';
ALTER TABLE runs ADD COLUMN series INTEGER NOT NULL DEFAULT 0;
ALTER TABLE runs ADD COLUMN next INTEGER NOT NULL DEFAULT 0;
CREATE INDEX runs_series ON runs (series, id) WHERE series > 0;
