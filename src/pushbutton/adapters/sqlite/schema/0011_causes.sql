-- What made a run, see `domain.cause`. Of an earlier run its actor tells it.
ALTER TABLE runs ADD COLUMN cause TEXT NOT NULL DEFAULT 'person';
ALTER TABLE runs ADD COLUMN parent INTEGER NOT NULL DEFAULT 0;
ALTER TABLE runs ADD COLUMN attempt INTEGER NOT NULL DEFAULT 1;
UPDATE runs SET cause = 'token' WHERE actor GLOB 'token:?*/?*';
UPDATE runs SET cause = 'link' WHERE actor GLOB 'link:?*/?*';
UPDATE runs SET cause = 'run', parent = CAST(substr(actor, 5) AS INTEGER)
WHERE actor GLOB 'run:[1-9]*' AND substr(actor, 5) NOT GLOB '*[^0-9]*';
-- The task, down to the bytes that it runs, as which it was pressed; '': nobody knows. It stood with an approval only.
ALTER TABLE runs ADD COLUMN digest TEXT NOT NULL DEFAULT '';
UPDATE runs SET digest = coalesce(json_extract(hold, '$.digest'), '') WHERE json_valid(hold);
