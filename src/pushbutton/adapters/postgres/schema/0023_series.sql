-- Tries at one press, each a run of its own: what the task said of them ('': nothing is tried again), the first of them
-- (0: there is one only), and the one that follows (0: none).
ALTER TABLE runs ADD COLUMN retry TEXT COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE runs ADD COLUMN series BIGINT NOT NULL DEFAULT 0;
ALTER TABLE runs ADD COLUMN next BIGINT NOT NULL DEFAULT 0;
CREATE INDEX runs_series ON runs (series, id) WHERE series > 0;
