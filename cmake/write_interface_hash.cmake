# cmake -DROOT=... -DHEADERS=<file with a path per line> -DOUTPUT=... -P this; leaves an equal file alone
file(STRINGS "${HEADERS}" headers)
set(all "")
foreach(header ${headers})
  file(SHA256 "${ROOT}/${header}" hash)
  string(APPEND all "${header} ${hash}\n")
endforeach()
string(SHA256 hash "${all}")
string(SUBSTRING "${hash}" 0 12 hash)
file(CONFIGURE OUTPUT "${OUTPUT}" CONTENT "#pragma once
// written by cmake/write_interface_hash.cmake
#define DIFFBENCH_INTERFACE_HASH \"${hash}\"
")
