#pragma once
// Judges quality: every rank makes its share of the same N samples for each method and solver, what the networks say of
// them is stored, and rank 0 computes the metrics from it (judge_stored.h).
//
//   auto tools = load_quality_tools(suite, device);      // quality_tools.h
//   judge_cells(session, tools);
//   keep_as_asked(session);                              // last of all: [quality] keep
//
// Samples are numbered 0 .. N - 1 and do not depend on the number of ranks. Work is stored shard by shard (resumable).
// Cells that make the same samples share one judgement (CellState::judgement_key): batch and scenario change only the
// speed, except where a method decides for the whole batch: that is judged once per batch, in batches of the size that
// was timed. Each cell gets its values, and those with a baseline the differences to it, paired by sample; none where
// the baseline failed. The null method has no quality.
//
// Ranks take batches as they get free (harness/ranks/share_work.h). Of a run made in parts, this one makes each
// part_count-th shard and computes no metric: `diffbench merge` does, when it has all parts.

#include <optional>

#include "harness/measure/quality_tools.h"
#include "harness/measure/session.h"

namespace diffbench::measure {

void judge_cells(Session& session, std::optional<QualityTools>& tools);

// keep_of_judged (judge_stored.h), but for a part: what is judged later needs all of it
void keep_as_asked(Session& session);

}  // namespace diffbench::measure
