// What the exporters are made of: JSON text, numbers, lanes. Whole files are read in tests/end_to_end/export_test.py.
#include <gmock/gmock.h>

#include <cmath>
#include <fstream>
#include <sstream>

#include "results/export/export.h"
#include "results/export/output_file.h"
#include "results/export/track_lanes.h"
#include "tests/results/example.h"

namespace diffbench::results {
namespace {

TEST(OutputFile, EscapesWhatJsonForbids) {
  EXPECT_EQ(json_escaped("a\"b\\c"), "a\\\"b\\\\c");
  EXPECT_EQ(json_escaped(std::string_view("\n\t\0\x1f\x7f", 5)), "\\u000a\\u0009\\u0000\\u001f\\u007f");
  EXPECT_EQ(json_escaped("µs \U0001F600"), "µs \U0001F600");
  // a lone continuation, a truncated character, an overlong one, a surrogate, beyond U+10FFFF
  for (const char* wrong : {"\x80", "\xC3", "\xC0\xAF", "\xED\xA0\x80", "\xF4\x90\x80\x80"}) {
    EXPECT_THAT(json_escaped(wrong), ::testing::StartsWith("\xEF\xBF\xBD")) << wrong;
  }
}

TEST(OutputFile, WritesNumbersThatReadBack) {
  const TemporaryFolder folder;
  OutputFile file(folder.file("numbers"), false);
  file.microseconds(1'234'567).text(" ").microseconds(7).text(" ").microseconds(-1'005).text(" ");
  file.real(0.1).text(" ").real(std::nan("")).text(" ").integer(-5);
  file.close();
  std::ostringstream text;
  text << std::ifstream(folder.file("numbers")).rdbuf();
  EXPECT_EQ(text.str(), "1234.567 0.007 -1.005 0.1 null -5");
}

TEST(OutputFile, FullDiskIsAnError) {
  if (!std::filesystem::exists("/dev/full")) GTEST_SKIP() << "no /dev/full";
  for (const bool is_compressed : {false, true}) {
    OutputFile file("/dev/full", is_compressed);
    file.text("x");
    try {
      file.close();
      ADD_FAILURE() << "no error";
    } catch (const DatabaseError& error) {
      EXPECT_THAT(error.what(), ::testing::HasSubstr("No space left"));
    }
  }
}

struct Lanes {
  TrackLanes lanes{};
  std::vector<std::int64_t> ended{};
  std::size_t place(std::int64_t begin_ns, std::int64_t end_ns) {
    return lanes.place(begin_ns, end_ns, [&](std::size_t, std::int64_t at_ns) { ended.push_back(at_ns); });
  }
};

TEST(TrackLanes, NestsWhatNestsAndMovesWhatOverlaps) {
  Lanes lanes;
  EXPECT_EQ(lanes.place(0, 100), 0U);
  EXPECT_EQ(lanes.place(0, 40), 0U);    // inside, from the same instant
  EXPECT_EQ(lanes.place(40, 100), 0U);  // beside it, to the same instant
  EXPECT_EQ(lanes.place(60, 120), 1U);  // over the end of what is around it
  EXPECT_EQ(lanes.place(70, 130), 2U);
  EXPECT_EQ(lanes.place(125, 126), 0U);
  EXPECT_THAT(lanes.ended, ::testing::ElementsAre(40, 100, 100));
  lanes.lanes.finish([&](std::size_t, std::int64_t at_ns) { lanes.ended.push_back(at_ns); });
  EXPECT_THAT(lanes.ended, ::testing::ElementsAre(40, 100, 100, 126, 120, 130));
}

TEST(ExportRun, FailsWithoutLeavingAFile) {
  const TemporaryFolder folder;
  const Store store = Store::open_or_create(folder.file("results.db"));
  for (const ExportFormat& format : export_formats()) {
    EXPECT_THROW(export_run(store, format, {}, folder.file("out")), DatabaseError) << format.name;
    EXPECT_FALSE(std::filesystem::exists(folder.file("out")));
  }
  EXPECT_EQ(find_export_format("crome"), nullptr);
}

}  // namespace
}  // namespace diffbench::results
