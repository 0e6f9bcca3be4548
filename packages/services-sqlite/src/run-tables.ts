/**
 * The tables of runs. Ids, owners, keys and cancellations are JSON texts. A run's `number` and a segment's `place` are
 * never used twice: the higher came later.
 */
export const RUN_TABLES = `
  CREATE TABLE runs (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    agent TEXT NOT NULL,
    user TEXT NOT NULL,
    session TEXT NOT NULL,
    status TEXT NOT NULL,
    owner TEXT,
    epoch INTEGER NOT NULL DEFAULT 1,
    attempt INTEGER NOT NULL DEFAULT 0,
    settled INTEGER NOT NULL DEFAULT 0,
    created_at INTEGER NOT NULL,
    started_at INTEGER,
    -- Set when the run ends, together with the number of its last event.
    completed_at INTEGER,
    last_seq INTEGER,
    expired_at INTEGER,
    compacted_to INTEGER NOT NULL DEFAULT -1,
    cancel TEXT,
    -- The number of the last change of its turn, its owner or its cancellation.
    changed INTEGER
  ) STRICT;
  CREATE INDEX runs_by_agent ON runs (agent) WHERE expired_at IS NULL;
  CREATE INDEX runs_by_user ON runs (agent, user) WHERE expired_at IS NULL;
  CREATE INDEX runs_by_status ON runs (agent, status) WHERE expired_at IS NULL;
  CREATE INDEX runs_by_session ON runs (agent, session);
  CREATE INDEX lanes ON runs (agent, user, session) WHERE settled = 0;
  CREATE INDEX unsettled_runs ON runs (owner, agent) WHERE settled = 0;
  CREATE INDEX changed_runs ON runs (changed) WHERE changed IS NOT NULL;
  CREATE INDEX ended_runs ON runs (completed_at) WHERE completed_at IS NOT NULL AND expired_at IS NULL;
  CREATE INDEX uncompacted_runs ON runs (completed_at) WHERE expired_at IS NULL AND compacted_to < last_seq;
  CREATE INDEX expired_runs ON runs (expired_at) WHERE expired_at IS NOT NULL;

  -- Apart from the runs, since SQLite writes a row anew whenever it changes.
  CREATE TABLE run_requests (
    run INTEGER PRIMARY KEY,
    request TEXT NOT NULL,
    input TEXT NOT NULL
  ) STRICT;

  -- In the order they were written, since runs that are written together then share pages.
  CREATE TABLE run_segments (
    place INTEGER PRIMARY KEY AUTOINCREMENT,
    run INTEGER NOT NULL,
    first INTEGER NOT NULL,
    last INTEGER NOT NULL,
    text TEXT NOT NULL,
    UNIQUE (run, last)
  ) STRICT;

  -- Runs whose segments and input nobody can reach any more.
  CREATE TABLE run_garbage (run INTEGER PRIMARY KEY) STRICT;

  CREATE TABLE run_keys (
    key TEXT PRIMARY KEY,
    fingerprint TEXT NOT NULL,
    run INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE,
    expires_at INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX run_keys_by_run ON run_keys (run);
  CREATE INDEX run_keys_by_end ON run_keys (expires_at);

  CREATE TABLE run_owners (owner TEXT PRIMARY KEY, heard_at INTEGER NOT NULL) STRICT, WITHOUT ROWID;

  CREATE TABLE run_counters (fence INTEGER NOT NULL, change INTEGER NOT NULL) STRICT;
  INSERT INTO run_counters (fence, change) VALUES (0, 0);
`;
