#pragma once
// A clock that stands still unless told, and cells whose durations, faults and depths are made up, so that the rules
// of a run are tested without a network.
//
//   Fixture run(suite_text);
//   run.script("full").durations_ns = {100, 50, 10};        // then the last one for ever
//   run.session().open(run.options());

#include <ATen/ATen.h>

#include <filesystem>
#include <functional>
#include <map>

#include "harness/measure/session.h"
#include "harness/suite/plan.h"
#include "harness/suite/suite.h"

namespace diffbench::measure::testing {

class FakeClock : public Clock {
 public:
  int64_t now_ns() const override { return now_ns_; }
  void pass(int64_t ns) { now_ns_ += ns; }

 private:
  int64_t now_ns_ = 1'000'000'000;
};

// what a made-up cell does, and what was asked of it
struct Script {
  std::vector<int64_t> durations_ns = {10'000'000};
  std::string check_fault;                               // of the checks before timing
  std::function<void(int run)> before_run = [](int) {};  // may throw
  std::function<bool(int run)> gives_nan = [](int) { return false; };
  std::function<int64_t(int64_t sample)> blocks_of = [](int64_t) { return 13; };  // an adaptive method's depth
  int64_t classes = 0;                                                            // of the model
  int64_t measured = 0;                                                           // decision that prepare() comes to
  CellFacts facts{.block_count = 13, .flops_full = 13.0};

  int runs = 0;
  int checks = 0;
  int measurements = 0;
  int64_t used_decision = -1;
  std::vector<std::vector<int64_t>> samples_of_run{};
};

class FakeRunner : public Runner {
 public:
  FakeRunner(Script& script, FakeClock& clock) : script_(script), clock_(clock) {
    model_.network.classes = script.classes;
  }

  const CellFacts& facts() const override { return script_.facts; }
  const Model& model() const override { return model_; }
  nlohmann::json prepare(int64_t, const nlohmann::json& decisions) override {
    if (decisions.is_null()) {
      ++script_.measurements;
      clock_.pass(5'000);
    }
    script_.used_decision = decisions.is_null() ? script_.measured : decisions.at("decision").get<int64_t>();
    return {{"decision", script_.used_decision}};
  }
  Batch run(const std::vector<int64_t>& samples) override {
    const int run = script_.runs++;
    script_.samples_of_run.push_back(samples);
    script_.before_run(run);
    const auto& all = script_.durations_ns;
    const int64_t duration_ns = all[std::min(static_cast<size_t>(run), all.size() - 1)];
    clock_.pass(duration_ns);
    Batch batch;
    batch.samples = at::zeros({static_cast<int64_t>(samples.size()), 1, 2, 2});
    if (script_.gives_nan(run)) {
      batch.samples.fill_(std::numeric_limits<float>::quiet_NaN());
    }
    batch.images = batch.samples;
    EvaluationTrace evaluation{.t = 999.0, .exit_count = std::vector<int64_t>(14)};
    for (const int64_t sample : samples) {
      const int64_t blocks = script_.blocks_of(sample);
      ++evaluation.rows;
      evaluation.blocks_executed += static_cast<double>(blocks);
      evaluation.flops += static_cast<double>(blocks);
      ++evaluation.exit_count[static_cast<size_t>(blocks)];
    }
    batch.trace.push_back(evaluation);
    batch.duration_ns = duration_ns;
    return batch;
  }
  int64_t peak_device_bytes() const override { return 0; }
  std::string fault(double) override {
    ++script_.checks;
    return script_.check_fault;
  }

 private:
  Script& script_;
  FakeClock& clock_;
  Model model_;
};

inline constexpr const char* kSuite = R"(
name = "made up"
seed = 5
[run]
batch = [4]
[[method]]
name = "full"
[[method]]
name = "fixed_exit"
exit = 7
[[solver]]
name = "ddim"
grid = "trailing"
steps = [4]
[timing]
min_rounds = 3
max_rounds = 8
max_seconds = 1000
warmup_max_seconds = 1
[quality]
samples = 0
)";

// one process of a run; make another one over the same file to resume
class Process {
 public:
  Process(std::map<std::string, Script>& scripts, const std::string& suite_text = kSuite,
          const std::vector<std::string>& overrides = {})
      : scripts_(scripts), suite_(suite::parse_suite_text(suite_text, "fake.toml", overrides)) {
    session_.emplace(
        world_, suite_, suite::plan(suite_),
        [this](const suite::Cell& cell) { return std::make_unique<FakeRunner>(scripts_[cell.label], clock_); }, clock_);
  }

  Session& session() { return *session_; }
  FakeClock& clock() { return clock_; }
  const ranks::Communicator& world() const { return world_; }

 private:
  ranks::Communicator world_;
  FakeClock clock_;
  std::map<std::string, Script>& scripts_;
  suite::Suite suite_;
  std::optional<Session> session_;
};

}  // namespace diffbench::measure::testing
