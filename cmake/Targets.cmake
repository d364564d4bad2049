# diffbench_library(<name> SOURCES ... [LINK ...] [TORCH]) and diffbench_test(<name> SOURCES ... [LINK ...] [TORCH] ...):
# the project's only ways to make a target, so warnings, include root and precompiled header are set in one place.

add_library(diffbench_options INTERFACE)
target_include_directories(diffbench_options INTERFACE "${PROJECT_SOURCE_DIR}" "${DIFFBENCH_GENERATED_DIR}")
target_compile_features(diffbench_options INTERFACE cxx_std_20)
target_compile_options(diffbench_options INTERFACE
  "$<$<COMPILE_LANGUAGE:CXX>:-Wall;-Wextra;-Wpedantic;-Wshadow>"
  "$<$<AND:$<COMPILE_LANGUAGE:CXX>,$<BOOL:${DIFFBENCH_WERROR}>>:-Werror>")
if(DIFFBENCH_SANITIZE)
  target_compile_options(diffbench_options INTERFACE
    "$<$<COMPILE_LANGUAGE:CXX>:-fsanitize=address,undefined;-fno-sanitize-recover=undefined;-fno-omit-frame-pointer>")
  target_link_options(diffbench_options INTERFACE -fsanitize=address,undefined)
endif()
if(DIFFBENCH_FUZZ)
  set(_fuzz_sanitizers address,undefined)
  target_compile_options(diffbench_options INTERFACE
    -fsanitize=fuzzer-no-link,${_fuzz_sanitizers} -fno-sanitize-recover=undefined -fno-omit-frame-pointer)
  target_link_options(diffbench_options INTERFACE -fsanitize=${_fuzz_sanitizers})
endif()

# Every LibTorch target shares one precompiled header. Not <torch/torch.h>: g++ instantiates again, in every file that
# reads it, what a precompiled header left pending, which took 6 s a file; for these two it takes 2 s. <ATen/ATen.h>
# itself takes 16 s.
if(DIFFBENCH_TORCH)
  file(WRITE "${CMAKE_BINARY_DIR}/torch_pch.cpp" "// owner of the precompiled header\n")
  add_library(diffbench_torch_pch STATIC "${CMAKE_BINARY_DIR}/torch_pch.cpp")
  target_link_libraries(diffbench_torch_pch PUBLIC diffbench_options diffbench_torch nlohmann_json::nlohmann_json)
  target_precompile_headers(diffbench_torch_pch PRIVATE <ATen/ATen.h> <nlohmann/json.hpp>)
endif()

function(_diffbench_target name)
  cmake_parse_arguments(ARG "TORCH" "" "SOURCES;LINK" ${ARGN})
  target_sources(${name} PRIVATE ${ARG_SOURCES})
  target_link_libraries(${name} PUBLIC diffbench_options ${ARG_LINK})
  if(ARG_TORCH)
    target_link_libraries(${name} PUBLIC diffbench_torch)
    target_precompile_headers(${name} REUSE_FROM diffbench_torch_pch)
    # executables would be compiled with -fPIE, and a precompiled header serves one of the two only
    set_target_properties(${name} PROPERTIES POSITION_INDEPENDENT_CODE OFF)
    target_compile_options(${name} PRIVATE -fPIC)
  endif()
endfunction()

function(diffbench_library name)
  add_library(${name} STATIC)
  _diffbench_target(${name} ${ARGN})
endfunction()

# one ctest entry per binary: starting a LibTorch program costs 0.3 s
function(diffbench_test name)
  cmake_parse_arguments(ARG "TORCH" "" "SOURCES;LINK" ${ARGN})
  if(NOT ARG_SOURCES)
    message(FATAL_ERROR "test ${name} has no source files")
  endif()
  if(ARG_TORCH AND NOT DIFFBENCH_TORCH)
    return()
  endif()
  add_executable(${name})
  _diffbench_target(${name} ${ARGN})
  target_link_libraries(${name} PRIVATE GTest::gmock_main)
  if(ARG_TORCH)
    target_sources(${name} PRIVATE "${PROJECT_SOURCE_DIR}/tests/one_thread.cpp")
  endif()
  target_compile_definitions(${name} PRIVATE DIFFBENCH_TESTS_DIR="${PROJECT_SOURCE_DIR}/tests")
  add_test(NAME ${name} COMMAND ${name})
  set_tests_properties(${name} PROPERTIES
    ENVIRONMENT "OMP_NUM_THREADS=1;DIFFBENCH_BINARY=${CMAKE_BINARY_DIR}/bin/diffbench")
endfunction()

# a Google Benchmark with a main of its own, over LibTorch
function(diffbench_benchmark name)
  cmake_parse_arguments(ARG "" "" "SOURCES;LINK" ${ARGN})
  add_executable(${name})
  _diffbench_target(${name} TORCH SOURCES ${ARG_SOURCES} LINK ${ARG_LINK})
  target_link_libraries(${name} PRIVATE benchmark::benchmark)
endfunction()

# diffbench_mpi_test(<name> RANKS 1 4 SOURCES ... [LINK ...] [TORCH]): a diffbench_test that also runs under mpirun, once
# per count in RANKS. Its main must make a ranks::MpiSession. Without MPI it runs alone only.
function(diffbench_mpi_test name)
  cmake_parse_arguments(MPI_TEST "" "" "RANKS;SOURCES;LINK" ${ARGN})
  diffbench_test(${name} SOURCES ${MPI_TEST_SOURCES} LINK ${MPI_TEST_LINK} ${MPI_TEST_UNPARSED_ARGUMENTS})
  if(NOT DIFFBENCH_HAS_MPI OR NOT TARGET ${name})
    return()
  endif()
  foreach(ranks ${MPI_TEST_RANKS})
    add_test(NAME ${name}_${ranks}_ranks
      COMMAND "${MPIEXEC_EXECUTABLE}" --allow-run-as-root --oversubscribe -n ${ranks} $<TARGET_FILE:${name}>)
    # ranks share the cores, mpirun needs no ssh on one machine, and Open MPI's own leaks are not ours
    set_tests_properties(${name}_${ranks}_ranks PROPERTIES TIMEOUT 120 PROCESSORS 2 ENVIRONMENT
      "OMP_NUM_THREADS=1;OMPI_MCA_hwloc_base_binding_policy=none;OMPI_MCA_plm_rsh_agent=/bin/true;ASAN_OPTIONS=detect_leaks=0;DIFFBENCH_BINARY=${CMAKE_BINARY_DIR}/bin/diffbench")
  endforeach()
endfunction()

# diffbench_fuzz(<name> <library>): the libFuzzer program of <name>_fuzz.cpp. tests/fuzz/run.sh finds and runs it.
function(diffbench_fuzz name library)
  if(NOT DIFFBENCH_FUZZ)
    return()
  endif()
  add_executable(${name}_fuzz)
  _diffbench_target(${name}_fuzz SOURCES ${name}_fuzz.cpp LINK ${library})
  target_link_options(${name}_fuzz PRIVATE -fsanitize=fuzzer)
  if(NOT TARGET fuzz_targets)
    add_custom_target(fuzz_targets)
  endif()
  add_dependencies(fuzz_targets ${name}_fuzz)
endfunction()
