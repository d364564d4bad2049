-- The tables of a results file that hold profiles; the others, and the file's version, stand in schema.sql.

CREATE TABLE string (
  id    INTEGER PRIMARY KEY,
  value TEXT NOT NULL UNIQUE
) STRICT;

-- how a rank was profiled; its presence is what says that it was
CREATE TABLE profile (
  run            INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,
  rank           INTEGER NOT NULL CHECK (rank >= 0),
  process_id     INTEGER NOT NULL,
  source         TEXT NOT NULL CHECK (source IN ('cpu_operator', 'cupti')),
  source_reason  TEXT,                -- why a GPU's kernels were not recorded although there is one
  device_name    TEXT NOT NULL,
  with_shapes    INTEGER NOT NULL CHECK (with_shapes IN (0, 1)),
  dropped_count  INTEGER NOT NULL DEFAULT 0 CHECK (dropped_count >= 0),
  realtime_ns    INTEGER NOT NULL,    -- one instant on both clocks
  monotonic_ns   INTEGER NOT NULL,
  PRIMARY KEY (run, rank)
) STRICT, WITHOUT ROWID;

CREATE TABLE scope (
  id          INTEGER PRIMARY KEY,
  run         INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,
  rank        INTEGER NOT NULL CHECK (rank >= 0),
  thread      INTEGER NOT NULL,
  parent      INTEGER REFERENCES scope ON DELETE CASCADE,
  cell        INTEGER REFERENCES cell ON DELETE CASCADE,
  name        INTEGER NOT NULL REFERENCES string,
  phase       TEXT NOT NULL CHECK (phase = 'block' OR phase = 'probe' OR phase = 'compact' OR phase = 'embed' OR
                phase = 'head' OR phase = 'solver' OR phase = 'evaluation' OR phase = 'sampling' OR phase = 'decode'),
  step        INTEGER,
  evaluation  INTEGER,
  t           REAL,
  block       INTEGER,
  rows        INTEGER,
  rows_inside INTEGER CHECK (rows_inside BETWEEN 0 AND rows),  -- of them not yet left: the others are carried along
  begin_ns    INTEGER NOT NULL,
  end_ns      INTEGER NOT NULL CHECK (end_ns >= begin_ns)
) STRICT;
CREATE INDEX scope_by_run ON scope (run, rank, begin_ns);
CREATE INDEX scope_by_cell ON scope (cell);
CREATE INDEX scope_by_parent ON scope (parent);

-- Rows come by the million: triggers do what foreign keys would (they cost at a DELETE, not at every INSERT), OR is four times
-- as fast as IN in a CHECK, and the order of time is the order of the ids, not an index.
CREATE TABLE activity (
  id             INTEGER PRIMARY KEY, -- those of a rank in the order of begin_ns
  run            INTEGER NOT NULL,
  rank           INTEGER NOT NULL CHECK (rank >= 0),
  kind           TEXT NOT NULL CHECK (kind = 'cpu_operator' OR kind = 'kernel' OR kind = 'api_call' OR kind = 'copy' OR
                   kind = 'set' OR kind = 'synchronization' OR kind = 'overhead'),
  name           INTEGER NOT NULL,    -- a string
  scope          INTEGER,
  attribution    TEXT NOT NULL CHECK (attribution = 'external' OR attribution = 'graph_node' OR
                   attribution = 'time_overlap' OR attribution = 'none'),
  device         INTEGER NOT NULL,
  stream         INTEGER NOT NULL,
  thread         INTEGER,             -- that made the call; NULL: unknown, as for a kernel
  correlation_id INTEGER,
  graph_node     INTEGER,
  begin_ns       INTEGER NOT NULL,
  end_ns         INTEGER NOT NULL CHECK (end_ns >= begin_ns),
  size_bytes     INTEGER,
  shapes         INTEGER,             -- a string
  flops          REAL CHECK (flops >= 0),
  moved_bytes    REAL CHECK (moved_bytes >= 0),
  CHECK ((scope IS NULL) = (attribution = 'none'))
) STRICT;
CREATE INDEX activity_by_scope ON activity (scope);
CREATE TRIGGER scope_deleted AFTER DELETE ON scope BEGIN DELETE FROM activity WHERE scope = old.id; END;
CREATE TRIGGER profile_deleted AFTER DELETE ON profile BEGIN
  DELETE FROM activity WHERE run = old.run AND rank = old.rank;
  DELETE FROM scope WHERE run = old.run AND rank = old.rank;
END;

-- what the machine reaches at best: the roof of a roofline
CREATE TABLE ceiling (
  run       INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,
  rank      INTEGER NOT NULL CHECK (rank >= 0),
  quantity  TEXT NOT NULL CHECK (quantity IN ('flops_per_s', 'bytes_per_s')),
  precision TEXT NOT NULL DEFAULT '',
  value     REAL NOT NULL CHECK (value > 0),
  PRIMARY KEY (run, rank, quantity, precision)
) STRICT, WITHOUT ROWID;

-- the same repetition with more and more recorded: what looking costs
CREATE TABLE profile_overhead (
  cell        INTEGER NOT NULL REFERENCES cell ON DELETE CASCADE,
  mode        TEXT NOT NULL CHECK (mode IN ('off', 'nvtx', 'activities', 'everything')),
  round       INTEGER NOT NULL CHECK (round >= 0),
  rank        INTEGER NOT NULL CHECK (rank >= 0),
  duration_ns INTEGER NOT NULL CHECK (duration_ns > 0),
  PRIMARY KEY (cell, mode, round, rank)
) STRICT, WITHOUT ROWID;

CREATE TABLE telemetry (
  machine         INTEGER NOT NULL REFERENCES machine ON DELETE CASCADE,
  device          TEXT NOT NULL,
  sampled_ns      INTEGER NOT NULL,
  clock_hz        INTEGER,
  memory_clock_hz INTEGER,
  power_w         REAL,
  energy_j        REAL,
  temperature_c   REAL,
  memory_bytes    INTEGER,
  throttle_bits   INTEGER,
  PRIMARY KEY (machine, device, sampled_ns)
) STRICT, WITHOUT ROWID;
