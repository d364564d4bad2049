// A results file, opened and read as `compare` does it.
#include "results/compare/run_choice.h"
#include "results/compare/verdicts.h"
#include "tests/fuzz/fuzz_target.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  return diffbench::fuzz_file(data, size, [](const std::string& file) {
    const auto choice = diffbench::results::choose_run(file);
    const auto run = diffbench::results::read_run(choice.store, choice.run);
    diffbench::results::compare_runs(run, run, {}, false);
  });
}
