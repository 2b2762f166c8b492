-- From which run on each has its press in the audit trail: the first one of which there is one, or the next one. So it is
-- known where the trail was cut, also by whom nothing else is left.
INSERT INTO meta (name, value)
SELECT 'recorded from', coalesce(
  (SELECT min(CAST(substr(about, 5) AS INTEGER)) FROM audit WHERE verb = 'run.press' AND about > 'run ' AND about < 'run!'),
  (SELECT seq + 1 FROM sqlite_sequence WHERE name = 'runs'),
  1
);
