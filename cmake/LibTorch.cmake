# Imported targets for the LibTorch inside the PyPI wheel: torch::cpu, and torch::cuda where the wheel's CUDA libraries
# are installed too. find_package(Torch) is not used: it insists on a CUDA toolkit even for a CPU build.
set(DIFFBENCH_TORCH_DIR "$ENV{DIFFBENCH_TORCH_DIR}" CACHE PATH "the torch/ folder of the wheel")
if(NOT DIFFBENCH_TORCH_DIR)
  find_program(DIFFBENCH_PYTHON NAMES python3 python PATHS "${PROJECT_SOURCE_DIR}/.venv/bin" NO_DEFAULT_PATH)
  find_program(DIFFBENCH_PYTHON NAMES python3 python REQUIRED)
  execute_process(
    COMMAND "${DIFFBENCH_PYTHON}" -c
            "import importlib.util as u; print(u.find_spec('torch').submodule_search_locations[0])"
    OUTPUT_VARIABLE _torch OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET RESULT_VARIABLE _failed)
  if(_failed)
    message(FATAL_ERROR "${DIFFBENCH_PYTHON} has no module torch: run ./setup.sh in a checkout of diffbench; elsewhere "
      "pip install torch in .venv/ beside your CMakeLists.txt, or -DDIFFBENCH_TORCH_DIR=.../site-packages/torch")
  endif()
  set_property(CACHE DIFFBENCH_TORCH_DIR PROPERTY VALUE "${_torch}")
endif()
foreach(_lib c10 torch_cpu c10_cuda torch_cuda)
  find_library(DIFFBENCH_LIB_${_lib} NAMES ${_lib} PATHS "${DIFFBENCH_TORCH_DIR}/lib" NO_DEFAULT_PATH)
endforeach()
if(NOT DIFFBENCH_LIB_torch_cpu)
  message(FATAL_ERROR "no LibTorch under '${DIFFBENCH_TORCH_DIR}': run ./setup.sh, or set DIFFBENCH_TORCH_DIR")
endif()

# the wheel brings its own fmt; it must not shadow the system's, for which the system's spdlog is made
find_path(DIFFBENCH_FMT_INCLUDE fmt/core.h)
file(MAKE_DIRECTORY "${CMAKE_BINARY_DIR}/include-first")
if(DIFFBENCH_FMT_INCLUDE)
  file(CREATE_LINK "${DIFFBENCH_FMT_INCLUDE}/fmt" "${CMAKE_BINARY_DIR}/include-first/fmt" SYMBOLIC)
endif()

add_library(torch::cpu INTERFACE IMPORTED)
target_include_directories(torch::cpu SYSTEM INTERFACE
  "${CMAKE_BINARY_DIR}/include-first"
  "${DIFFBENCH_TORCH_DIR}/include"
  "${DIFFBENCH_TORCH_DIR}/include/torch/csrc/api/include")
target_link_libraries(torch::cpu INTERFACE "${DIFFBENCH_LIB_torch_cpu}" "${DIFFBENCH_LIB_c10}")

add_library(diffbench_torch INTERFACE)
target_link_libraries(diffbench_torch INTERFACE torch::cpu)
if(DIFFBENCH_LIB_torch_cuda AND EXISTS "${DIFFBENCH_TORCH_DIR}/../nvidia/cudnn" AND NOT DIFFBENCH_CUDA STREQUAL "OFF")
  add_library(torch::cuda INTERFACE IMPORTED)
  target_link_libraries(torch::cuda INTERFACE torch::cpu
    "-Wl,--push-state,--no-as-needed" "${DIFFBENCH_LIB_torch_cuda}" "${DIFFBENCH_LIB_c10_cuda}" "-Wl,--pop-state")
  target_link_libraries(diffbench_torch INTERFACE torch::cuda)
endif()
