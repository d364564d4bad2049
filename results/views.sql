-- What a reader asks of a results file. Only point estimates: intervals come from results/statistics.h.
-- SQLite has no median: it is the mean of the one or two middle rows of a sorted window.

-- One repetition over all ranks. A repetition counts only when every rank's timing is there and none was discarded:
-- the maximum over the remaining ranks would be a falsely fast time.
CREATE VIEW cell_repetition AS
SELECT timing.cell, timing.round, timing.repetition,
       max(timing.duration_ns) AS duration_ns,
       sum(timing.samples)     AS samples,
       1.0 * max(timing.duration_ns) / sum(timing.samples) AS ns_per_sample
FROM timing JOIN cell ON cell.id = timing.cell
GROUP BY timing.cell, timing.round, timing.repetition
HAVING count(*) = cell.ranks AND count(timing.discard_reason) = 0;

CREATE VIEW cell_round AS
SELECT cell, round,
       count(*)         AS repetitions,
       sum(duration_ns) AS duration_ns,
       sum(samples)     AS samples,
       1.0 * sum(duration_ns) / sum(samples) AS ns_per_sample
FROM cell_repetition
GROUP BY cell, round;

CREATE VIEW cell_timing AS
WITH
ranked AS (
  SELECT cell, duration_ns, ns_per_sample,
         count(*)     OVER (PARTITION BY cell) AS n,
         row_number() OVER (PARTITION BY cell ORDER BY duration_ns)   AS by_duration,
         row_number() OVER (PARTITION BY cell ORDER BY ns_per_sample) AS by_cost
  FROM cell_repetition)
SELECT cell,
       max(n) AS repetitions,
       avg(duration_ns)   FILTER (WHERE by_duration IN ((n + 1) / 2, (n + 2) / 2)) AS latency_ns,
       avg(ns_per_sample) FILTER (WHERE by_cost     IN ((n + 1) / 2, (n + 2) / 2)) AS ns_per_sample,
       1e9 / avg(ns_per_sample) FILTER (WHERE by_cost IN ((n + 1) / 2, (n + 2) / 2)) AS images_per_s
FROM ranked
GROUP BY cell;

-- Both cells of a pair ran in the same round, so slow drift of the machine cancels in the ratio.
CREATE VIEW speedup_pair AS
SELECT cell.id AS cell, cell.baseline_cell, mine.round,
       theirs.ns_per_sample AS baseline_ns_per_sample,
       mine.ns_per_sample   AS ns_per_sample,
       theirs.ns_per_sample / mine.ns_per_sample AS speedup
FROM cell
JOIN cell_round AS mine   ON mine.cell = cell.id
JOIN cell_round AS theirs ON theirs.cell = cell.baseline_cell AND theirs.round = mine.round;

CREATE VIEW cell_speedup AS
WITH
ranked AS (
  SELECT cell, speedup,
         count(*)     OVER (PARTITION BY cell) AS n,
         row_number() OVER (PARTITION BY cell ORDER BY speedup) AS position
  FROM speedup_pair)
SELECT cell, max(n) AS rounds, avg(speedup) FILTER (WHERE position IN ((n + 1) / 2, (n + 2) / 2)) AS speedup
FROM ranked
GROUP BY cell;

CREATE VIEW cell_blocks AS
SELECT evaluation.cell,
       count(*) AS evaluations,
       sum(evaluation.rows * evaluation.blocks_executed_mean) / (sum(evaluation.rows) * cell.block_count)
         AS blocks_ratio
FROM evaluation JOIN cell ON cell.id = evaluation.cell
GROUP BY evaluation.cell;

-- One row per cell whatever its status: nothing disappears from a sweep. Numbers are NULL where nothing was measured,
-- and for every cell that is not ok: a failed cell has no fast result.
CREATE VIEW cell_summary AS
WITH
timed AS MATERIALIZED (SELECT * FROM cell_timing),
paired AS MATERIALIZED (SELECT * FROM cell_speedup),
joined AS (
  SELECT cell.*, timed.repetitions, timed.latency_ns, timed.ns_per_sample, timed.images_per_s,
         CASE WHEN cell.role = 'baseline' AND timed.cell IS NOT NULL THEN 1.0
              WHEN cell.role = 'method' AND base.status = 'ok' THEN paired.speedup END AS speedup,
         -- the promise is against the baseline's network: a smaller one alone saves too
         CASE WHEN cell.role <> 'null' AND cell.status = 'ok'
              THEN nullif(ifnull(base.flops_full, cell.flops_full), 0) / nullif(cell.flops_per_sample, 0) END
           AS theoretical_speedup,
         (SELECT min(timed_null.ns_per_sample)
          FROM cell AS null_cell JOIN timed AS timed_null ON timed_null.cell = null_cell.id
          WHERE null_cell.role = 'null' AND null_cell.status = 'ok'
            AND null_cell.baseline_cell = ifnull(cell.baseline_cell, cell.id)) AS null_ns_per_sample
  FROM cell
  LEFT JOIN timed  ON timed.cell = cell.id AND cell.status = 'ok'
  LEFT JOIN paired ON paired.cell = cell.id AND cell.status = 'ok'
  LEFT JOIN cell AS base ON base.id = cell.baseline_cell)
SELECT joined.id AS cell, joined.run, joined.key, joined.method, joined.method_label, joined.method_params, joined.role,
       joined.baseline_cell, joined.model, joined.solver, joined.grid, joined.steps, joined.batch, joined.precision,
       joined.device, joined.ranks, joined.scenario, joined.status, joined.reason, joined.stop_reason,
       joined.repetitions, joined.latency_ns, joined.ns_per_sample, joined.images_per_s,
       joined.speedup, joined.theoretical_speedup,
       CASE WHEN abs(joined.theoretical_speedup - 1) > 1e-9
            THEN (joined.speedup - 1) / (joined.theoretical_speedup - 1) END AS realised_fraction,
       joined.flops_per_sample, joined.flops_full,
       CASE WHEN joined.role <> 'null' THEN cell_blocks.blocks_ratio END AS blocks_ratio,
       joined.null_ns_per_sample / joined.ns_per_sample AS null_overhead_ratio,
       fid.value AS fid, fid.low AS fid_low, fid.high AS fid_high, fid.n AS fid_n,
       fid.extractor_sha AS fid_extractor_sha, fid.reference_sha AS fid_reference_sha,
       fid.sample_checksum AS sample_checksum
FROM joined
LEFT JOIN cell_blocks ON cell_blocks.cell = joined.id AND joined.status = 'ok'
LEFT JOIN quality AS fid ON fid.cell = joined.id AND fid.metric = 'fid' AND joined.status = 'ok';

-- Cells that no other cell beats in both throughput and FID. Only what may be compared competes: one run, the same
-- hardware and scenario, and a FID of the same N, extractor and reference.
CREATE VIEW pareto AS
WITH
candidate AS MATERIALIZED (
  SELECT cell, run, device, ranks, scenario, images_per_s, fid, fid_n, fid_extractor_sha, fid_reference_sha
  FROM cell_summary
  WHERE role <> 'null' AND images_per_s IS NOT NULL AND fid IS NOT NULL)
SELECT cell, run, device, ranks, scenario, images_per_s, fid, fid_n
FROM candidate
WHERE NOT EXISTS (
  SELECT 1 FROM candidate AS other
  WHERE other.run = candidate.run AND other.device = candidate.device AND other.ranks = candidate.ranks
    AND other.scenario = candidate.scenario AND other.fid_n = candidate.fid_n
    AND other.fid_extractor_sha = candidate.fid_extractor_sha
    AND other.fid_reference_sha = candidate.fid_reference_sha
    AND other.images_per_s >= candidate.images_per_s AND other.fid <= candidate.fid
    AND (other.images_per_s > candidate.images_per_s OR other.fid < candidate.fid));

-- --- profiles. The innermost scope of an activity carries cell, phase, block and evaluation, so nothing here walks
-- --- up the scopes.

-- Activities that are the work itself, with the place that caused them. Calls, waits and the profiler's own time run
-- beside it, and CPU operators stand beside their kernels where a GPU was recorded: none of that may count twice.
CREATE VIEW profile_work AS
SELECT activity.id AS activity, activity.run, activity.rank, activity.kind, activity.name, activity.device, activity.stream,
       activity.begin_ns, activity.end_ns, activity.end_ns - activity.begin_ns AS duration_ns,
       activity.flops, activity.moved_bytes, activity.scope, scope.cell, scope.phase, scope.block, scope.evaluation,
       scope.rows, scope.rows_inside
FROM activity
JOIN profile ON profile.run = activity.run AND profile.rank = activity.rank
LEFT JOIN scope ON scope.id = activity.scope
WHERE (profile.source = 'cupti' AND activity.kind IN ('kernel', 'copy', 'set'))
   OR (profile.source = 'cpu_operator' AND activity.kind = 'cpu_operator');

-- Where the time went. activity_ns: work caused there; self_ns: the scopes' own time on their threads, without the
-- scopes inside them. Work without a scope is in profile_attribution only.
CREATE VIEW profile_time AS
WITH
part AS (
  SELECT run, cell, phase, block, duration_ns AS activity_ns, 1 AS activity_count, 0 AS self_ns, 0 AS scope_count
  FROM profile_work WHERE scope IS NOT NULL
  UNION ALL
  SELECT run, cell, phase, block, 0, 0, end_ns - begin_ns, 1 FROM scope
  UNION ALL
  SELECT outer_scope.run, outer_scope.cell, outer_scope.phase, outer_scope.block, 0, 0, inner_scope.begin_ns - inner_scope.end_ns, 0
  FROM scope AS inner_scope JOIN scope AS outer_scope ON outer_scope.id = inner_scope.parent)
SELECT run, cell, phase, block,
       sum(activity_ns) AS activity_ns, sum(activity_count) AS activity_count,
       sum(self_ns) AS self_ns, sum(scope_count) AS scope_count
FROM part
GROUP BY run, cell, phase, block;

-- The kernel table of a cell, all ranks together. Rates only over the calls whose FLOPs or bytes are known.
CREATE VIEW profile_kernel AS
WITH
called AS (
  SELECT run, cell, kind, name,
         count(*) AS calls, sum(duration_ns) AS total_ns, avg(duration_ns) AS mean_ns,
         sum(flops) AS flops, sum(moved_bytes) AS moved_bytes,
         sum(flops) * 1e9 / nullif(sum(duration_ns) FILTER (WHERE flops IS NOT NULL), 0) AS flops_per_s,
         sum(moved_bytes) * 1e9 / nullif(sum(duration_ns) FILTER (WHERE moved_bytes IS NOT NULL), 0) AS bytes_per_s
  FROM profile_work
  WHERE cell IS NOT NULL
  GROUP BY run, cell, kind, name)
SELECT called.run, called.cell, called.kind, string.value AS name, called.calls, called.total_ns, called.mean_ns,
       1.0 * called.total_ns / nullif(sum(called.total_ns) OVER (PARTITION BY called.cell), 0) AS share,
       called.flops, called.moved_bytes, called.flops_per_s, called.bytes_per_s,
       called.flops_per_s / (SELECT avg(value) FROM ceiling
                             WHERE ceiling.run = called.run AND quantity = 'flops_per_s' AND ceiling.precision = cell.precision)
         AS flops_ceiling_share,
       called.bytes_per_s / (SELECT avg(value) FROM ceiling WHERE ceiling.run = called.run AND quantity = 'bytes_per_s')
         AS bytes_ceiling_share
FROM called
JOIN string ON string.id = called.name
JOIN cell ON cell.id = called.cell;

-- Idle time of a stream before an activity whose predecessor there belongs to the same innermost scope. One row per
-- such activity, 0 where the predecessor had not ended yet.
CREATE VIEW profile_launch_gap AS
WITH
followed AS (
  SELECT run, rank, cell, evaluation, phase, block, scope, device, stream, activity, begin_ns,
         lag(scope) OVER in_order AS previous_scope,
         max(end_ns) OVER (PARTITION BY run, cell, rank, device, stream ORDER BY begin_ns, activity
                           ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS busy_until_ns
  FROM profile_work
  WHERE scope IS NOT NULL
  WINDOW in_order AS (PARTITION BY run, cell, rank, device, stream ORDER BY begin_ns, activity))
SELECT run, rank, cell, evaluation, phase, block, scope, device, stream, activity, max(begin_ns - busy_until_ns, 0) AS gap_ns
FROM followed
WHERE previous_scope = scope;

-- Work launched after the decision: of a scope that computed `rows` rows of which `rows_inside` had not left yet, the
-- part for the others.
CREATE VIEW profile_carried AS
SELECT run, cell, block,
       sum(duration_ns) AS activity_ns,
       sum(1.0 * duration_ns * (rows - rows_inside) / rows) AS carried_ns,
       sum(1.0 * duration_ns * (rows - rows_inside) / rows) / nullif(sum(duration_ns), 0) AS carried_share
FROM profile_work
WHERE cell IS NOT NULL AND rows > 0 AND rows_inside IS NOT NULL
GROUP BY run, cell, block;

-- How the scope of an activity is known, over every kind but the profiler's own overhead. run_share: of all activity
-- time of the run; cell_share: of the cell's. Without a scope there is no cell.
CREATE VIEW profile_attribution AS
WITH
known AS (
  SELECT activity.run, scope.cell, activity.attribution,
         count(*) AS activity_count, sum(activity.end_ns - activity.begin_ns) AS activity_ns
  FROM activity LEFT JOIN scope ON scope.id = activity.scope
  WHERE activity.kind <> 'overhead'
  GROUP BY activity.run, scope.cell, activity.attribution)
SELECT run, cell, attribution, activity_count, activity_ns,
       1.0 * activity_ns / nullif(sum(activity_ns) OVER (PARTITION BY run), 0) AS run_share,
       CASE WHEN cell IS NOT NULL
            THEN 1.0 * activity_ns / nullif(sum(activity_ns) OVER (PARTITION BY run, cell), 0) END AS cell_share
FROM known;

-- What deciding costs: probes, and moving rows together after exits. By work, and by the time of the threads, which
-- also holds what no activity was recorded for.
CREATE VIEW profile_probe AS
WITH
by_phase AS (
  SELECT run, cell,
         sum(activity_ns) AS activity_ns,
         ifnull(sum(activity_ns) FILTER (WHERE phase = 'probe'), 0)   AS probe_activity_ns,
         ifnull(sum(activity_ns) FILTER (WHERE phase = 'compact'), 0) AS compact_activity_ns,
         sum(self_ns) AS scope_ns,
         ifnull(sum(self_ns) FILTER (WHERE phase = 'probe'), 0)   AS probe_scope_ns,
         ifnull(sum(self_ns) FILTER (WHERE phase = 'compact'), 0) AS compact_scope_ns
  FROM profile_time
  WHERE cell IS NOT NULL
  GROUP BY run, cell)
SELECT run, cell, activity_ns, probe_activity_ns, compact_activity_ns,
       1.0 * (probe_activity_ns + compact_activity_ns) / nullif(activity_ns, 0) AS activity_share,
       scope_ns, probe_scope_ns, compact_scope_ns,
       1.0 * (probe_scope_ns + compact_scope_ns) / nullif(scope_ns, 0) AS scope_share
FROM by_phase;

-- What looking costs: a repetition with something recorded over the one with nothing recorded of the same round, each
-- the slowest rank's.
CREATE VIEW profile_overhead_ratio AS
WITH
slowest AS (
  SELECT cell, mode, round, max(duration_ns) AS duration_ns FROM profile_overhead GROUP BY cell, mode, round)
SELECT cell.run, watched.cell, watched.mode, watched.round, 1.0 * watched.duration_ns / bare.duration_ns AS ratio
FROM slowest AS watched
JOIN slowest AS bare ON bare.cell = watched.cell AND bare.round = watched.round AND bare.mode = 'off'
JOIN cell ON cell.id = watched.cell
WHERE watched.mode <> 'off';
