# cmake --install build/release --prefix P: the program, what it reads, and what a plugin is built with.
#   bin/diffbench                  finds the others from where it lies, so P may be moved as a whole
#   share/diffbench/               suites, zoo, dashboards, schema
#   include/diffbench/             headers that a plugin may include
#   lib/cmake/diffbench/           find_package(diffbench)
#   lib/diffbench/                 LibTorch and OpenVINO, and what they bring; with -DDIFFBENCH_INSTALL_TORCH=OFF only ours
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)
option(DIFFBENCH_INSTALL_TORCH "install LibTorch with the program; OFF: it stays where it was found when building" ON)

set(share "${CMAKE_INSTALL_DATADIR}/diffbench")
set(package "${CMAKE_INSTALL_LIBDIR}/cmake/diffbench")
file(RELATIVE_PATH to_libraries "/${CMAKE_INSTALL_BINDIR}" "/${CMAKE_INSTALL_LIBDIR}/diffbench")
set_target_properties(diffbench PROPERTIES ENABLE_EXPORTS ON INSTALL_RPATH "$ORIGIN/${to_libraries}")

install(TARGETS diffbench EXPORT diffbench)
if(DIFFBENCH_INSTALL_TORCH)
  # not install(RUNTIME_DEPENDENCIES): it gives up where a library is found twice, as the CUDA runtime is with a toolkit
  install(CODE "
    file(GET_RUNTIME_DEPENDENCIES EXECUTABLES \"$<TARGET_FILE:diffbench>\" RESOLVED_DEPENDENCIES_VAR found
      CONFLICTING_DEPENDENCIES_PREFIX twice PRE_EXCLUDE_REGEXES ^ld-linux POST_EXCLUDE_REGEXES ^/lib ^/usr/lib/)
    foreach(name IN LISTS twice_FILENAMES)
      list(GET twice_\${name} 0 first)
      list(APPEND found \"\${first}\")
    endforeach()
    file(INSTALL \${found} DESTINATION \"\${CMAKE_INSTALL_PREFIX}/${CMAKE_INSTALL_LIBDIR}/diffbench\" FOLLOW_SYMLINK_CHAIN)")
else()
  # by name: CMake leaves out of INSTALL_RPATH_USE_LINK_PATH what lies below the source, as .venv does
  set_target_properties(diffbench PROPERTIES INSTALL_RPATH_USE_LINK_PATH ON)
  set_property(TARGET diffbench APPEND PROPERTY INSTALL_RPATH "${DIFFBENCH_TORCH_DIR}/lib")
endif()

if(TARGET diffbench_openvino)
  get_filename_component(openvino_libraries "${OpenVINO_DIR}/../libs" ABSOLUTE)
  set(openvino_rpath "${openvino_libraries}")
  if(DIFFBENCH_INSTALL_TORCH)
    set(openvino_rpath "$ORIGIN")
    file(GLOB openvino_files "${openvino_libraries}/libopenvino.so*" "${openvino_libraries}/libopenvino_intel_cpu_plugin.so"
      "${openvino_libraries}/libtbb.so*" "${openvino_libraries}/libhwloc.so*")
    install(FILES ${openvino_files} DESTINATION "${CMAKE_INSTALL_LIBDIR}/diffbench")
  endif()
  set_target_properties(diffbench_openvino PROPERTIES INSTALL_RPATH "${openvino_rpath}")
  install(TARGETS diffbench_openvino DESTINATION "${CMAKE_INSTALL_LIBDIR}/diffbench")
endif()

install(DIRECTORY harness/suites DESTINATION "${share}/harness")
install(DIRECTORY methods/zoo DESTINATION "${share}/methods")
install(DIRECTORY dashboards DESTINATION "${share}" PATTERN "__pycache__" EXCLUDE)
install(FILES results/schema.sql results/schema_profile.sql results/views.sql DESTINATION "${share}/results")
install(FILES LICENSE README.md pyproject.toml requirements.txt DESTINATION "${share}")  # pip install ${share}
install(DIRECTORY docs DESTINATION "${share}" PATTERN "build" EXCLUDE)
foreach(folder harness kernels methods profiling results)  # the pages that --help names
  install(DIRECTORY ${folder} DESTINATION "${share}" FILES_MATCHING PATTERN "*.md" PATTERN "*.svg")
endforeach()

foreach(folder kernels methods profiling)
  install(DIRECTORY ${folder} DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}/diffbench" FILES_MATCHING PATTERN "*.h"
    PATTERN "zoo" EXCLUDE)
endforeach()
install(DIRECTORY "${DIFFBENCH_GENERATED_DIR}/methods" DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}/diffbench")

configure_package_config_file(cmake/diffbenchConfig.cmake.in diffbenchConfig.cmake
  INSTALL_DESTINATION "${package}" PATH_VARS CMAKE_INSTALL_INCLUDEDIR)
write_basic_package_version_file(diffbenchConfigVersion.cmake COMPATIBILITY ExactVersion)
install(FILES "${CMAKE_CURRENT_BINARY_DIR}/diffbenchConfig.cmake" "${CMAKE_CURRENT_BINARY_DIR}/diffbenchConfigVersion.cmake"
  cmake/LibTorch.cmake DESTINATION "${package}")
install(EXPORT diffbench NAMESPACE diffbench:: FILE diffbenchTargets.cmake DESTINATION "${package}")

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME diffbench)
set(CPACK_PACKAGE_CONTACT "the developers of diffbench <diffbench@localhost>")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS_PRIVATE_DIRS "${DIFFBENCH_TORCH_DIR}/lib")
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS "openmpi-bin, python3-venv")
set(CPACK_DEBIAN_COMPRESSION_TYPE gzip)
set(CPACK_STRIP_FILES OFF)
include(CPack)
