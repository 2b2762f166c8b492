-- Secret inputs of a run that has not begun: sealed with a key that lies beside the database. "" for none.
ALTER TABLE runs ADD COLUMN sealed TEXT NOT NULL DEFAULT '';
