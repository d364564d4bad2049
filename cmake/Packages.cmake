# The system's libraries, as targets.
find_package(Threads REQUIRED)
find_package(Boost 1.74 REQUIRED)
find_package(CLI11 REQUIRED)
find_package(tomlplusplus REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(fmt REQUIRED)
find_package(spdlog REQUIRED)
find_package(SQLite3 REQUIRED)
find_package(SQLiteCpp REQUIRED)
find_package(ZLIB REQUIRED)
find_package(JPEG REQUIRED)
find_package(Protobuf REQUIRED)
find_package(GTest REQUIRED)
find_package(benchmark REQUIRED)

# Debian's libzip config wants a tool from another package
find_path(DIFFBENCH_ZIP_INCLUDE zip.h REQUIRED)
find_library(DIFFBENCH_ZIP_LIBRARY zip REQUIRED)
add_library(libzip::zip INTERFACE IMPORTED)
target_include_directories(libzip::zip SYSTEM INTERFACE "${DIFFBENCH_ZIP_INCLUDE}")
target_link_libraries(libzip::zip INTERFACE "${DIFFBENCH_ZIP_LIBRARY}")

# Debian's libwebp brings no CMake config
find_path(DIFFBENCH_WEBP_INCLUDE webp/decode.h REQUIRED)
find_library(DIFFBENCH_WEBP_LIBRARY webp REQUIRED)
add_library(libwebp::webp INTERFACE IMPORTED)
target_include_directories(libwebp::webp SYSTEM INTERFACE "${DIFFBENCH_WEBP_INCLUDE}")
target_link_libraries(libwebp::webp INTERFACE "${DIFFBENCH_WEBP_LIBRARY}")

find_path(DIFFBENCH_STB_INCLUDE stb/stb_image_write.h REQUIRED)
find_path(DIFFBENCH_RANDOM123_INCLUDE Random123/philox.h REQUIRED)
add_library(header_only_libraries INTERFACE IMPORTED)
target_include_directories(header_only_libraries SYSTEM INTERFACE
  "${DIFFBENCH_STB_INCLUDE}" "${DIFFBENCH_RANDOM123_INCLUDE}")
