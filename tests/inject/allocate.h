/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An allocator that fails on demand, for a program that links allocate.c: in a plain build it is
 * the program's malloc, calloc and realloc, that of the libraries too; under a sanitizer, which has
 * its own, it stands before those of the host's code (--wrap) and SQLite's.
 */
#ifndef MUSTER_TESTS_ALLOCATE_H
#define MUSTER_TESTS_ALLOCATE_H

#include <stdbool.h>
#include <stdint.h>

/* Before SQLite is used for the first time. */
void allocate_prepare(void);
/* From here on allocations are counted, and number `at` (from 1) fails, or that and all after it.
 * 0: none fails. */
void allocate_begin(int64_t at, bool for_good);
/* No more; how many there were. */
int64_t allocate_end(void);
/* So far, since allocate_begin. */
int64_t allocate_count(void);
/* Whether number `at` of the last count was the host's own, not a library's. */
bool allocate_was_host(int64_t at);
/* False: those of libraries are neither counted nor refused. */
void allocate_of_libraries(bool counted);

#endif
