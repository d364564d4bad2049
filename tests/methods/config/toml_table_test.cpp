#include "methods/config/toml_table.h"

#include <gmock/gmock.h>

#include "methods/config/input_error.h"
#include "methods/config/nearest.h"

namespace diffbench::config {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

std::string error_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const InputError& error) {
    return error.what();
  }
  return "no error";
}

const char* kText = R"(
[noise]
schedule = "linear"
steps = 10
scale = 2
list = [1, 2.5]
[[method]]
name = "full"
)";

TEST(TomlTable, ReadsTypedValues) {
  const auto noise = TomlTable::parse(kText, "m.toml").table("noise");
  EXPECT_EQ(noise.get<std::string>("schedule"), "linear");
  EXPECT_EQ(noise.get<int64_t>("steps"), 10);
  EXPECT_EQ(noise.get<double>("scale"), 2.0);
  EXPECT_EQ(noise.get<std::vector<double>>("list"), (std::vector<double>{1.0, 2.5}));
  EXPECT_EQ(noise.get_or<bool>("absent", true), true);
  noise.reject_unknown_keys();
}

TEST(TomlTable, ErrorsNameFileLineAndKey) {
  const auto root = TomlTable::parse(kText, "m.toml");
  EXPECT_EQ(error_of([&] { root.table("noise").get<int64_t>("schedule"); }),
            "m.toml:3: [noise] schedule: must be an integer");
  EXPECT_EQ(error_of([&] { root.table("noise").get<int64_t>("missing"); }),
            "m.toml:2: [noise] missing: missing; an integer is needed");
  EXPECT_THAT(error_of([&] { root.tables("method")[0].reject_unknown_keys(); }),
              StartsWith("m.toml:8: [method[0]] name: unknown key 'name'"));
  EXPECT_THAT(error_of([] { TomlTable::parse("a = ", "bad.toml"); }), StartsWith("bad.toml:1: not valid TOML"));
  EXPECT_THAT(error_of([] { TomlTable::parse_file("/nowhere.toml"); }), HasSubstr("cannot read"));
}

TEST(TomlTable, UnknownKeyNamesTheNearest) {
  const auto noise = TomlTable::parse("shedule = 1", "m.toml");
  noise.has("schedule");
  noise.has("steps");
  EXPECT_THAT(error_of([&] { noise.reject_unknown_keys(); }), HasSubstr("did you mean 'schedule'?"));
}

TEST(Nearest, PicksTheSmallestEditDistance) {
  EXPECT_EQ(nearest("ful", {"null", "full", "duodiff"}), "full");
  EXPECT_EQ(nearest("x", {}), "");
}

}  // namespace
}  // namespace diffbench::config
