# Target header_tests: headers, but for the tests' own, compiled alone, in a translation unit of its own and without precompiled header, so
# that none leans on what its users happen to include before it. Not part of `all`; `make test` builds it. Twice included,
# so a missing #pragma once shows too. Object files rather than -fsyntax-only: those ccache remembers.
#
# Headers of what builds without LibTorch are compiled with LibTorch out of sight.
set(torch_free_folders "^(kernels|profiling|results|methods/(config|data|solvers|risk_controlled/procedures)|harness/(suite|ranks))/")

function(_diffbench_header_tests name)
  cmake_parse_arguments(ARG "" "" "HEADERS;LINK" ${ARGN})
  set(sources "")
  foreach(header ${ARG_HEADERS})
    set(source "${CMAKE_BINARY_DIR}/header_tests/${header}.cpp")
    file(CONFIGURE OUTPUT "${source}" CONTENT "#include \"${header}\"\n#include \"${header}\"\n")
    list(APPEND sources "${source}")
  endforeach()
  if(sources)
    add_library(${name} OBJECT EXCLUDE_FROM_ALL ${sources})
    target_link_libraries(${name} PRIVATE diffbench_options ${ARG_LINK})
    target_compile_options(${name} PRIVATE -O0 -g0)
    add_dependencies(header_tests ${name})
  endif()
endfunction()

add_custom_target(header_tests)
file(GLOB_RECURSE headers CONFIGURE_DEPENDS RELATIVE "${PROJECT_SOURCE_DIR}"
  kernels/*.h profiling/*.h results/*.h methods/*.h harness/*.h)
if(NOT DIFFBENCH_HAS_CUPTI)
  list(FILTER headers EXCLUDE REGEX "^profiling/cupti/(functions|decode|live_kernels)\\.h$")
endif()
set(header_tests_link header_only_libraries nlohmann_json::nlohmann_json tomlplusplus::tomlplusplus spdlog::spdlog
  CLI11::CLI11 SQLiteCpp SQLite::SQLite3 Boost::headers GTest::gmock benchmark::benchmark libzip::zip ZLIB::ZLIB)
if(DIFFBENCH_HAS_CUDA)
  list(APPEND header_tests_link CUDA::cudart)
endif()
if(DIFFBENCH_HAS_CUPTI)
  list(APPEND header_tests_link diffbench_profiling)
endif()
if(DIFFBENCH_HAS_MPI)
  list(APPEND header_tests_link MPI::MPI_CXX)
endif()

# A header that its own .cpp includes first is tested there. Not so in methods/ and kernels/ beside LibTorch: their .cpp
# read a precompiled header first, and a plugin includes those headers without it. What goes into the shared object of
# OpenVINO, whose headers are not everywhere, has no precompiled header.
set(torch_free "")
set(with_torch "")
foreach(header ${headers})
  string(REGEX REPLACE "\\.h$" ".cpp" own "${PROJECT_SOURCE_DIR}/${header}")
  set(first "")
  if(EXISTS "${own}")
    file(STRINGS "${own}" first REGEX "^#include" LIMIT_COUNT 1)
  endif()
  string(COMPARE EQUAL "${first}" "#include \"${header}\"" is_tested)
  if(header MATCHES "${torch_free_folders}")
    if(NOT is_tested)
      list(APPEND torch_free "${header}")
    endif()
  elseif(NOT (is_tested AND header MATCHES "^(harness/|methods/runtimes/openvino/(openvino_compiler|stretch_model)\\.h)"))
    list(APPEND with_torch "${header}")
  endif()
endforeach()
_diffbench_header_tests(header_tests_torch_free HEADERS ${torch_free} LINK ${header_tests_link})
if(DIFFBENCH_TORCH)
  _diffbench_header_tests(header_tests_torch HEADERS ${with_torch} LINK diffbench_torch ${header_tests_link})
  add_dependencies(header_tests_torch diffbench_interface)
endif()
