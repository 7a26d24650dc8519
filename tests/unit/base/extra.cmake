# SPDX-License-Identifier: Apache-2.0
# Compressed bodies are made with zlib itself.
target_link_libraries(unit_base_coding PRIVATE PkgConfig::ZLIB)
