-- The processes that share this database.
CREATE TABLE nodes (
  name     TEXT COLLATE "C" PRIMARY KEY,
  kind     TEXT COLLATE "C" NOT NULL,   -- server, worker
  folder   TEXT COLLATE "C" NOT NULL,   -- what its data folder is known by
  tags     TEXT COLLATE "C" NOT NULL,   -- JSON
  room     BIGINT NOT NULL,             -- runs that it may have at the same time
  version  TEXT COLLATE "C" NOT NULL,
  host     TEXT COLLATE "C" NOT NULL,
  started  BIGINT NOT NULL,             -- microseconds by this database's clock
  seen     BIGINT NOT NULL,
  ahead    BIGINT NOT NULL,             -- microseconds that its own clock was ahead
  draining BIGINT NOT NULL,
  ended    BIGINT NOT NULL              -- it said so
);
-- How each data folder is known again. Until now there was one, of whoever had the leases.
CREATE TABLE homes (
  folder TEXT COLLATE "C" PRIMARY KEY,
  known  TEXT COLLATE "C" NOT NULL
);
INSERT INTO homes (folder, known)
SELECT coalesce((SELECT holder FROM leases ORDER BY until DESC LIMIT 1), ''), known FROM home;
DROP TABLE home;

-- Hints: in each commit the topics of what grew in it, so that other processes look at once.
CREATE FUNCTION pushbutton_told() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_notify('pushbutton_' || md5(TG_TABLE_SCHEMA), TG_ARGV[0]);
  RETURN NULL;
END $$;
CREATE FUNCTION pushbutton_told_of_run() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_notify('pushbutton_' || md5(TG_TABLE_SCHEMA), TG_ARGV[0] || coalesce(NEW.run, OLD.run));
  RETURN NULL;
END $$;
CREATE TRIGGER told AFTER INSERT ON events FOR EACH STATEMENT EXECUTE FUNCTION pushbutton_told('events');
CREATE TRIGGER told AFTER INSERT OR UPDATE OF state, aside, not_before ON runs
FOR EACH STATEMENT EXECUTE FUNCTION pushbutton_told('runs');
CREATE TRIGGER told AFTER INSERT ON orders FOR EACH ROW EXECUTE FUNCTION pushbutton_told_of_run('orders:');
CREATE TRIGGER heard AFTER DELETE ON orders FOR EACH ROW EXECUTE FUNCTION pushbutton_told_of_run('told:');
CREATE TRIGGER told AFTER INSERT OR DELETE ON pauses FOR EACH STATEMENT EXECUTE FUNCTION pushbutton_told('schedules');
CREATE TRIGGER told AFTER INSERT OR DELETE OR UPDATE OF draining, ended ON nodes
FOR EACH STATEMENT EXECUTE FUNCTION pushbutton_told('nodes');
