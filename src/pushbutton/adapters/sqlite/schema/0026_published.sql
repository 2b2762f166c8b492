-- In PostgreSQL: a hint that something was published. A database in a file has one process: nothing to do here.
SELECT 1;
