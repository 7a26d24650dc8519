/* SPDX-License-Identifier: Apache-2.0 */
/* The ELF allow-list against a sound connector's file spoiled in one word at a time (faults 127 to
 * 133, 138, 139). */
#include <elf.h>
#include <stddef.h>
#include "case.h"
#include "declaration/elf_check.h"
#include "muster/connector.h"

/* A copy of the sound file, with its parts found. */
struct parts {
    struct bytes file;
    Elf64_Ehdr *header;
    Elf64_Phdr *headers, *read_load, *write_load, *dynamic_header, *stack;
    Elf64_Dyn *dynamic;
    Elf64_Sym *symbols;
    Elf64_Rela *relocations;
    size_t relocation_count;
    uint32_t *hash, *gnu_hash;
};

static Elf64_Dyn *entry(const struct parts *parts, int64_t tag)
{
    for (Elf64_Dyn *at = parts->dynamic; at->d_tag != DT_NULL; at++)
        if (at->d_tag == tag)
            return at;
    ck_abort_msg("the sound file has no tag %lld", (long long)tag);
    return NULL;
}

static void open_parts(struct parts *parts)
{
    *parts = (struct parts){0};
    case_read(GOOD, &parts->file);
    char *data = parts->file.data;
    ck_assert_ptr_nonnull(data);
    parts->header = (Elf64_Ehdr *)(void *)data;
    parts->headers = (Elf64_Phdr *)(void *)(data + parts->header->e_phoff);
    for (size_t i = 0; i < parts->header->e_phnum; i++) {
        Elf64_Phdr *at = &parts->headers[i];
        if (at->p_type == PT_LOAD)
            *((at->p_flags & PF_W) ? &parts->write_load : &parts->read_load) = at;
        if (at->p_type == PT_DYNAMIC)
            parts->dynamic_header = at;
        if (at->p_type == PT_GNU_STACK)
            parts->stack = at;
    }
    ck_assert(parts->read_load && parts->write_load && parts->dynamic_header && parts->stack);
    parts->dynamic = (Elf64_Dyn *)(void *)(data + parts->dynamic_header->p_offset);
    /* The read-only load begins the file, so its addresses are offsets. */
    ck_assert_uint_eq(parts->read_load->p_offset, 0);
    parts->symbols = (Elf64_Sym *)(void *)(data + entry(parts, DT_SYMTAB)->d_un.d_ptr);
    parts->relocations = (Elf64_Rela *)(void *)(data + entry(parts, DT_RELA)->d_un.d_ptr);
    parts->relocation_count = entry(parts, DT_RELASZ)->d_un.d_val / sizeof(Elf64_Rela);
    parts->hash = (uint32_t *)(void *)(data + entry(parts, DT_HASH)->d_un.d_ptr);
    parts->gnu_hash = (uint32_t *)(void *)(data + entry(parts, DT_GNU_HASH)->d_un.d_ptr);
}

/* Every spoiled word: an lvalue in `p`, its new value, the number and the sentence that must come
 * of it. */
#define SPOIL(number, fragment, ...)                    \
    do {                                                \
        struct parts spoiled, *p = &spoiled;            \
        open_parts(p);                                  \
        __VA_ARGS__;                                    \
        spoil_check(p, #__VA_ARGS__, number, fragment); \
    } while (0)

static void spoil_check(struct parts *parts, const char *what, int number, const char *fragment)
{
    struct elf_image image;
    struct refusal refusal = {0};
    bool ok = elf_check(bytes_span(&parts->file), &image, &refusal);
    if (number == 0) {
        ck_assert_msg(ok, "%s: %s", what, refusal.fault.text);
    } else {
        ck_assert_msg(!ok, "%s: accepted", what);
        ck_assert_msg((int)refusal.number == number, "%s: fault %d, not %d: %s", what,
            (int)refusal.number, number, refusal.fault.text);
        ck_assert_msg(strstr(refusal.fault.text, fragment), "%s: %s", what, refusal.fault.text);
    }
    bytes_free(&parts->file);
}

START_TEST(header)
{
    SPOIL(0, "", (void)p);
    SPOIL(133, "no ELF file", p->header->e_ident[0] = 0);
    SPOIL(141, "this host", p->header->e_ident[EI_CLASS] = ELFCLASS32);
    SPOIL(141, "this host", p->header->e_ident[EI_DATA] ^= 3);
    SPOIL(141, "this host", p->header->e_machine = EM_SPARC);
    SPOIL(133, "OS ABI", p->header->e_ident[EI_OSABI] = ELFOSABI_FREEBSD);
    SPOIL(133, "no shared object", p->header->e_type = ET_EXEC);
    SPOIL(133, "program headers", p->header->e_phnum = 0);
    SPOIL(133, "program headers", p->header->e_phnum = 17);
    SPOIL(133, "program headers", p->header->e_phentsize = 1);
    SPOIL(133, "cut short", p->header->e_phoff = UINT64_MAX - 8);
    SPOIL(133, "cut short", p->header->e_phoff = p->file.length - 8);
    /* Section headers lie, and are not read. */
    SPOIL(0, "", p->header->e_shoff = UINT64_MAX);
    SPOIL(0, "", p->header->e_shnum = 65535);
}
END_TEST

START_TEST(loads)
{
    SPOIL(130, "executable", p->read_load->p_flags |= PF_X);
    SPOIL(130, "executable", p->write_load->p_flags |= PF_X);
    SPOIL(130, "flags", p->read_load->p_flags = 0);
    SPOIL(130, "flags", p->write_load->p_flags = PF_W);
    SPOIL(130, "executable stack", p->stack->p_flags |= PF_X);
    SPOIL(130, "GNU_STACK", p->stack->p_type = PT_GNU_RELRO;
          p->stack->p_vaddr = p->write_load->p_vaddr);
    SPOIL(131, "thread-local", p->stack->p_type = PT_TLS);
    SPOIL(129, "interpreter", p->stack->p_type = PT_INTERP);
    SPOIL(133, "not allowed", p->stack->p_type = 0x70000001);
    SPOIL(133, "cut short", p->write_load->p_filesz = p->file.length);
    SPOIL(133, "cut short", p->write_load->p_offset = UINT64_MAX - 15);
    SPOIL(133, "do not fit", p->read_load->p_memsz += 1);
    SPOIL(133, "do not fit", p->write_load->p_memsz -= 1);
    SPOIL(0, "", p->write_load->p_memsz += 4096);
    SPOIL(137, "spans at most", p->write_load->p_memsz = 1ull << 40);
    SPOIL(137, "spans at most", p->write_load->p_vaddr += 1ull << 40);
    SPOIL(137, "spans at most", p->write_load->p_vaddr -= 1ull << 40);
    SPOIL(133, "alignment", p->write_load->p_align = 0);
    SPOIL(133, "alignment", p->write_load->p_align = 4097);
    SPOIL(133, "alignment", p->write_load->p_align = 1u << 30);
    SPOIL(133, "alignment", p->write_load->p_vaddr += 8);
    SPOIL(133, "overlaps", p->write_load->p_vaddr &= 4095);
    SPOIL(133, "overlaps", p->write_load->p_vaddr -= 4096);
    SPOIL(133, "nothing to load", p->header->e_phnum = 1; p->headers[0] = *p->stack);
    SPOIL(132, "GNU_RELRO",
        p->headers[p->header->e_phnum++] =
            (Elf64_Phdr){.p_type = PT_GNU_RELRO, .p_flags = PF_R, .p_vaddr = 0x100000});
    SPOIL(132, "GNU_RELRO",
        p->headers[p->header->e_phnum++] = (Elf64_Phdr){.p_type = PT_GNU_RELRO,
            .p_flags = PF_R,
            .p_vaddr = p->write_load->p_vaddr,
            .p_memsz = 1 << 20});
    SPOIL(133, "one DYNAMIC", p->dynamic_header->p_type = PT_GNU_RELRO);
    SPOIL(133, "one DYNAMIC", p->headers[p->header->e_phnum++] = *p->dynamic_header);
    SPOIL(133, "writable load", p->dynamic_header->p_vaddr = 0);
    SPOIL(133, "writable load", p->dynamic_header->p_vaddr += 4);
    SPOIL(133, "writable load", p->dynamic_header->p_offset += 16);
    SPOIL(133, "writable load", p->dynamic_header->p_filesz += 4096);
}
END_TEST

/* Turns the tag that the check needs least into another. */
#define TAG(number, fragment, tag) SPOIL(number, fragment, entry(p, DT_RELACOUNT)->d_tag = (tag))

START_TEST(tags)
{
    TAG(127, "DT_INIT:", DT_INIT);
    TAG(127, "DT_FINI:", DT_FINI);
    TAG(127, "DT_INIT_ARRAY", DT_INIT_ARRAY);
    TAG(127, "DT_FINI_ARRAY", DT_FINI_ARRAY);
    TAG(127, "DT_PREINIT_ARRAY", DT_PREINIT_ARRAY);
    TAG(129, "DT_NEEDED", DT_NEEDED);
    TAG(129, "DT_RPATH", DT_RPATH);
    TAG(129, "DT_RUNPATH", DT_RUNPATH);
    TAG(129, "DT_AUDIT", DT_AUDIT);
    TAG(129, "DT_DEPAUDIT", DT_DEPAUDIT);
    TAG(129, "DT_FILTER", DT_FILTER);
    TAG(129, "DT_AUXILIARY", DT_AUXILIARY);
    TAG(129, "DT_VERSYM", DT_VERSYM);
    TAG(129, "DT_VERNEED", DT_VERNEED);
    TAG(132, "DT_TEXTREL", DT_TEXTREL);
    TAG(132, "DT_JMPREL", DT_JMPREL);
    TAG(132, "DT_REL:", DT_REL);
    TAG(132, "DT_RELR", DT_RELR);
    TAG(132, "DT_SYMBOLIC", DT_SYMBOLIC);
    TAG(133, "dynamic tag", DT_DEBUG);
    TAG(133, "dynamic tag 0x8000000000000000", INT64_MIN);
    TAG(133, "DT_SYMENT: is there twice", DT_SYMENT);
    SPOIL(132, "DT_FLAGS", entry(p, DT_RELACOUNT)->d_un.d_val = DF_TEXTREL;
          entry(p, DT_RELACOUNT)->d_tag = DT_FLAGS);
    SPOIL(131, "DT_FLAGS", entry(p, DT_RELACOUNT)->d_un.d_val = DF_STATIC_TLS;
          entry(p, DT_RELACOUNT)->d_tag = DT_FLAGS);
    SPOIL(0, "", entry(p, DT_RELACOUNT)->d_un.d_val = DF_BIND_NOW;
          entry(p, DT_RELACOUNT)->d_tag = DT_FLAGS);
    SPOIL(132, "DT_FLAGS", entry(p, DT_RELACOUNT)->d_un.d_val = DF_1_PIE;
          entry(p, DT_RELACOUNT)->d_tag = DT_FLAGS_1);
    SPOIL(133, "has no end", p->dynamic_header->p_filesz = p->dynamic_header->p_memsz = 16);
    SPOIL(133, "DT_STRTAB: is missing", p->dynamic[0].d_tag = DT_NULL);
    SPOIL(133, "has no end", p->dynamic_header->p_filesz = p->dynamic_header->p_memsz = 0);
}
END_TEST

START_TEST(tables)
{
    SPOIL(133, "DT_STRTAB", entry(p, DT_STRTAB)->d_un.d_ptr = UINT64_MAX);
    SPOIL(133, "DT_STRTAB", entry(p, DT_STRTAB)->d_un.d_ptr = p->write_load->p_vaddr);
    SPOIL(133, "DT_STRTAB", entry(p, DT_STRSZ)->d_un.d_val = UINT64_MAX);
    SPOIL(133, "a name reaches outside", entry(p, DT_STRSZ)->d_un.d_val = 0);
    SPOIL(133, "a name reaches outside", entry(p, DT_STRSZ)->d_un.d_val = 4);
    SPOIL(133, "a name reaches outside", p->symbols[1].st_name = 0xFFFFFFFF);
    SPOIL(133, "DT_SYMTAB", entry(p, DT_SYMTAB)->d_un.d_ptr = p->read_load->p_filesz - 8);
    SPOIL(133, "DT_SYMTAB", entry(p, DT_SYMTAB)->d_un.d_ptr += 1);
    SPOIL(133, "DT_SYMTAB", entry(p, DT_SYMENT)->d_un.d_val = 8);
    SPOIL(133, "DT_SYMTAB", p->symbols[0].st_value = 1);
    SPOIL(133, "DT_HASH", entry(p, DT_HASH)->d_un.d_ptr = UINT64_MAX - 3);
    SPOIL(137, "counts 3 symbols", p->hash[1] = 3);
    SPOIL(137, "counts 4294967295 symbols", p->hash[1] = UINT32_MAX);
    SPOIL(133, "DT_HASH", p->hash[0] = 0);
    SPOIL(133, "DT_HASH", p->hash[0] = UINT32_MAX);
    SPOIL(133, "DT_HASH", p->hash[2] = 7);
    SPOIL(133, "DT_HASH", p->hash[2 + p->hash[0] + 1] = 1);
    SPOIL(133, "DT_GNU_HASH", entry(p, DT_GNU_HASH)->d_un.d_ptr = p->write_load->p_vaddr);
    SPOIL(133, "DT_GNU_HASH", p->gnu_hash[0] = 0);
    SPOIL(133, "DT_GNU_HASH", p->gnu_hash[0] = UINT32_MAX);
    SPOIL(133, "DT_GNU_HASH", p->gnu_hash[1] = 0);
    SPOIL(133, "DT_GNU_HASH", p->gnu_hash[2] = 0);
    SPOIL(133, "DT_GNU_HASH", p->gnu_hash[2] = 3);
    SPOIL(133, "DT_GNU_HASH", p->gnu_hash[2] = 1u << 31);
    SPOIL(133, "DT_GNU_HASH", p->gnu_hash[4 + 2 * p->gnu_hash[2]] = 9);
    SPOIL(133, "DT_GNU_HASH", p->gnu_hash[4 + 2 * p->gnu_hash[2] + p->gnu_hash[0]] &= ~1u);
}
END_TEST

#define KIND(type) (unsigned char)ELF64_ST_INFO(STB_GLOBAL, type)

START_TEST(symbols)
{
    SPOIL(129, "undefined", p->symbols[1].st_shndx = SHN_UNDEF);
    SPOIL(128, "indirect function", p->symbols[1].st_info = KIND(STT_GNU_IFUNC));
    SPOIL(130, "is a function", p->symbols[1].st_info = KIND(STT_FUNC));
    SPOIL(131, "thread-local", p->symbols[1].st_info = KIND(STT_TLS));
    SPOIL(133, "no global object", p->symbols[1].st_info = KIND(STT_NOTYPE));
    SPOIL(133, "no global object",
        p->symbols[1].st_info = (unsigned char)ELF64_ST_INFO(STB_WEAK, STT_OBJECT));
    SPOIL(133, "no global object", p->symbols[1].st_other = STV_HIDDEN);
    SPOIL(133, "no global object", p->symbols[1].st_shndx = SHN_ABS);
    SPOIL(133, "must be muster_connector", p->symbols[1].st_name++);
    SPOIL(138, "do not lie", p->symbols[1].st_size = 4);
    SPOIL(138, "do not lie", p->symbols[1].st_size = UINT64_MAX);
    SPOIL(138, "do not lie", p->symbols[1].st_value = UINT64_MAX - 7);
    SPOIL(138, "do not lie", p->symbols[1].st_value += 4);
}
END_TEST

#define TYPE(type) ELF64_R_INFO(0, type)
#if defined(__x86_64__)
#define WORD      R_X86_64_64
#define IRELATIVE R_X86_64_IRELATIVE
#define TLS       R_X86_64_TPOFF64
#define RELATIVE  R_X86_64_RELATIVE
#elif defined(__aarch64__)
#define WORD      R_AARCH64_ABS64
#define IRELATIVE R_AARCH64_IRELATIVE
#define TLS       R_AARCH64_TLS_TPREL
#define RELATIVE  R_AARCH64_RELATIVE
#endif

START_TEST(relocations)
{
    SPOIL(128, "indirect function", p->relocations[1].r_info = TYPE(IRELATIVE));
    SPOIL(131, "thread-local", p->relocations[1].r_info = TYPE(TLS));
    SPOIL(132, "relocation 1: type", p->relocations[1].r_info = TYPE(WORD));
    SPOIL(132, "is not RELATIVE", p->relocations[0].r_info = ELF64_R_INFO(1, RELATIVE));
    SPOIL(132, "writable data", p->relocations[0].r_offset = p->read_load->p_filesz - 8);
    SPOIL(132, "writable data", p->relocations[0].r_offset = 0);
    SPOIL(132, "writable data", p->relocations[0].r_offset = UINT64_MAX - 3);
    SPOIL(132, "writable data", p->relocations[0].r_offset += 1);
    SPOIL(132, "writable data",
        p->relocations[0].r_offset = p->write_load->p_vaddr + p->write_load->p_filesz - 4);
    /* Memory beyond the file is the loader's to clear, not a connector's to set. */
    SPOIL(132, "writable data", p->write_load->p_memsz += 4096;
          p->relocations[0].r_offset =
              (p->write_load->p_vaddr + p->write_load->p_filesz + 15) & ~7ull);
    SPOIL(132, "DYNAMIC", p->relocations[0].r_offset = p->dynamic_header->p_vaddr);
    SPOIL(132, "DYNAMIC",
        p->relocations[0].r_offset = p->dynamic_header->p_vaddr + p->dynamic_header->p_memsz - 8);
    SPOIL(132, "outside", p->relocations[0].r_addend = -1);
    SPOIL(132, "outside", p->relocations[0].r_addend = 1 << 20);
    SPOIL(132, "outside", p->relocations[0].r_addend = (int64_t)p->read_load->p_memsz);
    SPOIL(132, "fit each other", entry(p, DT_RELASZ)->d_un.d_val -= 1);
    SPOIL(132, "fit each other", entry(p, DT_RELAENT)->d_un.d_val = 16);
    SPOIL(132, "fit each other", entry(p, DT_RELACOUNT)->d_un.d_val += 1);
    SPOIL(133, "DT_RELA", entry(p, DT_RELASZ)->d_un.d_val = 24ull << 40);
    SPOIL(133, "DT_RELA", entry(p, DT_RELA)->d_un.d_ptr = p->write_load->p_vaddr);
}
END_TEST

/* Fault 133. What lies behind the last load (section headers) is not needed; everything before it
 * is. */
START_TEST(every_cut_is_refused)
{
    struct parts parts;
    struct elf_image image;
    struct refusal refusal;
    open_parts(&parts);
    size_t end = parts.write_load->p_offset + parts.write_load->p_filesz;
    for (size_t length = 0; length <= parts.file.length; length++) {
        struct span cut = {parts.file.data, length};
        bool ok = elf_check(cut, &image, &refusal);
        ck_assert_int_eq(ok, length >= end);
        ck_assert(ok || refusal.number == REFUSAL_TRUNCATED);
    }
    bytes_free(&parts.file);
}
END_TEST

/* Whatever byte is wrong, the file is refused or it is read: no third thing happens. */
START_TEST(every_byte_may_be_wrong)
{
    struct parts parts;
    struct elf_image image;
    struct refusal refusal;
    char folder[64], path[128];
    size_t accepted = 0, taken_in = 0;
    open_parts(&parts);
    (void)snprintf(path, sizeof path, "%s/a.so", case_folder(folder));
    size_t end = parts.write_load->p_offset + parts.write_load->p_filesz;
    for (size_t i = 0; i < end; i++) {
        parts.file.data[i] ^= (char)0xA5;
        if (elf_check(bytes_span(&parts.file), &image, &refusal) && accepted++ % 97 == 0) {
            struct plan *plan = NULL;
            struct fault fault = {0};
            case_write(path, bytes_span(&parts.file));
            if (intake_load(path, NULL, &plan, NULL, &fault)) {
                taken_in++;
                plan_release(plan);
            } else {
                ck_assert_msg(!strstr(fault.text, "signal"), "byte %zu: %s", i, fault.text);
            }
            ck_assert_int_eq(unlink(path), 0);
        }
        parts.file.data[i] ^= (char)0xA5;
    }
    ck_assert_uint_gt(accepted, 0);
    ck_assert_uint_gt(taken_in, 0); /* paddings, and letters of texts */
    ck_assert_int_eq(rmdir(folder), 0);
    bytes_free(&parts.file);
}
END_TEST

/* Points the connector's name to the last byte of the read-only data, which is made no NUL (fault
 * 139). */
START_TEST(a_text_without_an_end)
{
    struct parts parts;
    char folder[64], path[128];
    open_parts(&parts);
    (void)snprintf(path, sizeof path, "%s/a.so", case_folder(folder));
    uint64_t name = parts.symbols[1].st_value + offsetof(struct muster_connector, name);
    size_t end = parts.read_load->p_offset + parts.read_load->p_filesz;
    for (size_t i = 0; i < parts.relocation_count; i++)
        if (parts.relocations[i].r_offset == name)
            parts.relocations[i].r_addend =
                (int64_t)(parts.read_load->p_vaddr + parts.read_load->p_filesz - 3);
    (void)memcpy(parts.file.data + end - 3, "xyz", 3);
    case_write(path, bytes_span(&parts.file));
    case_refused(path, NULL, 139, "name: the text has no end inside the file");
    ck_assert_int_eq(unlink(path), 0);
    ck_assert_int_eq(rmdir(folder), 0);
    bytes_free(&parts.file);
}
END_TEST

CASE_MAIN("elf", header, loads, tags, tables, symbols, relocations, every_cut_is_refused,
    every_byte_may_be_wrong, a_text_without_an_end)
