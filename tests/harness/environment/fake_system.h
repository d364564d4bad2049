#pragma once
// A tree of /proc and /sys files with made-up content.
//
//   const FakeSystem system({{"sys/fs/cgroup/cpu.max", "150000 100000\n"}});
//   container_quota(system.root());

#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <string>

namespace diffbench::environment {

using Files = std::map<std::string, std::string>;  // path below the root -> content

class FakeSystem {
 public:
  explicit FakeSystem(const Files& files) {
    std::string name = (std::filesystem::temp_directory_path() / "diffbench_system_XXXXXX").string();
    root_ = ::mkdtemp(name.data());
    for (const auto& [path, text] : files) {
      std::filesystem::create_directories((root_ / path).parent_path());
      std::ofstream(root_ / path) << text;
    }
  }
  ~FakeSystem() { std::filesystem::remove_all(root_); }
  FakeSystem(const FakeSystem&) = delete;
  FakeSystem& operator=(const FakeSystem&) = delete;
  const std::filesystem::path& root() const { return root_; }

 private:
  std::filesystem::path root_;
};

}  // namespace diffbench::environment
