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

TEST(TomlTable, AnUnknownKeyComesBeforeAMissingOne) {
  const auto noise = TomlTable::parse("[noise]\nsteps = 4\nscheduel = 1\n", "m.toml").table("noise");
  EXPECT_EQ(error_of([&] {
              noise.allow_only({"steps", "schedule"});
            }),
            "m.toml:3: [noise] scheduel: unknown key 'scheduel'; did you mean 'schedule'? (valid: steps schedule)");
  const auto unrelated = TomlTable::parse("colour = 1\n", "m.toml");
  EXPECT_THAT(error_of([&] {
                unrelated.allow_only({"steps", "schedule"});
              }),
              StartsWith("m.toml:1: colour: unknown key"));
  EXPECT_THAT(error_of([] {
                TomlTable::parse("a = 1\n[nois]\n", "m.toml").allow_only({"a", "noise"});
              }),
              StartsWith("m.toml:2: nois: unknown key 'nois'; did you mean 'noise'?"));
}

TEST(TomlTable, OnlyWhatWasAllowedCanBeRead) {
  const auto noise = TomlTable::parse("steps = 4", "m.toml");
  noise.allow_only({"steps", "schedule"});
  EXPECT_EQ(noise.get<int64_t>("steps"), 4);
  EXPECT_FALSE(noise.has("schedule"));
  EXPECT_THROW(noise.get_or<double>("scale", 1.0), std::logic_error);
  const auto closed = TomlTable::parse("beta_end = 4.0", "m.toml");  // what is there is valid, however alike
  closed.allow_only({"beta_end", "beta_ent"});
  EXPECT_THAT(error_of([&] { closed.get<double>("beta_ent"); }), HasSubstr("beta_ent: missing"));
}

TEST(TomlTable, WhereAnyKeyIsValidAMissingOneLooksForItsMisspelling) {
  const auto method = TomlTable::parse("[[method]]\nthreshold = 0.1\nnmae = \"full\"\n", "s.toml").tables("method")[0];
  EXPECT_EQ(error_of([&] { method.get<std::string>("name"); }),
            "s.toml:3: [method[0]] nmae: unknown key 'nmae'; did you mean 'name', which is missing?");
  method.has("nmae");  // read: it has a meaning of its own
  EXPECT_THAT(error_of([&] { method.get<std::string>("name"); }), HasSubstr("name: missing; a string is needed"));
  EXPECT_THAT(error_of([&] { method.table("params"); }), HasSubstr("params: missing; a table is needed"));
}

TEST(Nearest, ResemblesWithinTwoLettersButNotHalfAWord) {
  EXPECT_TRUE(resembles("chanels", "channels"));
  EXPECT_TRUE(resembles("gird", "grid"));
  EXPECT_FALSE(resembles("depth", "width"));
  EXPECT_FALSE(resembles("eta", "t"));
  EXPECT_FALSE(resembles("", "t"));
}

TEST(Nearest, PicksTheSmallestEditDistance) {
  EXPECT_EQ(nearest("ful", {"null", "full", "duodiff"}), "full");
  EXPECT_EQ(nearest("x", {}), "");
}

}  // namespace
}  // namespace diffbench::config
