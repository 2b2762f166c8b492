-- In PostgreSQL: what the folders of runs hold, for other machines. A database in a file has none: nothing to do here.
SELECT 1;
