# SPDX-License-Identifier: Apache-2.0
# store_bench: the store alone. Included by tests/bench/CMakeLists.txt where it is there.
add_executable(store_bench store_bench.c)
target_link_libraries(store_bench PRIVATE muster_flags muster_store)
