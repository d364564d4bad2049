// A suite: parsed, planned, and described for the database. A first line "#!key=value" becomes an override.
#include "harness/suite/plan.h"
#include "harness/suite/suite.h"
#include "tests/fuzz/fuzz_target.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  return diffbench::fuzz_parser(data, size, [](auto bytes) {
    const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    std::vector<std::string> overrides;
    if (text.starts_with("#!")) {
      overrides.emplace_back(text.substr(2, text.substr(2).find('\n')));
    }
    const auto suite = diffbench::suite::parse_suite_text(text, "f", overrides);
    diffbench::suite::identity(suite).dump();
    diffbench::suite::plan(suite);
  });
}
