#pragma once
// A cell made ready to run, as the phases of a run see it: a seam, so that their rules are tested with made-up cells.
// cell_runner.h is the real one.
//
//   const nlohmann::json decisions = runner.prepare(64, {});      // before the warm-up
//   Batch batch = runner.run({0, 1, 2, 3});                       // samples 0 .. 3, their trace, and how long it took
//
// The same samples come out whatever the batch, rank or order. Not thread-safe.

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "methods/model/model.h"
#include "methods/sampling/denoiser.h"
#include "results/rows.h"

namespace diffbench::measure {

struct Batch {
  at::Tensor samples;  // [B,C,H,W] on the device, in the model's range
  at::Tensor images;   // the same where there is no decoder
  Trace trace;
  int64_t duration_ns = 0;  // noise, solver, network and decoder, until the device is done
  int64_t decode_ns = 0;    // the decoder's part
};

// what is known of a cell before it has run: the database keeps it
struct CellFacts {
  nlohmann::json method_params = nlohmann::json::object();  // defaults filled in
  nlohmann::json solver_params = nlohmann::json::object();
  std::string decides = "time";  // time | row | batch
  std::string model_fingerprint{};
  std::string device = "cpu";
  std::string missing{};  // why it cannot run on this machine; empty: it can
  int block_count = 1;
  double flops_full = 0.0;  // of one sample's whole trajectory through every block
  std::vector<results::ArtifactRow> artifacts{};
  std::vector<results::PlannedDepthRow> planned_depths{};
};

class Runner {
 public:
  virtual ~Runner() = default;
  virtual const CellFacts& facts() const = 0;
  virtual const Model& model() const = 0;
  // Measures, allocates and captures what `rows` samples at a time need, and says what it came to; with `decisions` of
  // an earlier call it takes those instead of measuring.
  virtual nlohmann::json prepare(int64_t rows, const nlohmann::json& decisions) = 0;
  virtual Batch run(const std::vector<int64_t>& samples) = 0;
  // the largest memory of the device's allocator since prepare(); 0 on the CPU
  virtual int64_t peak_device_bytes() const = 0;
  // The checks before timing; empty when all is well. `tolerance`: largest difference from `full`.
  virtual std::string fault(double tolerance) = 0;
};

}  // namespace diffbench::measure
