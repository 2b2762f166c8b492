-- The span of a trace in which a run was pressed, as its caller named it.
ALTER TABLE runs ADD COLUMN trace TEXT NOT NULL DEFAULT '';
