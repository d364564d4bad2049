# Run at every build: cmake -DSOURCE=<source folder> -DOUTPUT=<file.cpp> -P Revision.cmake
# Writes which commit the sources are at; leaves the file alone while that has not changed.
set(sha "")
set(dirty false)
find_program(GIT git)
if(GIT)
  # safe.directory: reading the revision of somebody else's checkout is harmless
  set(git "${GIT}" -c safe.directory=* -C "${SOURCE}")
  execute_process(COMMAND ${git} rev-parse --verify --quiet HEAD
    OUTPUT_VARIABLE sha OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
  execute_process(COMMAND ${git} --no-optional-locks status --porcelain --untracked-files=no
    OUTPUT_VARIABLE changes OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
  if(NOT changes STREQUAL "")
    set(dirty true)
  endif()
endif()
set(text "#include \"harness/environment/revision.h\"

namespace diffbench::environment {
const char* const kGitSha = \"${sha}\";
const bool kGitDirty = ${dirty};
}  // namespace diffbench::environment
")
set(old "")
if(EXISTS "${OUTPUT}")
  file(READ "${OUTPUT}" old)
endif()
if(NOT old STREQUAL text)
  file(WRITE "${OUTPUT}" "${text}")
endif()
