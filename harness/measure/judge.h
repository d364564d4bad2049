#pragma once
// Judges quality: every rank makes its share of the same N samples for each method and solver, their feature rows are
// stored, and rank 0 computes what they say of the reference (judged_samples.h).
//
//   auto tools = load_quality_tools(suite, device);      // before anything is written: its files may be missing
//   session.open({..., .quality_files = tools->files()});
//   judge_cells(session, tools);
//
// Samples are numbered 0 .. N - 1 and do not depend on the number of ranks. Work is stored shard by shard (resumable).
// Cells that make the same samples share one judgement (CellState::judgement_key): batch and scenario change only the
// speed, except where a method decides for the whole batch: that is judged once per batch, in batches of the size that
// was timed. Each cell gets its `fid`, and those with a baseline get `fid_difference`, paired by sample with the
// baseline's judgement; none where the baseline failed. The null method has no quality.

#include <optional>
#include <vector>

#include "harness/measure/session.h"
#include "harness/quality/extractor.h"
#include "harness/quality/frechet.h"

namespace diffbench::measure {

struct QualityTools {
  quality::FeatureExtractor extractor;
  quality::FrechetReference reference;
  std::string reference_file;
  std::string reference_sha;

  // roles extractor and reference: every judged cell reads them
  std::vector<results::ArtifactRow> files() const {
    return {{"extractor", extractor.file(), extractor.hash()}, {"reference", reference_file, reference_sha}};
  }
};

// nothing where the suite judges no quality; InputError when extractor or reference are missing or cannot be read
std::optional<QualityTools> load_quality_tools(const suite::Suite& suite, at::Device device);

void judge_cells(Session& session, std::optional<QualityTools>& tools);

}  // namespace diffbench::measure
