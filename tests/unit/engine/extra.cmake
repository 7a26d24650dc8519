# SPDX-License-Identifier: Apache-2.0
# The host in miniature (driver.h) compresses bodies with zlib itself.
file(GLOB engine_tests RELATIVE "${CMAKE_CURRENT_SOURCE_DIR}/unit/engine" CONFIGURE_DEPENDS "unit/engine/*_test.c")
foreach(test ${engine_tests})
    string(REPLACE "_test.c" "" file "${test}")
    target_link_libraries(unit_engine_${file} PRIVATE PkgConfig::ZLIB)
endforeach()
