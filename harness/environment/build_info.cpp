#include "harness/environment/build_info.h"

#include <torch/headeronly/version.h>

#include "harness/environment/revision.h"

namespace diffbench::environment {

BuildInfo build_info() {
  return {.version = DIFFBENCH_VERSION,
          .git_sha = kGitSha,
          .git_dirty = kGitDirty,
          .compiler = DIFFBENCH_COMPILER,
          .compiler_flags = DIFFBENCH_FLAGS,
          .build_type = DIFFBENCH_BUILD_TYPE,
          .torch_version = TORCH_VERSION};
}

std::string version_line() {
  const BuildInfo build = build_info();
  const std::string revision =
      build.git_sha.empty() ? "unknown revision" : build.git_sha.substr(0, 12) + (build.git_dirty ? " + changes" : "");
  return "diffbench " + build.version + " (" + revision + ", " + build.build_type + ", " + build.compiler + ", torch " +
         build.torch_version + ")";
}

}  // namespace diffbench::environment
