-- Stored secrets of all nodes, see `adapters.postgres.secrets`.
CREATE TABLE secrets (
  name   TEXT COLLATE "C" PRIMARY KEY,
  sealed TEXT COLLATE "C" NOT NULL                   -- with the key that all nodes share
);
