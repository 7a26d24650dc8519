# SPDX-License-Identifier: Apache-2.0
# What the tests of this layer need beside it: bodies that are packed, once and twice.
find_package(ZLIB REQUIRED)
target_link_libraries(unit_transport_transport PRIVATE ZLIB::ZLIB)
target_compile_definitions(unit_transport_transport PRIVATE ZLIB_CONST)
