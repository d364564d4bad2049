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
         CASE WHEN cell.role <> 'null' AND cell.status = 'ok' THEN nullif(cell.flops_full, 0) / nullif(cell.flops_per_sample, 0) END
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
