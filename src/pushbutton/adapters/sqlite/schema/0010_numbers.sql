-- The last numbers of a run and of an event that were given: raised in the transaction that gives one, so that numbers
-- rise in the order of commits without gaps, in any database. None is given twice, also after deletion.
INSERT INTO meta (name, value)
SELECT name, coalesce((SELECT seq FROM sqlite_sequence WHERE sqlite_sequence.name = given.name), 0)
FROM (SELECT 'runs' AS name UNION ALL SELECT 'events') AS given;
