-- The moments that waiting runs must not start before: the next one is found however many wait. The condition is, word
-- for word, the one of the question in `sql.statements`.
CREATE INDEX runs_moments ON runs (not_before)
WHERE state || '' = 'waiting' AND aside = 0 AND not_before IS NOT NULL;
