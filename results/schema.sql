-- Every table of a results file but those of profiles (schema_profile.sql); column by column: README.md beside this file.
-- Durations are INTEGER nanoseconds, sizes bytes, names carry the unit. What a statistic could be computed from is stored
-- raw. A duplicate row is an error, never a second row.

PRAGMA application_id = 1684431470;  -- "dfbn"
PRAGMA user_version = 8;             -- readers refuse a newer one

CREATE TABLE metric (
  name           TEXT PRIMARY KEY,
  unit           TEXT NOT NULL,
  better         TEXT NOT NULL CHECK (better IN ('lower', 'higher', 'none')),
  definition     TEXT NOT NULL,
  formula        TEXT NOT NULL,
  summary_column TEXT,                -- where the view cell_summary holds it; NULL: only in table estimate or quality
  -- of a quality metric: how two runs are set against each other, and from where on a change matters
  comparison      TEXT CHECK (comparison IN ('ratio', 'difference')),
  smallest_effect REAL CHECK (smallest_effect > 0),
  CHECK ((comparison IS NULL) = (smallest_effect IS NULL))
) STRICT, WITHOUT ROWID;

CREATE TABLE run (
  id              INTEGER PRIMARY KEY,
  uid             TEXT NOT NULL UNIQUE DEFAULT (lower(hex(randomblob(16)))),  -- the same in every file it is merged into
  suite_name      TEXT NOT NULL,
  suite_text      TEXT NOT NULL,
  suite_sha       TEXT NOT NULL,
  seed            INTEGER NOT NULL,
  argv            TEXT NOT NULL CHECK (json_valid(argv)),
  started_utc     TEXT NOT NULL,
  finished_utc    TEXT,
  git_sha         TEXT,
  git_dirty       INTEGER CHECK (git_dirty IN (0, 1)),
  program_version TEXT NOT NULL,
  status          TEXT NOT NULL DEFAULT 'running' CHECK (status IN ('running', 'ok', 'failed')),
  CHECK (status = 'running' OR finished_utc IS NOT NULL)
) STRICT;
CREATE INDEX run_by_suite ON run (suite_sha, status);

-- Of a run that several machines made without seeing each other (run --part 3/8): which parts are here. A run that was
-- made whole has none.
CREATE TABLE part (
  run        INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,
  part       INTEGER NOT NULL CHECK (part BETWEEN 1 AND part_count),
  part_count INTEGER NOT NULL CHECK (part_count > 1),
  uid        TEXT NOT NULL,            -- of the run that measured it
  host       TEXT NOT NULL,            -- where that was
  PRIMARY KEY (run, part)
) STRICT, WITHOUT ROWID;

-- two runs that took turns, cell by cell within each round (diffbench ab): rounds of one number are neighbours in time
CREATE TABLE pairing (
  new_run INTEGER PRIMARY KEY REFERENCES run ON DELETE CASCADE,
  old_run INTEGER NOT NULL REFERENCES run ON DELETE CASCADE CHECK (old_run <> new_run)
) STRICT;

CREATE TABLE machine (
  id                INTEGER PRIMARY KEY,
  run               INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,
  host              TEXT NOT NULL,
  cpu_model         TEXT,
  core_count        INTEGER CHECK (core_count > 0),
  memory_bytes      INTEGER CHECK (memory_bytes > 0),
  usable_core_count INTEGER CHECK (usable_core_count > 0),  -- by affinity and container quota, rounded up
  gpu_names         TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(gpu_names)),
  os                TEXT,
  kernel            TEXT,
  compiler          TEXT,
  compiler_flags    TEXT,
  build_type        TEXT,
  torch_version     TEXT,
  mpi_version       TEXT,
  cuda_version      TEXT,
  driver_version    TEXT,
  governor          TEXT,
  turbo             TEXT CHECK (turbo IN ('on', 'off')),
  smt               TEXT CHECK (smt IN ('on', 'off')),
  huge_pages        TEXT,              -- of transparent huge pages: always, madvise, never
  clock_source      TEXT,
  allocator         TEXT,              -- what the program asked of it: freed memory kept, or the system's default
  settings          TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(settings)),  -- set variables such as OMP_NUM_THREADS
  load_average_1min REAL,
  UNIQUE (run, host)
) STRICT;

CREATE TABLE rank (
  run     INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,
  rank    INTEGER NOT NULL CHECK (rank >= 0),
  machine INTEGER NOT NULL REFERENCES machine ON DELETE CASCADE,
  device  TEXT NOT NULL,
  threads INTEGER NOT NULL CHECK (threads > 0),               -- as the suite says
  torch_threads INTEGER CHECK (torch_threads > 0),            -- what LibTorch and OpenMP answer when asked
  omp_threads   INTEGER CHECK (omp_threads > 0),
  binding TEXT,                                               -- cores that the process may run on: "0-3,8"
  pid     INTEGER NOT NULL,
  PRIMARY KEY (run, rank)
) STRICT, WITHOUT ROWID;
CREATE INDEX rank_by_machine ON rank (machine);

-- what the registry says of the methods that a run uses
CREATE TABLE method (
  run       INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,
  name      TEXT NOT NULL,
  summary   TEXT NOT NULL,
  knob      TEXT,                          -- the parameter that trades quality for speed; NULL: it has none
  knob_text TEXT NOT NULL DEFAULT '{}',    -- how a value of it reads: "every {}"
  PRIMARY KEY (run, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE cell (
  id                INTEGER PRIMARY KEY,
  run               INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,
  key               TEXT NOT NULL,
  method            TEXT NOT NULL,
  method_label      TEXT NOT NULL,
  method_params     TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(method_params)),  -- with defaults filled in
  given_params      TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(given_params)),   -- as the suite has them
  decides           TEXT NOT NULL DEFAULT 'time' CHECK (decides IN ('time', 'row', 'batch')),
  role              TEXT NOT NULL DEFAULT 'method' CHECK (role IN ('method', 'baseline', 'null')),
  baseline_cell     INTEGER REFERENCES cell ON DELETE SET NULL CHECK (baseline_cell <> id),
  judged_as         INTEGER REFERENCES cell ON DELETE SET NULL,  -- the cell under which the samples of both are stored
  class_count       INTEGER CHECK (class_count >= 0),  -- of a judged model: sample i is of class i % class_count; 0: no classes
  model             TEXT NOT NULL,
  model_fingerprint TEXT NOT NULL,
  solver            TEXT NOT NULL,
  solver_params     TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(solver_params)),  -- with defaults filled in
  given_solver_params TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(given_solver_params)),
  grid              TEXT NOT NULL,
  steps             INTEGER NOT NULL CHECK (steps > 0),
  batch             INTEGER NOT NULL CHECK (batch > 0),
  precision         TEXT NOT NULL CHECK (precision IN ('fp64', 'fp32', 'bf16', 'fp16')),
  runtime           TEXT NOT NULL DEFAULT 'eager',  -- what executed the blocks
  device            TEXT NOT NULL,
  ranks             INTEGER NOT NULL CHECK (ranks > 0),
  threads           INTEGER NOT NULL DEFAULT 1 CHECK (threads > 0),
  guidance          REAL NOT NULL DEFAULT 1,
  guidance_interval TEXT CHECK (guidance_interval IS NULL OR json_valid(guidance_interval)),  -- two times; NULL: everywhere
  guidance_exits    TEXT NOT NULL DEFAULT 'joint' CHECK (guidance_exits IN ('joint', 'separate')),
  scenario          TEXT NOT NULL CHECK (scenario IN ('offline', 'single_stream', 'server')),
  identity          TEXT NOT NULL DEFAULT '',  -- hash of all that decides what the cell does; equal cells of two runs
  status            TEXT NOT NULL DEFAULT 'pending' CHECK (status IN ('pending', 'ok', 'skipped', 'failed')),
  reason            TEXT,
  stop_reason       TEXT,
  block_count       INTEGER CHECK (block_count > 0),
  flops_full        REAL CHECK (flops_full >= 0),            -- of one sample through every block
  traced_samples    INTEGER CHECK (traced_samples > 0),      -- that table evaluation speaks of
  UNIQUE (run, key), CHECK (status NOT IN ('skipped', 'failed') OR reason IS NOT NULL)
) STRICT;
CREATE INDEX cell_by_baseline ON cell (baseline_cell);
CREATE INDEX cell_by_judgement ON cell (judged_as);
CREATE INDEX cell_by_identity ON cell (identity);

-- every file that a cell read
CREATE TABLE artifact (
  cell   INTEGER NOT NULL REFERENCES cell ON DELETE CASCADE,
  role   TEXT NOT NULL,                -- model, weights, gates, calibration, extractor, reference, ...
  path   TEXT NOT NULL,
  sha256 TEXT NOT NULL,
  PRIMARY KEY (cell, role, path)
) STRICT, WITHOUT ROWID;

-- what a method whose depth is a function of t alone promises: S(t) in bins of t
CREATE TABLE planned_depth (
  cell   INTEGER NOT NULL REFERENCES cell ON DELETE CASCADE,
  from_t REAL NOT NULL,                -- inclusive
  to_t   REAL NOT NULL CHECK (to_t > from_t),
  blocks REAL NOT NULL CHECK (blocks >= 0),
  PRIMARY KEY (cell, from_t)
) STRICT, WITHOUT ROWID;

-- what was measured, allocated or captured before the first repetition
CREATE TABLE preparation (
  cell        INTEGER NOT NULL REFERENCES cell ON DELETE CASCADE,
  rank        INTEGER NOT NULL CHECK (rank >= 0),
  duration_ns INTEGER NOT NULL CHECK (duration_ns >= 0),
  decisions   TEXT NOT NULL CHECK (json_valid(decisions)),  -- what it came to; all ranks use rank 0's
  PRIMARY KEY (cell, rank)
) STRICT, WITHOUT ROWID;

-- repetitions before the counted ones of a pass; an attempt more for each resume
CREATE TABLE warmup (
  cell        INTEGER NOT NULL REFERENCES cell ON DELETE CASCADE,
  pass        TEXT NOT NULL CHECK (pass IN ('timing', 'profile', 'overhead')),
  attempt     INTEGER NOT NULL CHECK (attempt >= 0),
  repetition  INTEGER NOT NULL CHECK (repetition >= 0),
  duration_ns INTEGER NOT NULL CHECK (duration_ns > 0),      -- of the slowest rank
  PRIMARY KEY (cell, pass, attempt, repetition)
) STRICT, WITHOUT ROWID;

CREATE TABLE warmup_end (
  cell      INTEGER NOT NULL REFERENCES cell ON DELETE CASCADE,
  pass      TEXT NOT NULL CHECK (pass IN ('timing', 'profile', 'overhead')),
  attempt   INTEGER NOT NULL CHECK (attempt >= 0),
  converged INTEGER NOT NULL CHECK (converged IN (0, 1)),
  reason    TEXT NOT NULL,             -- windows_agree, max_seconds, max_repetitions
  PRIMARY KEY (cell, pass, attempt)
) STRICT, WITHOUT ROWID;

-- the largest memory of a process while it timed a cell
CREATE TABLE memory_peak (
  cell         INTEGER NOT NULL REFERENCES cell ON DELETE CASCADE,
  rank         INTEGER NOT NULL CHECK (rank >= 0),
  process_bytes INTEGER CHECK (process_bytes > 0),           -- resident set
  device_bytes  INTEGER CHECK (device_bytes > 0),            -- of LibTorch's allocator on a GPU
  PRIMARY KEY (cell, rank)
) STRICT, WITHOUT ROWID;

-- Medians, ratios and percentiles with their intervals: computed once, by results/estimates.h, from the raw rows
CREATE TABLE estimate (
  cell       INTEGER NOT NULL REFERENCES cell ON DELETE CASCADE,
  metric     TEXT NOT NULL REFERENCES metric,
  value      REAL NOT NULL,
  low        REAL CHECK (low <= high), -- NULL: n supports no interval
  high       REAL,
  confidence REAL NOT NULL CHECK (confidence > 0 AND confidence < 1),
  n          INTEGER NOT NULL CHECK (n > 0),
  rule       TEXT NOT NULL,
  PRIMARY KEY (cell, metric),
  CHECK ((low IS NULL) = (high IS NULL))
) STRICT, WITHOUT ROWID;
CREATE INDEX estimate_by_metric ON estimate (metric);

CREATE TABLE timing (
  cell           INTEGER NOT NULL REFERENCES cell ON DELETE CASCADE,
  round          INTEGER NOT NULL CHECK (round >= 0),
  repetition     INTEGER NOT NULL CHECK (repetition >= 0),
  rank           INTEGER NOT NULL CHECK (rank >= 0),
  started_ns     INTEGER NOT NULL,
  duration_ns    INTEGER NOT NULL CHECK (duration_ns > 0),
  samples        INTEGER NOT NULL CHECK (samples > 0),
  decode_ns      INTEGER NOT NULL DEFAULT 0 CHECK (decode_ns BETWEEN 0 AND duration_ns),  -- the decoder's part
  page_fault_count INTEGER CHECK (page_fault_count >= 0),
  steal_ns       INTEGER CHECK (steal_ns >= 0),               -- taken by the hypervisor, all cores of the machine
  core_wait_ns   INTEGER CHECK (core_wait_ns >= 0),           -- threads ready to run, but no core was free
  energy_j       REAL CHECK (energy_j >= 0),                  -- of the rank's device, or of its machine on the machine's first rank
  discard_reason TEXT,                -- NULL: the timing counts
  disturbance    TEXT,                -- it counts, but something came between: what
  PRIMARY KEY (cell, round, repetition, rank)
) STRICT, WITHOUT ROWID;

CREATE TABLE request (
  cell       INTEGER NOT NULL REFERENCES cell ON DELETE CASCADE,
  request    INTEGER NOT NULL CHECK (request >= 0),
  rank       INTEGER NOT NULL CHECK (rank >= 0),
  arrived_ns INTEGER NOT NULL,
  begun_ns   INTEGER NOT NULL CHECK (begun_ns >= arrived_ns),
  done_ns    INTEGER NOT NULL CHECK (done_ns >= begun_ns),
  batch_rows INTEGER NOT NULL CHECK (batch_rows > 0),
  PRIMARY KEY (cell, request)
) STRICT, WITHOUT ROWID;

CREATE TABLE evaluation (
  cell                 INTEGER NOT NULL REFERENCES cell ON DELETE CASCADE,
  evaluation           INTEGER NOT NULL CHECK (evaluation >= 0),
  t                    REAL NOT NULL,
  rows                 INTEGER NOT NULL CHECK (rows > 0),          -- these and all below: sums over the counted rounds
  blocks_executed      REAL NOT NULL CHECK (blocks_executed >= 0),
  flops                REAL NOT NULL CHECK (flops >= 0),           -- probes included
  probe_flops          REAL NOT NULL DEFAULT 0 CHECK (probe_flops >= 0),
  blocks_carried       REAL NOT NULL DEFAULT 0 CHECK (blocks_carried BETWEEN 0 AND blocks_executed),
  compaction_count     INTEGER NOT NULL DEFAULT 0 CHECK (compaction_count >= 0),
  PRIMARY KEY (cell, evaluation)
) STRICT, WITHOUT ROWID;

CREATE TABLE exit_count (
  cell       INTEGER NOT NULL,
  evaluation INTEGER NOT NULL,
  block      INTEGER NOT NULL CHECK (block >= 0),
  rows       INTEGER NOT NULL CHECK (rows > 0),
  PRIMARY KEY (cell, evaluation, block),
  FOREIGN KEY (cell, evaluation) REFERENCES evaluation ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

-- The networks that quality values of a run come from. Place 0 is none (pixels alone), 1 the suite's first extractor:
-- the one whose values tables and figures show first. A value's identity is all of a row and its n.
CREATE TABLE extractor (
  run           INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,
  place         INTEGER NOT NULL CHECK (place >= 0),
  name          TEXT NOT NULL,              -- as the suite has it
  mode          TEXT NOT NULL DEFAULT '',   -- the input convention: plain, pytorch_fid, ...
  to_uint8      TEXT NOT NULL,              -- how samples became bytes: round, truncate, edm
  sha256        TEXT NOT NULL DEFAULT '',   -- of the network's file
  reference     TEXT NOT NULL DEFAULT '',
  reference_sha TEXT NOT NULL DEFAULT '',
  PRIMARY KEY (run, place)
) STRICT, WITHOUT ROWID;

CREATE TABLE quality (
  cell            INTEGER NOT NULL REFERENCES cell ON DELETE CASCADE,
  metric          TEXT NOT NULL REFERENCES metric,
  extractor       INTEGER NOT NULL DEFAULT 1 CHECK (extractor >= 0),  -- its place
  value           REAL NOT NULL,
  low             REAL CHECK (low <= high),
  high            REAL,
  confidence      REAL NOT NULL DEFAULT 0.95 CHECK (confidence > 0 AND confidence < 1),
  rule            TEXT NOT NULL DEFAULT '',  -- how the interval came about
  n               INTEGER NOT NULL CHECK (n > 0),
  sample_checksum TEXT NOT NULL DEFAULT '',
  PRIMARY KEY (cell, metric, extractor),
  CHECK ((low IS NULL) = (high IS NULL))
) STRICT, WITHOUT ROWID;
CREATE INDEX quality_by_metric ON quality (metric);

-- the same within one class of a conditional model
CREATE TABLE quality_class (
  cell       INTEGER NOT NULL REFERENCES cell ON DELETE CASCADE,
  metric     TEXT NOT NULL REFERENCES metric,
  extractor  INTEGER NOT NULL DEFAULT 1 CHECK (extractor >= 0),
  label      INTEGER NOT NULL CHECK (label >= 0),
  value      REAL NOT NULL,
  low        REAL CHECK (low <= high),
  high       REAL,
  confidence REAL NOT NULL DEFAULT 0.95 CHECK (confidence > 0 AND confidence < 1),
  rule       TEXT NOT NULL DEFAULT '',
  n          INTEGER NOT NULL CHECK (n > 0),
  PRIMARY KEY (cell, metric, extractor, label),
  CHECK ((low IS NULL) = (high IS NULL))
) STRICT, WITHOUT ROWID;
CREATE INDEX quality_class_by_metric ON quality_class (metric);

-- what fewer of the same samples give: from where a metric is extrapolated to infinitely many
CREATE TABLE quality_curve (
  cell      INTEGER NOT NULL REFERENCES cell ON DELETE CASCADE,
  metric    TEXT NOT NULL REFERENCES metric,
  extractor INTEGER NOT NULL DEFAULT 1 CHECK (extractor >= 0),
  n         INTEGER NOT NULL CHECK (n > 0),
  value     REAL NOT NULL,
  PRIMARY KEY (cell, metric, extractor, n)
) STRICT, WITHOUT ROWID;
CREATE INDEX quality_curve_by_metric ON quality_curve (metric);

-- Under the cell that others are judged as. A row of the first extractor exists exactly when its samples are done: it is
-- what a resumed run skips. Rows of the other extractors come in the same transaction.
CREATE TABLE feature_shard (
  cell            INTEGER NOT NULL REFERENCES cell ON DELETE CASCADE,
  extractor       INTEGER NOT NULL DEFAULT 1 CHECK (extractor > 0),
  shard           INTEGER NOT NULL CHECK (shard >= 0),
  first_sample    INTEGER NOT NULL CHECK (first_sample >= 0),
  sample_count    INTEGER NOT NULL CHECK (sample_count > 0),
  width           INTEGER NOT NULL CHECK (width > 0),
  features        BLOB NOT NULL CHECK (length(features) = 4 * width * sample_count),  -- float32 [sample_count, width]
  logits          BLOB CHECK (length(logits) % (4 * sample_count) = 0),               -- float32 [sample_count, classes]
  spatial         BLOB CHECK (length(spatial) % (4 * sample_count) = 0),              -- float32 [sample_count, S]
  sample_checksum TEXT NOT NULL,
  PRIMARY KEY (cell, extractor, shard), UNIQUE (cell, extractor, first_sample)
) STRICT;

-- What making a judgement's samples took, summed up by rank over all that is stored.
CREATE TABLE sampling_work (
  cell         INTEGER NOT NULL REFERENCES cell ON DELETE CASCADE,  -- as in feature_shard
  rank         INTEGER NOT NULL CHECK (rank >= 0),
  batch_count  INTEGER NOT NULL CHECK (batch_count >= 0),
  sample_count INTEGER NOT NULL CHECK (sample_count >= 0),
  sampling_ns  INTEGER NOT NULL CHECK (sampling_ns >= 0),
  features_ns  INTEGER NOT NULL CHECK (features_ns >= 0),           -- what the networks say of them
  storing_ns   INTEGER NOT NULL DEFAULT 0 CHECK (storing_ns >= 0),  -- on rank 0, of what all ranks made
  PRIMARY KEY (cell, rank)
) STRICT, WITHOUT ROWID;

-- What is left of feature_shard with keep = "statistics".
CREATE TABLE feature_statistics (
  cell            INTEGER NOT NULL REFERENCES cell ON DELETE CASCADE,
  extractor       INTEGER NOT NULL DEFAULT 1 CHECK (extractor > 0),
  sample_count    INTEGER NOT NULL CHECK (sample_count > 1),
  width           INTEGER NOT NULL CHECK (width > 0),
  mean            BLOB NOT NULL CHECK (length(mean) = 8 * width),                  -- float64
  covariance      BLOB NOT NULL CHECK (length(covariance) = 8 * width * width),    -- float64, unbiased
  sample_checksum TEXT NOT NULL,
  PRIMARY KEY (cell, extractor)
) STRICT;

-- Judged samples as bytes, while a metric that compares pixels needs them; afterwards only with keep = "images".
CREATE TABLE image_shard (
  cell         INTEGER NOT NULL REFERENCES cell ON DELETE CASCADE,
  shard        INTEGER NOT NULL CHECK (shard >= 0),
  first_sample INTEGER NOT NULL CHECK (first_sample >= 0),
  sample_count INTEGER NOT NULL CHECK (sample_count > 0),
  channels     INTEGER NOT NULL CHECK (channels > 0),
  height       INTEGER NOT NULL CHECK (height > 0),
  width        INTEGER NOT NULL CHECK (width > 0),
  pixels       BLOB NOT NULL CHECK (length(pixels) = sample_count * channels * height * width),  -- [n, C, H, W]
  PRIMARY KEY (cell, shard)
) STRICT;

CREATE TABLE sample (
  cell         INTEGER NOT NULL REFERENCES cell ON DELETE CASCADE,
  sample_index INTEGER NOT NULL CHECK (sample_index >= 0),
  label        INTEGER,
  width        INTEGER NOT NULL CHECK (width > 0),
  height       INTEGER NOT NULL CHECK (height > 0),
  channels     INTEGER NOT NULL CHECK (channels IN (1, 3)),
  pixels       BLOB NOT NULL CHECK (length(pixels) = width * height * channels),
  PRIMARY KEY (cell, sample_index)
) STRICT;
