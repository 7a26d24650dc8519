/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The allow-list for connector files: what the loader will see, and nothing that section headers
 * claim. A file that passes holds data alone; the loader maps it, adds the load address to some
 * words of it, and has nothing to run, to look up or to bring in. A pure function over bytes.
 */
#ifndef MUSTER_DECLARATION_ELF_CHECK_H
#define MUSTER_DECLARATION_ELF_CHECK_H

#include "base/bytes.h"
#include "refusal.h"

#define ELF_HEADERS_MAX 16u /* program headers */
#define ELF_LOADS_MAX   8u
#define ELF_SPAN_MAX    (16u << 20) /* bytes of address space, first load to last */
#define ELF_DYNAMIC_MAX 64u         /* entries of PT_DYNAMIC */

struct elf_load {
    uint64_t offset, file_size;
    uint64_t address, memory_size; /* relative to where the file is loaded */
    bool writable;
};

struct elf_image {
    struct elf_load loads[ELF_LOADS_MAX]; /* ascending, disjoint */
    size_t load_count;
    bool executable; /* one of them asked to be; such a file does not pass */
    uint64_t dynamic_address, dynamic_size;
    uint64_t symbol_address, symbol_size; /* of muster_connector */
};

bool elf_check(struct span file, struct elf_image *ret_image, struct refusal *refusal) MUST_CHECK;

/* The second half, of elf_dynamic.c: everything that PT_DYNAMIC leads to. Fills in the symbol. */
bool elf_check_dynamic(
    struct span file, struct elf_image *image, struct refusal *refusal) MUST_CHECK;

/* The load whose bytes in the file hold all of [address, address + size), or NULL. */
const struct elf_load *elf_file_load(
    const struct elf_image *image, uint64_t address, uint64_t size);
/* The load whose memory holds it all, or NULL. */
const struct elf_load *elf_memory_load(
    const struct elf_image *image, uint64_t address, uint64_t size);

#endif
