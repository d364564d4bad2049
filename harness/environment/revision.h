#pragma once
// Which commit the program was built from. Defined in a file that the build writes (cmake/Revision.cmake).
//
//   if (*kGitSha == '\0') { ... }   // built outside a git checkout

namespace diffbench::environment {

extern const char* const kGitSha;  // 40 hex digits; "" if unknown
extern const bool kGitDirty;       // tracked files differed from that commit

}  // namespace diffbench::environment
