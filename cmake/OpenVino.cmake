# OpenVINO from its PyPI wheel, where it is in the environment that LibTorch comes from: headers, CMake files and
# libraries. DIFFBENCH_HAS_OPENVINO says whether the runtime `openvino` is built.
option(DIFFBENCH_OPENVINO "build the runtime openvino where OpenVINO is found" ON)
set(DIFFBENCH_HAS_OPENVINO FALSE)
if(DIFFBENCH_OPENVINO)
  get_filename_component(_openvino "${DIFFBENCH_TORCH_DIR}/../openvino/cmake" ABSOLUTE)
  find_package(OpenVINO QUIET COMPONENTS Runtime PATHS "${_openvino}" NO_DEFAULT_PATH)
  set(DIFFBENCH_HAS_OPENVINO ${OpenVINO_FOUND})
endif()
