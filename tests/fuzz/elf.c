/* SPDX-License-Identifier: Apache-2.0 */
/* Connector files before anything maps them. What passes is what the loader may be given: no code,
 * and nothing outside the file. */
#include "fuzz.h"

#include "elf_check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct span file = {(const char *)data, size};
    struct elf_image image;
    struct refusal refusal = {0};
    if (!elf_check(file, &image, &refusal)) {
        FUZZ_CHECK(refusal.fault.code != FAULT_NONE && refusal.fault.text[0]);
        return 0;
    }
    uint64_t end = 0;
    FUZZ_CHECK(!image.executable);
    FUZZ_CHECK(image.load_count > 0 && image.load_count <= ELF_LOADS_MAX);
    for (size_t i = 0; i < image.load_count; i++) {
        const struct elf_load *load = &image.loads[i];
        FUZZ_CHECK(load->offset <= size && load->file_size <= size - load->offset);
        FUZZ_CHECK(load->file_size <= load->memory_size);
        FUZZ_CHECK(load->address >= end && load->memory_size <= ELF_SPAN_MAX);
        end = load->address + load->memory_size;
    }
    FUZZ_CHECK(end <= ELF_SPAN_MAX);
    FUZZ_CHECK(elf_memory_load(&image, image.symbol_address, image.symbol_size));
    FUZZ_CHECK(elf_file_load(&image, image.dynamic_address, image.dynamic_size));
    return 0;
}
