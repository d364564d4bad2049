# methods/plugin/interface_hash.h: a hash over every header that a plugin may include. It is made while building, so it
# is never older than the headers.
file(GLOB_RECURSE DIFFBENCH_INTERFACE_HEADERS CONFIGURE_DEPENDS RELATIVE "${PROJECT_SOURCE_DIR}"
  "${PROJECT_SOURCE_DIR}/kernels/*.h" "${PROJECT_SOURCE_DIR}/methods/*.h" "${PROJECT_SOURCE_DIR}/profiling/*.h")
set(DIFFBENCH_GENERATED_DIR "${CMAKE_BINARY_DIR}/generated")
set(_hash "${DIFFBENCH_GENERATED_DIR}/methods/plugin/interface_hash.h")
set(_headers "${DIFFBENCH_GENERATED_DIR}/interface_headers.txt")
list(JOIN DIFFBENCH_INTERFACE_HEADERS "\n" _lines)
file(CONFIGURE OUTPUT "${_headers}" CONTENT "${_lines}\n")
list(TRANSFORM DIFFBENCH_INTERFACE_HEADERS PREPEND "${PROJECT_SOURCE_DIR}/" OUTPUT_VARIABLE _files)
set(_script "${PROJECT_SOURCE_DIR}/cmake/write_interface_hash.cmake")
add_custom_command(
  OUTPUT "${DIFFBENCH_GENERATED_DIR}/interface_hash.stamp" BYPRODUCTS "${_hash}"
  COMMAND "${CMAKE_COMMAND}" "-DROOT=${PROJECT_SOURCE_DIR}" "-DHEADERS=${_headers}" "-DOUTPUT=${_hash}" -P "${_script}"
  COMMAND "${CMAKE_COMMAND}" -E touch "${DIFFBENCH_GENERATED_DIR}/interface_hash.stamp"
  DEPENDS ${_files} "${_headers}" "${_script}"
  COMMENT "Hashing the headers that plugins see")
add_custom_target(diffbench_interface DEPENDS "${DIFFBENCH_GENERATED_DIR}/interface_hash.stamp")
