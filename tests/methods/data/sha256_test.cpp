#include "methods/data/sha256.h"

#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>

#include "methods/config/input_error.h"

namespace diffbench::data {
namespace {

// the examples of NIST's FIPS 180-4, plus lengths around the padding's edges checked with coreutils' sha256sum
TEST(Sha256, TestVectors) {
  EXPECT_EQ(sha256(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(sha256("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(sha256("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  EXPECT_EQ(sha256(std::string(1'000'000, 'a')), "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
  EXPECT_EQ(sha256(std::string(55, 'a')), "9f4390f8d30c2dd92ec9f095b65e2b9ae9b0a925a5258e241c9f1e910f734318");
  EXPECT_EQ(sha256(std::string(63, 'a')), "7d3e74a05d7db15bce4ad9ec0658ea98e3f06eeecf16b4c6fff2da457ddc2f34");
  EXPECT_EQ(sha256(std::string(64, 'a')), "ffe054fe7ae0cb6dc65c3af9b61d5209f439851db43d0ba5997337df154668eb");
}

TEST(Sha256, OfFile) {
  const auto path = std::filesystem::temp_directory_path() / "diffbench_sha256_test";
  std::ofstream(path, std::ios::binary) << "abc";
  EXPECT_EQ(sha256_of_file(path), sha256("abc"));
  std::ofstream(path, std::ios::binary | std::ios::trunc);
  EXPECT_EQ(sha256_of_file(path), sha256(""));
  std::filesystem::remove(path);
  EXPECT_THROW(sha256_of_file(path), config::InputError);
}

}  // namespace
}  // namespace diffbench::data
