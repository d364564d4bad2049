// `diffbench fid` as its callers see it: what is on stdout, which flags it takes.

#include <gmock/gmock.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <filesystem>

#include "harness/commands/commands.h"
#include "methods/config/input_error.h"
#include "methods/data/npz.h"
#include "methods/model/tensors.h"
#include "tests/harness/quality/golden_rows.h"

namespace diffbench::commands {
namespace {

using quality::testing::goldens;
using quality::testing::rows;
using ::testing::HasSubstr;

class FidCommand : public ::testing::Test {
 protected:
  FidCommand() : dir_(std::filesystem::temp_directory_path() / ("diffbench_fid_command_" + std::to_string(getpid()))) {
    std::filesystem::create_directories(dir_);
    data::write_npz(a(), {{"features", to_raw(rows(60, 8, 1))}, {"logits", to_raw(rows(60, 10, 7))}});
    data::write_npz(b(), {{"features", to_raw(rows(80, 8, 2, 0.1))}});
  }
  ~FidCommand() override { std::filesystem::remove_all(dir_); }

  std::string a() const { return dir_ / "a.npz"; }
  std::string b() const { return dir_ / "b.npz"; }
  static std::string output_of(std::vector<std::string> arguments) {
    CLI::App app("test");
    int exit_code = 0;
    add_fid(app, exit_code);
    ::testing::internal::CaptureStdout();
    try {
      app.parse(std::vector<std::string>(arguments.rbegin(), arguments.rend()));
    } catch (...) {
      ::testing::internal::GetCapturedStdout();
      throw;
    }
    EXPECT_EQ(exit_code, 0);
    return ::testing::internal::GetCapturedStdout();
  }

 private:
  std::filesystem::path dir_;
};

TEST_F(FidCommand, JsonIsOneDocumentWithOneKeyPerMetric) {
  const auto fid = nlohmann::json::parse(output_of({"fid", a(), b(), "--json"}));
  EXPECT_EQ(fid.size(), 1);
  EXPECT_EQ(fid["fid"].size(), 2);
  EXPECT_NEAR(fid["fid"]["value"], goldens()["frechet"]["small"].get<double>(), 1e-10);
  EXPECT_EQ(fid["fid"]["n"], nlohmann::json::parse("[60, 80]"));

  const auto all = nlohmann::json::parse(
      output_of({"fid", a(), b(), "--metrics", "fid,kid,is,prc", "--kid-subsets", "0", "--json"}));
  std::vector<std::string> keys;
  for (const auto& [key, value] : all.items()) {
    keys.push_back(key);
  }
  EXPECT_THAT(keys, ::testing::UnorderedElementsAre("fid", "kid", "is", "precision", "recall"));
  EXPECT_NEAR(all["kid"]["value"], goldens()["kid"]["small"].get<double>(), 1e-12);
  EXPECT_DOUBLE_EQ(all["recall"]["value"], goldens()["precision_recall"]["small"]["recall"].get<double>());
}

TEST_F(FidCommand, TableNamesMetricsAndCounts) {
  const auto table = output_of({"fid", a(), b(), "--metrics", "fid,kid", "--interval"});
  EXPECT_THAT(table, HasSubstr("n of A 60, of B 80"));
  EXPECT_THAT(table, HasSubstr("over 100 subsets"));
  EXPECT_THAT(table, HasSubstr("95 % interval"));
  EXPECT_THAT(table, HasSubstr("jackknife over 20 groups"));
}

TEST_F(FidCommand, TheModeReachesTheExtractor) {
  const auto images = [](uint64_t seed) {
    return to_raw(quality::testing::images(20, 9, seed).squeeze(1).unsqueeze(3));
  };
  data::write_npz(a(), {{"arr_0", images(1)}});
  data::write_npz(b(), {{"arr_0", images(2)}});
  const auto fid_in = [this](const std::string& mode) {
    return output_of({"fid", a(), b(), "--extractor", quality::testing::file("tiny_inception.pt"), "--mode", mode});
  };
  EXPECT_THAT(fid_in("clean_fid"), HasSubstr(", mode clean_fid\n"));
  EXPECT_NE(fid_in("clean_fid").substr(0, 80), fid_in("pytorch_fid").substr(0, 80));
}

TEST_F(FidCommand, RefusesBadArguments) {
  EXPECT_THROW(output_of({"fid", a()}), CLI::ParseError);
  EXPECT_THROW(output_of({"fid", a(), b(), "--kid-subsets", "-1"}), CLI::ParseError);
  EXPECT_THROW(output_of({"fid", a(), b(), "--metric", "fid"}), CLI::ParseError);
  EXPECT_THROW(output_of({"fid", a(), b(), "--metrics", "fid,fvd"}), config::InputError);
  EXPECT_THROW(output_of({"fid", a(), "nowhere.npz"}), config::InputError);
  EXPECT_THROW(output_of({"fid", a(), b(), "--mode", "clean"}), config::InputError);
  EXPECT_THROW(output_of({"fid", a(), b(), "--mode", "clean_fid"}), config::InputError);  // of which network?
}

}  // namespace
}  // namespace diffbench::commands
