-- What a reader asks of a results file. The first views bring raw rows together; cell_summary adds what was computed from
-- them once, in C++, with its interval (table estimate): no view computes a median or a percentile.

-- One repetition over all ranks. A repetition counts only when every rank's timing is there and none was discarded:
-- the maximum over the remaining ranks would be a falsely fast time.
CREATE VIEW cell_repetition AS
SELECT timing.cell, timing.round, timing.repetition,
       max(timing.duration_ns) AS duration_ns,
       sum(timing.samples)     AS samples,
       1.0 * max(timing.duration_ns) / sum(timing.samples) AS ns_per_sample,
       1.0 * sum(timing.decode_ns) / sum(timing.duration_ns) AS decode_share,
       -- readable of every rank's device, or once per machine: a part of them would be too little
       CASE WHEN count(timing.energy_j) IN (cell.ranks, (SELECT count(*) FROM machine WHERE machine.run = cell.run))
            THEN sum(timing.energy_j) END AS energy_j,
       count(timing.disturbance) > 0 AS is_disturbed
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

-- What was timed of a cell, in counts.
CREATE VIEW cell_timing AS
SELECT cell, count(*) AS repetitions, count(DISTINCT round) AS rounds, sum(samples) AS samples_seen,
       sum(is_disturbed) AS disturbed_repetitions
FROM cell_repetition
GROUP BY cell;

-- How often and why the timings that count were disturbed.
CREATE VIEW cell_disturbance AS
SELECT timing.cell, timing.disturbance, count(*) AS repetitions
FROM (SELECT DISTINCT cell, round, repetition, disturbance FROM timing WHERE disturbance IS NOT NULL) AS timing
JOIN cell_repetition AS counted USING (cell, round, repetition)
GROUP BY timing.cell, timing.disturbance;

-- Both cells of a pair ran in the same round, so slow drift of the machine cancels in the ratio.
CREATE VIEW speedup_pair AS
SELECT cell.id AS cell, cell.baseline_cell, mine.round,
       theirs.ns_per_sample AS baseline_ns_per_sample,
       mine.ns_per_sample   AS ns_per_sample,
       theirs.ns_per_sample / mine.ns_per_sample AS speedup
FROM cell
JOIN cell_round AS mine   ON mine.cell = cell.id
JOIN cell_round AS theirs ON theirs.cell = cell.baseline_cell AND theirs.round = mine.round;

-- Best against best: the same round of the fastest baseline among those that differ in runtime alone. Says something where
-- a run has several runtimes.
CREATE VIEW runtime_pair AS
SELECT cell.id AS cell, best.id AS best_cell, mine.round,
       theirs.ns_per_sample AS best_ns_per_sample,
       mine.ns_per_sample   AS ns_per_sample,
       theirs.ns_per_sample / mine.ns_per_sample AS ratio
FROM cell
JOIN cell AS best ON best.id = (
  SELECT candidate.id FROM cell AS candidate JOIN cell_round ON cell_round.cell = candidate.id
  WHERE candidate.run = cell.run AND candidate.role = 'baseline' AND candidate.status = 'ok'
    AND candidate.solver = cell.solver AND candidate.given_solver_params = cell.given_solver_params AND candidate.grid = cell.grid
    AND candidate.steps = cell.steps AND candidate.batch = cell.batch AND candidate.precision = cell.precision
    AND candidate.scenario = cell.scenario
  GROUP BY candidate.id ORDER BY 1.0 * sum(cell_round.duration_ns) / sum(cell_round.samples) LIMIT 1)
JOIN cell_round AS mine   ON mine.cell = cell.id
JOIN cell_round AS theirs ON theirs.cell = best.id AND theirs.round = mine.round
WHERE cell.status = 'ok';

-- What the same round costs a method that returns its input: the first null cell of the comparison that is ok.
CREATE VIEW null_pair AS
SELECT cell.id AS cell, null_cell.id AS null_cell, mine.round,
       theirs.ns_per_sample AS null_ns_per_sample,
       mine.ns_per_sample   AS ns_per_sample,
       theirs.ns_per_sample / mine.ns_per_sample AS ratio
FROM cell
JOIN cell AS null_cell ON null_cell.id = (
  SELECT min(id) FROM cell AS candidate
  WHERE candidate.role = 'null' AND candidate.status = 'ok' AND candidate.baseline_cell = ifnull(cell.baseline_cell, cell.id))
JOIN cell_round AS mine   ON mine.cell = cell.id
JOIN cell_round AS theirs ON theirs.cell = null_cell.id AND theirs.round = mine.round;

-- Table evaluation per row that went through it: flops_per_row without probes.
CREATE VIEW evaluation_mean AS
SELECT cell, evaluation, t, rows,
       blocks_executed / rows       AS blocks_executed_mean,
       (flops - probe_flops) / rows AS flops_per_row,
       probe_flops / rows           AS probe_flops_per_row,
       blocks_carried / rows        AS blocks_carried_mean,
       compaction_count
FROM evaluation;

-- What a cell executed, over its whole trace; the promise is against the baseline's network: a smaller one alone saves too.
CREATE VIEW cell_work AS
SELECT cell.id AS cell, cell.traced_samples,
       count(*) AS evaluations,
       sum(evaluation.blocks_executed) / (sum(evaluation.rows) * cell.block_count) AS blocks_ratio,
       sum(evaluation.flops) / cell.traced_samples AS flops_per_sample,
       nullif(ifnull(base.flops_full, cell.flops_full), 0) * cell.traced_samples / nullif(sum(evaluation.flops), 0)
         AS theoretical_speedup
FROM cell
JOIN evaluation ON evaluation.cell = cell.id
LEFT JOIN cell AS base ON base.id = cell.baseline_cell
GROUP BY cell.id;

-- The warm-ups before a cell's counted repetitions, one for each time that its run was begun or resumed. It converged
-- when all of them did: each has counted repetitions after it.
CREATE VIEW cell_warmup AS
SELECT cell, min(converged) AS converged,
       (SELECT count(*) FROM warmup WHERE warmup.cell = warmup_end.cell AND warmup.pass = 'timing') AS repetitions
FROM warmup_end
WHERE pass = 'timing'
GROUP BY cell;

-- Table estimate with a row per cell and a column per number.
CREATE VIEW cell_estimate AS
SELECT cell,
       max(value) FILTER (WHERE metric = 'latency') AS latency_ns,
       max(low)   FILTER (WHERE metric = 'latency') AS latency_ns_low,
       max(high)  FILTER (WHERE metric = 'latency') AS latency_ns_high,
       max(n)     FILTER (WHERE metric = 'latency') AS latency_ns_n,
       max(value) FILTER (WHERE metric = 'latency_p90') AS latency_p90_ns,
       max(low)   FILTER (WHERE metric = 'latency_p90') AS latency_p90_ns_low,
       max(high)  FILTER (WHERE metric = 'latency_p90') AS latency_p90_ns_high,
       max(n)     FILTER (WHERE metric = 'latency_p90') AS latency_p90_ns_n,
       max(value) FILTER (WHERE metric = 'latency_p99') AS latency_p99_ns,
       max(low)   FILTER (WHERE metric = 'latency_p99') AS latency_p99_ns_low,
       max(high)  FILTER (WHERE metric = 'latency_p99') AS latency_p99_ns_high,
       max(n)     FILTER (WHERE metric = 'latency_p99') AS latency_p99_ns_n,
       max(value) FILTER (WHERE metric = 'throughput') AS images_per_s,
       max(low)   FILTER (WHERE metric = 'throughput') AS images_per_s_low,
       max(high)  FILTER (WHERE metric = 'throughput') AS images_per_s_high,
       max(n)     FILTER (WHERE metric = 'throughput') AS images_per_s_n,
       max(value) FILTER (WHERE metric = 'speedup') AS speedup,
       max(low)   FILTER (WHERE metric = 'speedup') AS speedup_low,
       max(high)  FILTER (WHERE metric = 'speedup') AS speedup_high,
       max(n)     FILTER (WHERE metric = 'speedup') AS speedup_n,
       max(value) FILTER (WHERE metric = 'runtime_speedup') AS runtime_speedup,
       max(low)   FILTER (WHERE metric = 'runtime_speedup') AS runtime_speedup_low,
       max(high)  FILTER (WHERE metric = 'runtime_speedup') AS runtime_speedup_high,
       max(n)     FILTER (WHERE metric = 'runtime_speedup') AS runtime_speedup_n,
       max(value) FILTER (WHERE metric = 'theoretical_speedup') AS theoretical_speedup,
       max(value) FILTER (WHERE metric = 'realised_fraction') AS realised_fraction,
       max(low)   FILTER (WHERE metric = 'realised_fraction') AS realised_fraction_low,
       max(high)  FILTER (WHERE metric = 'realised_fraction') AS realised_fraction_high,
       max(n)     FILTER (WHERE metric = 'realised_fraction') AS realised_fraction_n,
       max(value) FILTER (WHERE metric = 'blocks_ratio') AS blocks_ratio,
       max(value) FILTER (WHERE metric = 'flops_per_sample') AS flops_per_sample,
       max(value) FILTER (WHERE metric = 'null_overhead') AS null_overhead_ratio,
       max(low)   FILTER (WHERE metric = 'null_overhead') AS null_overhead_ratio_low,
       max(high)  FILTER (WHERE metric = 'null_overhead') AS null_overhead_ratio_high,
       max(n)     FILTER (WHERE metric = 'null_overhead') AS null_overhead_ratio_n,
       max(value) FILTER (WHERE metric = 'decode_share') AS decode_share,
       max(low)   FILTER (WHERE metric = 'decode_share') AS decode_share_low,
       max(high)  FILTER (WHERE metric = 'decode_share') AS decode_share_high,
       max(n)     FILTER (WHERE metric = 'decode_share') AS decode_share_n,
       max(value) FILTER (WHERE metric = 'peak_memory') AS peak_memory_bytes,
       max(value) FILTER (WHERE metric = 'device_memory') AS device_memory_bytes,
       max(value) FILTER (WHERE metric = 'energy_per_sample') AS energy_j_per_sample,
       max(value) FILTER (WHERE metric = 'prepare_time') AS prepare_ns
FROM estimate
GROUP BY cell;

-- How long a rank took for its share of a repetition, against the mean of all ranks.
CREATE VIEW rank_pace AS
SELECT cell, round, repetition, rank, duration_ns / avg(duration_ns) OVER (PARTITION BY cell, round, repetition) AS pace
FROM timing
WHERE discard_reason IS NULL;

-- Quality of the cells that are ok. name: the metric, with the extractor where it is not the first one ("fid@clip").
-- origin: what besides n decides a value; values of unequal n or origin never share a column, a front or an axis.
CREATE VIEW cell_quality AS
SELECT cell.run, quality.cell, quality.metric, quality.extractor,
       quality.metric || iif(quality.extractor > 1, '@' || extractor.name, '') AS name,
       quality.value, quality.low, quality.high, quality.confidence, quality.rule, quality.n, quality.sample_checksum,
       extractor.name AS extractor_name, extractor.mode, extractor.to_uint8,
       extractor.sha256 AS extractor_sha, extractor.reference_sha,
       ifnull(extractor.mode || ' ' || extractor.to_uint8 || ' ' || extractor.sha256 || ' ' || extractor.reference_sha, '') AS origin
FROM quality
JOIN cell ON cell.id = quality.cell
LEFT JOIN extractor ON extractor.run = cell.run AND extractor.place = quality.extractor
WHERE cell.status = 'ok';

-- One row per cell whatever its status: nothing disappears from a sweep. Numbers are NULL where nothing was measured,
-- and for every cell that is not ok: a failed cell has no fast result.
CREATE VIEW cell_summary AS
SELECT cell.id AS cell, cell.run, cell.key, cell.method, cell.method_label, cell.method_params, cell.given_params,
       cell.decides, cell.role, cell.baseline_cell, cell.model, cell.solver, cell.solver_params, cell.grid, cell.steps,
       cell.batch, cell.precision, cell.runtime, cell.device, cell.ranks, cell.threads, cell.guidance, cell.guidance_interval,
       cell.guidance_exits, cell.scenario, cell.identity, cell.status, cell.reason, cell.stop_reason,
       cell.block_count, cell.flops_full,
       timed.repetitions, timed.rounds, timed.samples_seen, timed.disturbed_repetitions,
       warmup.converged AS warmup_converged, warmup.repetitions AS warmup_repetitions,
       estimate.latency_ns, estimate.latency_ns_low, estimate.latency_ns_high, estimate.latency_ns_n,
       estimate.latency_p90_ns, estimate.latency_p90_ns_low, estimate.latency_p90_ns_high, estimate.latency_p90_ns_n,
       estimate.latency_p99_ns, estimate.latency_p99_ns_low, estimate.latency_p99_ns_high, estimate.latency_p99_ns_n,
       estimate.images_per_s, estimate.images_per_s_low, estimate.images_per_s_high, estimate.images_per_s_n,
       estimate.speedup, estimate.speedup_low, estimate.speedup_high, estimate.speedup_n,
       estimate.runtime_speedup, estimate.runtime_speedup_low, estimate.runtime_speedup_high, estimate.runtime_speedup_n,
       estimate.theoretical_speedup,
       estimate.realised_fraction, estimate.realised_fraction_low, estimate.realised_fraction_high, estimate.realised_fraction_n,
       estimate.blocks_ratio,
       estimate.flops_per_sample,
       estimate.null_overhead_ratio, estimate.null_overhead_ratio_low, estimate.null_overhead_ratio_high, estimate.null_overhead_ratio_n,
       estimate.decode_share, estimate.decode_share_low, estimate.decode_share_high, estimate.decode_share_n,
       estimate.peak_memory_bytes,
       estimate.device_memory_bytes,
       estimate.energy_j_per_sample,
       estimate.prepare_ns,
       fid.value AS fid, fid.low AS fid_low, fid.high AS fid_high, fid.n AS fid_n,
       fid.origin AS fid_origin,
       fid.sample_checksum AS sample_checksum,
       difference.value AS fid_difference, difference.low AS fid_difference_low, difference.high AS fid_difference_high,
       difference.n AS fid_difference_n
FROM cell
LEFT JOIN cell_timing   AS timed      ON timed.cell = cell.id AND cell.status = 'ok'
LEFT JOIN cell_warmup   AS warmup     ON warmup.cell = cell.id AND cell.status = 'ok'
LEFT JOIN cell_estimate AS estimate   ON estimate.cell = cell.id AND cell.status = 'ok'
LEFT JOIN cell_quality  AS fid        ON fid.cell = cell.id AND fid.metric = 'fid' AND fid.extractor = 1
LEFT JOIN cell_quality  AS difference ON difference.cell = cell.id AND difference.metric = 'fid_difference' AND difference.extractor = 1;

-- Cells that no other cell beats in both throughput and FID. Only what may be compared competes: one run, the same
-- hardware and scenario, and a FID of the same N, extractor and reference.
CREATE VIEW pareto AS
WITH
candidate AS MATERIALIZED (
  SELECT cell, run, device, ranks, scenario, images_per_s, fid, fid_n, fid_origin
  FROM cell_summary
  WHERE role <> 'null' AND images_per_s IS NOT NULL AND fid IS NOT NULL)
SELECT cell, run, device, ranks, scenario, images_per_s, fid, fid_n
FROM candidate
WHERE NOT EXISTS (
  SELECT 1 FROM candidate AS other
  WHERE other.run = candidate.run AND other.device = candidate.device AND other.ranks = candidate.ranks
    AND other.scenario = candidate.scenario AND other.fid_n = candidate.fid_n AND other.fid_origin = candidate.fid_origin
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
