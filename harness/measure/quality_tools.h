#pragma once
// What quality is judged with: the metrics asked for, the networks and their references.
//
//   auto tools = load_quality_tools(suite, device);           // before anything is written: its files may be missing
//   session.open({..., .quality_files = tools->files(), .check = [&](const Session& s) { tools->try_out(s); }});
//
// A suite that asks for what cannot be computed (KID of a reference that is mu and sigma alone, an inception score of
// an extractor without logits) is an InputError here, not a failed cell hours later.

#include <optional>
#include <string>
#include <vector>

#include "harness/measure/session.h"
#include "harness/quality/extractor.h"
#include "harness/quality/metrics.h"

namespace diffbench::measure {

using Metrics = std::vector<const quality::QualityMetric*>;

// A network's reference, and which file it is: what stored rows are judged against.
struct ReferenceFile {
  int place = 1;
  quality::Reference reference{};
  std::string file{};
  std::string sha{};
};

// InputError "<file>: ..." where it cannot be read
ReferenceFile load_reference(int place, const std::filesystem::path& file);

// what one network of a run needs: its place is that of its reference
struct JudgingNetwork {
  quality::FeatureExtractor extractor;
  results::ExtractorRow row;
};

struct LpipsFile {
  quality::PairNetwork network;
  std::string file;
  std::string sha;
};

// InputError: no TorchScript, or it gives no [n] for two image batches
LpipsFile load_lpips(const std::string& name, at::Device device, const config::GivenAt& at);

struct QualityTools {
  Metrics metrics;
  std::vector<JudgingNetwork> networks;
  std::vector<ReferenceFile> references;  // one for each network
  std::optional<LpipsFile> lpips;

  bool needs_images() const;
  // roles extractor, reference and lpips: every judged cell reads them
  std::vector<results::ArtifactRow> files() const;
  std::vector<results::ExtractorRow> rows(const std::string& to_uint8) const;
  // runs each network on a grey image of each cell's model; InputError where a metric will find nothing to work on
  void try_out(const Session& session);
};

// nothing where the suite judges no quality; InputError when a file is missing or cannot be read, or a metric is
// unknown or cannot be computed
std::optional<QualityTools> load_quality_tools(const suite::Suite& suite, at::Device device);

// the place of an LPIPS network, after the extractors
int lpips_place(size_t extractors);

}  // namespace diffbench::measure
