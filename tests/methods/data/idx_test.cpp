#include "methods/data/idx.h"

#include <gmock/gmock.h>

#include "tests/methods/data/data_testing.h"

namespace diffbench::data {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

TEST(Idx, ReadsPlainAndGzipped) {
  for (const char* name : {"images.idx", "images.idx.gz"}) {
    const RawTensor images = read_idx(golden(name));
    EXPECT_EQ(images.shape, (std::vector<int64_t>{2, 3, 4}));
    for (size_t i = 0; i < 24; ++i) {
      EXPECT_EQ(images.as<uint8_t>()[i], i);
    }
  }
}

TEST(Idx, SurvivesDamage) {
  for (const char* name : {"images.idx", "images.idx.gz"}) {
    expect_robust(file_content(golden(name)), [](auto bytes) { parse_idx(bytes, "f"); });
  }
}

TEST(Idx, RefusesOtherTypesSizesAndMagics) {
  const auto plain = file_content(golden("images.idx"));
  const auto changed = [&](size_t at, int value) {
    auto bytes = plain;
    bytes[at] = static_cast<std::byte>(value);
    return error_of([&] { parse_idx(bytes, "f.idx"); });
  };
  EXPECT_EQ(changed(0, 1), "f.idx: not an idx file");
  EXPECT_THAT(changed(2, 0x0d), HasSubstr("element type 13 is not supported"));
  EXPECT_THAT(changed(4, 0xff), StartsWith("f.idx: the idx header says [4278190082, 3, 4], but 24 bytes follow"));
  auto longer = plain;
  longer.push_back(std::byte{0});
  EXPECT_THAT(error_of([&] { parse_idx(longer, "f"); }), HasSubstr("but 25 bytes follow"));
}

TEST(Idx, RefusesWhatCannotBeRead) {
  EXPECT_EQ(error_of([] { read_idx("/nowhere.idx"); }),
            "/nowhere.idx: cannot read this file: No such file or directory");
  EXPECT_THAT(error_of([] { read_idx("/tmp"); }), HasSubstr("not a regular file"));
  const TemporaryFolder folder;
  write_file(folder / "empty", {});
  EXPECT_THAT(error_of([&] { read_idx(folder / "empty"); }), HasSubstr("truncated"));
}

}  // namespace
}  // namespace diffbench::data
