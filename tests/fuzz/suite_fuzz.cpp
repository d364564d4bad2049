// The suite parser on any bytes: a config::InputError or a suite whose cells can be planned, nothing else.

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "harness/suite/plan.h"
#include "harness/suite/suite.h"
#include "methods/config/input_error.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace diffbench;
  std::string_view text(reinterpret_cast<const char*>(data), size);
  // a first line "#!key=value" becomes an override
  std::vector<std::string> overrides;
  if (text.starts_with("#!")) {
    overrides.emplace_back(text.substr(2, text.substr(2).find('\n')));
  }
  try {
    const auto suite = suite::parse_suite_text(text, "fuzz.toml", overrides);
    suite::identity(suite);
    suite::plan(suite);
  } catch (const config::InputError&) {
    return 0;
  }
  return 0;
}
