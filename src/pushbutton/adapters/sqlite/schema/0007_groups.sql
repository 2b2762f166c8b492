-- The group that a run's task stood in when it was pressed: who may read the run is asked of it too. Of a run that was
-- pressed before, the audit trail tells it: the last declaration of its task that was recorded up to then, or else the
-- first one behind. Where it tells nothing, the run is in no group, which only those may read who may read everything or
-- that task by its name.
ALTER TABLE runs ADD COLUMN "group" TEXT NOT NULL DEFAULT '';
CREATE TEMP TABLE declared (task TEXT NOT NULL, at INTEGER NOT NULL, "group" TEXT NOT NULL);
-- A declaration has one fact a line: `group: "Reports"`, as JSON.
INSERT INTO declared
SELECT task, at, coalesce(CASE WHEN json_valid(line) THEN json_extract(line, '$') END, '') FROM (
  SELECT task, at, iif(start = 0, '""', substr(text, start + 8, instr(substr(text, start + 8), char(10)) - 1)) AS line
  FROM (
    SELECT task, at, text, instr(text, char(10) || 'group: ') AS start FROM (
      SELECT substr(about, 6) AS task, at, CASE WHEN json_valid(data) THEN json_extract(data, '$.text') END AS text
      FROM audit
      WHERE about > 'task ' AND about < 'task!' AND verb IN ('task.added', 'task.changed', 'task.broken')
    ) WHERE typeof(text) = 'text'
  )
);
CREATE INDEX temp.declared_by_task ON declared (task, at);
UPDATE runs SET "group" = coalesce(
  (SELECT d."group" FROM declared AS d WHERE d.task = runs.task AND d.at <= runs.pressed_at ORDER BY d.at DESC LIMIT 1),
  (SELECT d."group" FROM declared AS d WHERE d.task = runs.task ORDER BY d.at LIMIT 1)
) WHERE task IN (SELECT task FROM declared WHERE "group" <> '');
DROP TABLE declared;
-- With the group in it, so that a task's runs in another group are passed over without being read.
DROP INDEX runs_by_task;
CREATE INDEX runs_by_task ON runs (task, id, "group");
-- Made anew behind it: between two indexes that seem as good, SQLite takes the younger one.
DROP INDEX runs_active;
CREATE INDEX runs_active ON runs (task) WHERE state IN ('asking', 'running');
DROP INDEX runs_unfinished;
CREATE INDEX runs_unfinished ON runs (task, id) WHERE state IN ('asking', 'held', 'running', 'waiting');
DROP INDEX runs_busy;
CREATE INDEX runs_busy ON runs (task, id) WHERE state IN ('asking', 'running', 'waiting');
