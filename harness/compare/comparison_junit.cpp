// JUnit's XML: a test case per cell and metric. A regression is a failure, what cannot be told or compared is skipped.
#include <spdlog/fmt/fmt.h>

#include <algorithm>

#include "harness/compare/comparison_text.h"

namespace diffbench::compare {
namespace {

using results::Verdict;
using results::VerdictRow;

// XML 1.0 has no place for control characters, escaped or not
std::string escaped(std::string_view text) {
  std::string result;
  for (const char letter : text) {
    switch (letter) {
      case '&':
        result += "&amp;";
        break;
      case '<':
        result += "&lt;";
        break;
      case '>':
        result += "&gt;";
        break;
      case '"':
        result += "&quot;";
        break;
      default:
        result += static_cast<unsigned char>(letter) < 0x20 ? ' ' : letter;
    }
  }
  return result;
}

bool is_open(const VerdictRow& row) {
  return row.verdict == Verdict::kUndecided || row.verdict == Verdict::kNotComparable;
}

std::string test_case(const VerdictRow& row) {
  const std::string reason = escaped(row.reason);
  std::string text =
      fmt::format("    <testcase classname=\"{}\" name=\"{}\" time=\"0\"", escaped(row.key), escaped(row.metric));
  if (row.is_regression) {
    return text + fmt::format(">\n      <failure type=\"{}\" message=\"{}\"/>\n    </testcase>\n",
                              to_string(row.verdict), reason);
  }
  if (is_open(row)) return text + fmt::format(">\n      <skipped message=\"{}\"/>\n    </testcase>\n", reason);
  return text +
         fmt::format(">\n      <system-out>{}: {}</system-out>\n    </testcase>\n", to_string(row.verdict), reason);
}

}  // namespace

std::string as_junit(const ComparedRuns& runs) {
  const auto& rows = runs.comparison.rows;
  const auto count = [&](auto&& condition) { return std::count_if(rows.begin(), rows.end(), condition); };
  const auto failures = count([](const VerdictRow& row) { return row.is_regression; });
  const auto skipped = count([](const VerdictRow& row) { return !row.is_regression && is_open(row); });
  const std::string counts = fmt::format("tests=\"{}\" failures=\"{}\" errors=\"0\"", rows.size(), failures);
  std::string text = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";
  text += fmt::format("<testsuites name=\"diffbench compare\" {} time=\"0\">\n", counts);
  std::string started = runs.newer.row.started_utc;
  if (started.ends_with('Z')) started.pop_back();  // the schema's time has no zone
  text += fmt::format("  <testsuite name=\"{}\" {} skipped=\"{}\" time=\"0\" timestamp=\"{}\">\n",
                      escaped(runs.newer.row.suite_name), counts, skipped, escaped(started));
  for (const VerdictRow& row : rows) text += test_case(row);
  return text + "  </testsuite>\n</testsuites>\n";
}

}  // namespace diffbench::compare
