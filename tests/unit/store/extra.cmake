# SPDX-License-Identifier: Apache-2.0
# What the tests of this layer need beside it: stores of earlier versions, made with SQLite itself, and a disk that loses power
# under their migration.
foreach(file absence lookups migrate sums)
    target_link_libraries(unit_store_${file} PRIVATE PkgConfig::SQLITE)
endforeach()
target_sources(unit_store_migrate PRIVATE inject/disk.c)
target_include_directories(unit_store_migrate PRIVATE inject)
target_compile_definitions(unit_store_migrate PRIVATE TESTS_STORES="${CMAKE_CURRENT_SOURCE_DIR}/unit/store/stores.sql")
