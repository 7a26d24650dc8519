# SPDX-License-Identifier: Apache-2.0
# What the tests of this layer need beside it: a store of an earlier version, made with SQLite itself.
target_link_libraries(unit_store_lookups PRIVATE PkgConfig::SQLITE)
