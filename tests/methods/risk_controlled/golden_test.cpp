// Every procedure against scipy (make_goldens.py): index equal, the bound of every threshold within 1e-9.
#include <gmock/gmock.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "methods/risk_controlled/procedures/risk_control.h"

namespace diffbench::risk_control {
namespace {

using nlohmann::json;

LossTable table_of(const json& golden) {
  LossTable table;
  table.source = golden["name"];
  for (const auto& row : golden["losses"]) {
    for (const double loss : row) {
      table.losses.push_back(loss);
    }
    ++table.units;
  }
  for (size_t k = 0; k < golden["losses"][0].size(); ++k) {
    table.thresholds.push_back(0.1 * static_cast<double>(k));
  }
  return table;
}

void expect_equal(const Calibration& result, const json& answer) {
  EXPECT_EQ(result.index ? json(*result.index) : json(), answer["index"]);
  ASSERT_EQ(result.candidates.size(), answer["bounds"].size());
  for (size_t k = 0; k < result.candidates.size(); ++k) {
    EXPECT_NEAR(result.candidates[k].bound, answer["bounds"][k].get<double>(), 1e-9) << "threshold " << k;
  }
}

TEST(Goldens, IndicesAndBoundsAreThoseOfScipy) {
  std::ifstream file(DIFFBENCH_TESTS_DIR "/methods/risk_controlled/goldens.json");
  const json goldens = json::parse(file);
  int compared = 0;
  for (const auto& golden : goldens) {
    for (const auto& answer : golden["answers"]) {
      for (const auto& procedure : procedures()) {
        SCOPED_TRACE(golden["name"].get<std::string>() + " " + procedure.name + " " + answer["epsilon"].dump());
        const Target target{answer["epsilon"], answer["delta"], golden["bound"]};
        expect_equal(calibrate(table_of(golden), procedure, target), answer[procedure.name]);
        ++compared;
      }
    }
  }
  EXPECT_EQ(compared, 39 * 4);
}

}  // namespace
}  // namespace diffbench::risk_control
