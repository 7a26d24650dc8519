/* SPDX-License-Identifier: Apache-2.0 */
/* The ELF header and the program headers of a connector file (System V ABI, chapter 5).
 * elf_dynamic.c comes after. */
#include "elf_check.h"

#include <elf.h>
#include <inttypes.h>
#include <string.h>

#define ALIGN_LEAST 4096u
#define ALIGN_MOST  65536u /* the largest page of any architecture that is supported */

#if defined(__x86_64__)
#define MACHINE      EM_X86_64
#define MACHINE_NAME "x86-64"
#elif defined(__aarch64__)
#define MACHINE      EM_AARCH64
#define MACHINE_NAME "AArch64"
#elif defined(__riscv) && __riscv_xlen == 64
#define MACHINE      EM_RISCV
#define MACHINE_NAME "RISC-V"
#else
#error \
    "connector files are read on 64-bit x86, Arm and RISC-V; add the machine here and its relocations in elf_dynamic.c"
#endif

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define BYTE_ORDER_OF_HOST ELFDATA2LSB
#else
#define BYTE_ORDER_OF_HOST ELFDATA2MSB
#endif

/* Whether [at, at + size) lies in [0, end). */
static bool is_inside(uint64_t at, uint64_t size, uint64_t end)
{
    return at <= end && size <= end - at;
}

const struct elf_load *elf_file_load(const struct elf_image *image, uint64_t address, uint64_t size)
{
    for (size_t i = 0; i < image->load_count; i++) {
        const struct elf_load *load = &image->loads[i];
        if (address >= load->address && is_inside(address - load->address, size, load->file_size))
            return load;
    }
    return NULL;
}

const struct elf_load *elf_memory_load(
    const struct elf_image *image, uint64_t address, uint64_t size)
{
    for (size_t i = 0; i < image->load_count; i++) {
        const struct elf_load *load = &image->loads[i];
        if (address >= load->address && is_inside(address - load->address, size, load->memory_size))
            return load;
    }
    return NULL;
}

static bool check_header(struct span file, Elf64_Ehdr *header, struct refusal *refusal)
{
    if (file.length < sizeof *header)
        return refusal_set(refusal, REFUSAL_TRUNCATED,
            "the file has %zu bytes, which is less than an ELF header; build or copy it again",
            file.length);
    (void)memcpy(header, file.data, sizeof *header);
    const unsigned char *ident = header->e_ident;
    if (memcmp(ident, ELFMAG, SELFMAG) != 0)
        return refusal_set(refusal, REFUSAL_TRUNCATED,
            "byte 0: this is no ELF file; build it with muster_add_connector()");
    if (ident[EI_CLASS] != ELFCLASS64 || ident[EI_DATA] != BYTE_ORDER_OF_HOST ||
        header->e_machine != MACHINE)
        return refusal_set(refusal, REFUSAL_ABI,
            "ELF header: class %u, byte order %u, machine %u are not this host's; build it "
            "for " MACHINE_NAME,
            ident[EI_CLASS], ident[EI_DATA], header->e_machine);
    if (ident[EI_VERSION] != EV_CURRENT || header->e_version != EV_CURRENT ||
        ident[EI_ABIVERSION] != 0 ||
        (ident[EI_OSABI] != ELFOSABI_SYSV && ident[EI_OSABI] != ELFOSABI_GNU))
        return refusal_set(refusal, REFUSAL_TRUNCATED, "ELF header: version or OS ABI is unknown");
    if (header->e_type != ET_DYN)
        return refusal_set(refusal, REFUSAL_TRUNCATED,
            "ELF header: type %u is no shared object; link it with -shared", header->e_type);
    if (header->e_phentsize != sizeof(Elf64_Phdr) || header->e_phnum == 0 ||
        header->e_phnum > ELF_HEADERS_MAX)
        return refusal_set(refusal, REFUSAL_TRUNCATED,
            "ELF header: %u program headers of %u bytes; 1 to %u of %zu are allowed",
            header->e_phnum, header->e_phentsize, ELF_HEADERS_MAX, sizeof(Elf64_Phdr));
    if (!is_inside(header->e_phoff, (uint64_t)header->e_phnum * sizeof(Elf64_Phdr), file.length))
        return refusal_set(refusal, REFUSAL_TRUNCATED,
            "ELF header: the program headers at %" PRIu64
            " reach beyond the file's %zu bytes; it is cut short",
            header->e_phoff, file.length);
    return true;
}

static bool check_load(struct span file, const Elf64_Phdr *at, size_t index,
    struct elf_image *image, struct refusal *refusal)
{
    const struct elf_load *before =
        image->load_count > 0 ? &image->loads[image->load_count - 1] : NULL;
    if ((at->p_flags & ~(uint32_t)(PF_W | PF_X)) != PF_R)
        return refusal_set(refusal, REFUSAL_EXECUTABLE,
            "program header %zu: flags %#x; a segment is readable, or readable and writable", index,
            at->p_flags);
    image->executable |= (at->p_flags & PF_X) != 0;
    if (image->load_count == ELF_LOADS_MAX)
        return refusal_set(
            refusal, REFUSAL_COUNT, "program header %zu: more than %u loads", index, ELF_LOADS_MAX);
    if (!is_inside(at->p_offset, at->p_filesz, file.length))
        return refusal_set(refusal, REFUSAL_TRUNCATED,
            "program header %zu: the segment at %" PRIu64
            " reaches beyond the file's %zu bytes; it is cut short",
            index, at->p_offset, file.length);
    if (at->p_align < ALIGN_LEAST || at->p_align > ALIGN_MOST ||
        (at->p_align & (at->p_align - 1)) != 0 || (at->p_vaddr - at->p_offset) % at->p_align != 0)
        return refusal_set(refusal, REFUSAL_TRUNCATED,
            "program header %zu: alignment %#" PRIx64 " does not fit", index, at->p_align);
    if (!is_inside(at->p_vaddr, at->p_memsz, ELF_SPAN_MAX))
        return refusal_set(refusal, REFUSAL_COUNT,
            "program header %zu: %#" PRIx64 " bytes at address %#" PRIx64
            "; a connector spans at most %u",
            index, at->p_memsz, at->p_vaddr, ELF_SPAN_MAX);
    /* The loader clears what memory has beyond the file, and would have to write to a read-only
     * page for that. */
    if (at->p_memsz < at->p_filesz || (at->p_memsz != at->p_filesz && !(at->p_flags & PF_W)) ||
        at->p_memsz == 0)
        return refusal_set(refusal, REFUSAL_TRUNCATED,
            "program header %zu: %#" PRIx64 " bytes in memory do not fit %#" PRIx64 " in the file",
            index, at->p_memsz, at->p_filesz);
    /* In whole pages, because pages are what is mapped. */
    uint64_t page = at->p_align;
    if (before && (before->address + before->memory_size + page - 1) / page > at->p_vaddr / page)
        return refusal_set(refusal, REFUSAL_TRUNCATED,
            "program header %zu: overlaps the load before it, or comes before it", index);
    image->loads[image->load_count++] = (struct elf_load){
        at->p_offset, at->p_filesz, at->p_vaddr, at->p_memsz, (at->p_flags & PF_W) != 0};
    return true;
}

/* What a header that is no load may be. GNU_RELRO makes the loader protect pages, so it must lie in
 * a load. */
static bool check_other(const Elf64_Phdr *at, size_t index, struct refusal *refusal)
{
    static const struct {
        uint32_t type;
        enum refusal_number number;
        const char *what;
    } refused[] = {
        {PT_TLS, REFUSAL_TLS, "thread-local storage; declare constants only"},
        {PT_INTERP, REFUSAL_NEEDED, "an interpreter; link with -shared -nostdlib"},
        {PT_NOTE, REFUSAL_TRUNCATED,
            "a note; link with -Wl,--build-id=none and compile with -fcf-protection=none"},
        {PT_GNU_PROPERTY, REFUSAL_TRUNCATED, "a property note; compile with -fcf-protection=none"},
        {PT_GNU_EH_FRAME, REFUSAL_EXECUTABLE,
            "unwind tables; compile with -fno-asynchronous-unwind-tables"},
    };
    if (at->p_type == PT_GNU_STACK && (at->p_flags & PF_X))
        return refusal_set(refusal, REFUSAL_EXECUTABLE,
            "program header %zu: asks for an executable stack; link with -Wl,-z,noexecstack",
            index);
    if (at->p_type == PT_GNU_STACK || at->p_type == PT_DYNAMIC || at->p_type == PT_GNU_RELRO)
        return true;
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++)
        if (refused[i].type == at->p_type)
            return refusal_set(
                refusal, refused[i].number, "program header %zu: %s", index, refused[i].what);
    return refusal_set(refusal, REFUSAL_TRUNCATED,
        "program header %zu: type %#x is not allowed; link it with muster_add_connector()", index,
        at->p_type);
}

static bool check_headers(struct span file, const Elf64_Ehdr *header, struct elf_image *image,
    Elf64_Phdr *headers, struct refusal *refusal)
{
    for (size_t i = 0; i < header->e_phnum; i++) {
        (void)memcpy(
            &headers[i], file.data + header->e_phoff + i * sizeof headers[i], sizeof headers[i]);
        if (!(headers[i].p_type == PT_LOAD ? check_load(file, &headers[i], i, image, refusal)
                                           : check_other(&headers[i], i, refusal)))
            return false;
    }
    if (image->load_count == 0)
        return refusal_set(refusal, REFUSAL_TRUNCATED, "program headers: there is nothing to load");
    return true;
}

/* The header of that type; NULL for none, or more than one. */
static const Elf64_Phdr *only_header(const Elf64_Phdr *headers, size_t count, uint32_t type)
{
    const Elf64_Phdr *found = NULL;
    for (size_t i = 0; i < count; i++) {
        if (headers[i].p_type != type)
            continue;
        if (found)
            return NULL;
        found = &headers[i];
    }
    return found;
}

static bool check_special(
    const Elf64_Phdr *headers, size_t count, struct elf_image *image, struct refusal *refusal)
{
    const Elf64_Phdr *dynamic = only_header(headers, count, PT_DYNAMIC);
    if (!only_header(
            headers, count, PT_GNU_STACK)) /* without it the loader makes the stack executable */
        return refusal_set(refusal, REFUSAL_EXECUTABLE,
            "program headers: not exactly one GNU_STACK; link with -Wl,-z,noexecstack");
    if (!dynamic)
        return refusal_set(refusal, REFUSAL_TRUNCATED,
            "program headers: not exactly one DYNAMIC; link with -shared");
    const struct elf_load *load = elf_file_load(image, dynamic->p_vaddr, dynamic->p_filesz);
    if (!load || !load->writable || dynamic->p_filesz != dynamic->p_memsz ||
        dynamic->p_vaddr % sizeof(uint64_t) != 0 ||
        dynamic->p_offset - load->offset != dynamic->p_vaddr - load->address)
        return refusal_set(refusal, REFUSAL_TRUNCATED,
            "program headers: DYNAMIC at address %#" PRIx64 " does not lie in a writable load",
            dynamic->p_vaddr);
    for (size_t i = 0; i < count; i++) {
        if (headers[i].p_type != PT_GNU_RELRO)
            continue;
        load = elf_memory_load(image, headers[i].p_vaddr, 1);
        /* Its end is rounded up to a page, which a load's last page covers. */
        if (!load || !load->writable || headers[i].p_memsz > ELF_SPAN_MAX ||
            headers[i].p_vaddr + headers[i].p_memsz >
                load->address + load->memory_size + ALIGN_LEAST)
            return refusal_set(refusal, REFUSAL_RELOCATION,
                "program header %zu: GNU_RELRO lies outside its load", i);
    }
    image->dynamic_address = dynamic->p_vaddr;
    image->dynamic_size = dynamic->p_filesz;
    return true;
}

/* Why code would run says more than that there is code. */
static bool tells_more(enum refusal_number number)
{
    return number == REFUSAL_CONSTRUCTOR || number == REFUSAL_IFUNC || number == REFUSAL_NEEDED ||
           number == REFUSAL_TLS;
}

bool elf_check(struct span file, struct elf_image *ret_image, struct refusal *refusal)
{
    Elf64_Ehdr header = {0};
    Elf64_Phdr headers[ELF_HEADERS_MAX];
    struct elf_image image = {0};
    if (!check_header(file, &header, refusal) ||
        !check_headers(file, &header, &image, headers, refusal) ||
        !check_special(headers, header.e_phnum, &image, refusal))
        return false;
    bool ok = elf_check_dynamic(file, &image, refusal);
    if (image.executable && (ok || !tells_more(refusal->number)))
        return refusal_set(refusal, REFUSAL_EXECUTABLE,
            "program headers: a segment is executable, and a connector holds no code; declare "
            "constants only and link with muster_add_connector()");
    if (ok)
        *ret_image = image;
    return ok;
}
