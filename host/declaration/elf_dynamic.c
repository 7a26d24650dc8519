/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What PT_DYNAMIC leads to: tags by allow-list, one symbol, relocations that add the load address
 * and do nothing else. All tables must lie in read-only loads, so that no relocation can change
 * them after they were checked.
 */
#include "elf_check.h"

#include <elf.h>
#include <inttypes.h>
#include <string.h>

#define SYMBOLS           2u  /* the null symbol and muster_connector */
#define SYMBOLS_SHOWN     64u /* of so many it is said what is wrong with them */
#define SYMBOL_NAME       "muster_connector"
#define SYMBOL_SIZE_LEAST 8u /* abi and size */

#if defined(__x86_64__)
#define RELOCATION_RELATIVE  R_X86_64_RELATIVE
#define RELOCATION_IRELATIVE R_X86_64_IRELATIVE
static const uint32_t tls_relocations[] = {
    R_X86_64_DTPMOD64, R_X86_64_DTPOFF64, R_X86_64_TPOFF64, R_X86_64_TLSDESC};
#elif defined(__aarch64__)
#define RELOCATION_RELATIVE  R_AARCH64_RELATIVE
#define RELOCATION_IRELATIVE R_AARCH64_IRELATIVE
static const uint32_t tls_relocations[] = {
    R_AARCH64_TLS_DTPMOD, R_AARCH64_TLS_DTPREL, R_AARCH64_TLS_TPREL, R_AARCH64_TLSDESC};
#else /* RISC-V */
#define RELOCATION_RELATIVE  R_RISCV_RELATIVE
#define RELOCATION_IRELATIVE R_RISCV_IRELATIVE
static const uint32_t tls_relocations[] = {
    R_RISCV_TLS_DTPMOD64, R_RISCV_TLS_DTPREL64, R_RISCV_TLS_TPREL64};
#endif

enum slot {
    HASH,
    GNU_HASH,
    STRTAB,
    SYMTAB,
    STRSZ,
    SYMENT,
    RELA,
    RELASZ,
    RELAENT,
    RELACOUNT,
    SONAME,
    FLAGS,
    FLAGS_1,
    SLOTS
};

static const struct allowed_tag {
    int64_t tag;
    const char *name;
} allowed_tags[SLOTS] = {
    [HASH] = {DT_HASH, "HASH"},
    [GNU_HASH] = {DT_GNU_HASH, "GNU_HASH"},
    [STRTAB] = {DT_STRTAB, "STRTAB"},
    [SYMTAB] = {DT_SYMTAB, "SYMTAB"},
    [STRSZ] = {DT_STRSZ, "STRSZ"},
    [SYMENT] = {DT_SYMENT, "SYMENT"},
    [RELA] = {DT_RELA, "RELA"},
    [RELASZ] = {DT_RELASZ, "RELASZ"},
    [RELAENT] = {DT_RELAENT, "RELAENT"},
    [RELACOUNT] = {DT_RELACOUNT, "RELACOUNT"},
    [SONAME] = {DT_SONAME, "SONAME"},
    [FLAGS] = {DT_FLAGS, "FLAGS"},
    [FLAGS_1] = {DT_FLAGS_1, "FLAGS_1"},
};

#define RUNS_CODE "would run code when it is loaded; declare constants only"
#define BRINGS_IN "would bring another file in; link with -nostdlib"
#define RELOCATES "asks for relocations that are not allowed; link with muster_add_connector()"
#define VERSIONED "asks for symbol versions; link with -nostdlib and without a version script"

/* Tags that are refused by name; any that is neither here nor above is refused by number. */
static const struct refused_tag {
    int64_t tag;
    const char *name;
    enum refusal_number number;
    const char *why;
} refused_tags[] = {
    {DT_INIT, "INIT", REFUSAL_CONSTRUCTOR, RUNS_CODE},
    {DT_FINI, "FINI", REFUSAL_CONSTRUCTOR, RUNS_CODE},
    {DT_INIT_ARRAY, "INIT_ARRAY", REFUSAL_CONSTRUCTOR, RUNS_CODE},
    {DT_FINI_ARRAY, "FINI_ARRAY", REFUSAL_CONSTRUCTOR, RUNS_CODE},
    {DT_PREINIT_ARRAY, "PREINIT_ARRAY", REFUSAL_CONSTRUCTOR, RUNS_CODE},
    {DT_NEEDED, "NEEDED", REFUSAL_NEEDED, BRINGS_IN},
    {DT_RPATH, "RPATH", REFUSAL_NEEDED, BRINGS_IN},
    {DT_RUNPATH, "RUNPATH", REFUSAL_NEEDED, BRINGS_IN},
    {DT_AUDIT, "AUDIT", REFUSAL_NEEDED, BRINGS_IN},
    {DT_DEPAUDIT, "DEPAUDIT", REFUSAL_NEEDED, BRINGS_IN},
    {DT_FILTER, "FILTER", REFUSAL_NEEDED, BRINGS_IN},
    {DT_AUXILIARY, "AUXILIARY", REFUSAL_NEEDED, BRINGS_IN},
    {DT_CONFIG, "CONFIG", REFUSAL_NEEDED, BRINGS_IN},
    {DT_VERSYM, "VERSYM", REFUSAL_NEEDED, VERSIONED},
    {DT_VERDEF, "VERDEF", REFUSAL_NEEDED, VERSIONED},
    {DT_VERNEED, "VERNEED", REFUSAL_NEEDED, VERSIONED},
    {DT_TEXTREL, "TEXTREL", REFUSAL_RELOCATION, RELOCATES},
    {DT_JMPREL, "JMPREL", REFUSAL_RELOCATION, RELOCATES},
    {DT_PLTGOT, "PLTGOT", REFUSAL_RELOCATION, RELOCATES},
    {DT_PLTRELSZ, "PLTRELSZ", REFUSAL_RELOCATION, RELOCATES},
    {DT_PLTREL, "PLTREL", REFUSAL_RELOCATION, RELOCATES},
    {DT_REL, "REL", REFUSAL_RELOCATION, RELOCATES},
    {DT_RELR, "RELR", REFUSAL_RELOCATION,
        "packs its relocations; link with -Wl,-z,nopack-relative-relocs"},
    {DT_SYMBOLIC, "SYMBOLIC", REFUSAL_RELOCATION, RELOCATES},
    {DT_TLSDESC_PLT, "TLSDESC_PLT", REFUSAL_TLS,
        "uses thread-local storage; declare constants only"},
    {DT_TLSDESC_GOT, "TLSDESC_GOT", REFUSAL_TLS,
        "uses thread-local storage; declare constants only"},
};

struct dynamic {
    struct span file;
    const struct elf_image *image;
    uint64_t value[SLOTS];
    bool set[SLOTS];
    struct refusal *refusal;
};

static int slot_of(int64_t tag)
{
    for (int i = 0; i < SLOTS; i++)
        if (allowed_tags[i].tag == tag)
            return i;
    return -1;
}

static bool refuse_tag(int64_t tag, struct refusal *refusal)
{
    for (size_t i = 0; i < sizeof refused_tags / sizeof refused_tags[0]; i++)
        if (refused_tags[i].tag == tag)
            return refusal_set(refusal, refused_tags[i].number, "DT_%s: %s", refused_tags[i].name,
                refused_tags[i].why);
    return refusal_set(refusal, REFUSAL_TRUNCATED,
        "dynamic tag %#" PRIx64 " is not allowed; link with muster_add_connector()", (uint64_t)tag);
}

static bool read_tags(struct dynamic *dynamic)
{
    const struct elf_image *image = dynamic->image;
    const struct elf_load *load = elf_file_load(image, image->dynamic_address, image->dynamic_size);
    const char *at = dynamic->file.data + load->offset + (image->dynamic_address - load->address);
    size_t count = image->dynamic_size / sizeof(Elf64_Dyn);
    for (size_t i = 0; i < count && i < ELF_DYNAMIC_MAX; i++) {
        Elf64_Dyn entry;
        (void)memcpy(&entry, at + i * sizeof entry, sizeof entry);
        if (entry.d_tag == DT_NULL)
            return true;
        int slot = slot_of(entry.d_tag);
        if (slot < 0)
            return refuse_tag(entry.d_tag, dynamic->refusal);
        if (dynamic->set[slot])
            return refusal_set(dynamic->refusal, REFUSAL_TRUNCATED, "DT_%s: is there twice",
                allowed_tags[slot].name);
        dynamic->set[slot] = true;
        dynamic->value[slot] = entry.d_un.d_val;
    }
    return refusal_set(dynamic->refusal, REFUSAL_TRUNCATED, "DYNAMIC: has no end within %u entries",
        ELF_DYNAMIC_MAX);
}

/* The bytes of a table, or NULL with a refusal. */
static const char *table_at(
    const struct dynamic *dynamic, enum slot slot, uint64_t address, uint64_t size)
{
    const struct elf_load *load = elf_file_load(dynamic->image, address, size);
    size_t unit = slot == STRTAB ? 1 : slot == HASH ? sizeof(uint32_t) : sizeof(uint64_t);
    if (load && !load->writable && address % unit == 0)
        return dynamic->file.data + load->offset + (address - load->address);
    (void)refusal_set(dynamic->refusal, REFUSAL_TRUNCATED,
        "DT_%s: %#" PRIx64 " bytes at address %#" PRIx64 " do not lie in the file's read-only data",
        allowed_tags[slot].name, size, address);
    return NULL;
}

static bool need(const struct dynamic *dynamic, enum slot slot)
{
    return dynamic->set[slot] ||
           refusal_set(dynamic->refusal, REFUSAL_TRUNCATED,
               "DT_%s: is missing; link with muster_add_connector()", allowed_tags[slot].name);
}

static uint32_t word_at(const char *table, size_t index)
{
    uint32_t word;
    (void)memcpy(&word, table + index * sizeof word, sizeof word);
    return word;
}

static bool check_symbol_kind(
    const struct dynamic *dynamic, const Elf64_Sym *symbol, const char *name)
{
    unsigned type = ELF64_ST_TYPE(symbol->st_info);
    if (symbol->st_shndx == SHN_UNDEF)
        return refusal_set(dynamic->refusal, REFUSAL_NEEDED,
            "symbol %.64s: is undefined; a connector imports nothing", name);
    if (type == STT_GNU_IFUNC)
        return refusal_set(dynamic->refusal, REFUSAL_IFUNC,
            "symbol %.64s: is an indirect function, which runs code when it is loaded; declare "
            "constants only",
            name);
    if (type == STT_TLS)
        return refusal_set(dynamic->refusal, REFUSAL_TLS,
            "symbol %.64s: is thread-local; declare constants only", name);
    if (type == STT_FUNC)
        return refusal_set(dynamic->refusal, REFUSAL_EXECUTABLE,
            "symbol %.64s: is a function; declare constants only", name);
    if (type != STT_OBJECT || ELF64_ST_BIND(symbol->st_info) != STB_GLOBAL ||
        symbol->st_shndx >= SHN_LORESERVE || ELF64_ST_VISIBILITY(symbol->st_other) != STV_DEFAULT)
        return refusal_set(dynamic->refusal, REFUSAL_TRUNCATED,
            "symbol %.64s: is no global object; declare const struct muster_connector " SYMBOL_NAME,
            name);
    return true;
}

/* More symbols than one: an import, a function or the like among them is the better reason. */
static bool refuse_count(const struct dynamic *dynamic, uint64_t count)
{
    uint64_t names_size = dynamic->value[STRSZ];
    const char *names = table_at(dynamic, STRTAB, dynamic->value[STRTAB], names_size);
    const char *table = names ? table_at(dynamic, SYMTAB, dynamic->value[SYMTAB], 0) : NULL;
    for (uint64_t i = 1; table && count <= SYMBOLS_SHOWN && i < count; i++) {
        Elf64_Sym symbol;
        if (!table_at(dynamic, SYMTAB, dynamic->value[SYMTAB], (i + 1) * sizeof symbol))
            break;
        (void)memcpy(&symbol, table + i * sizeof symbol, sizeof symbol);
        bool named = symbol.st_name < names_size && names[names_size - 1] == '\0';
        if (!check_symbol_kind(dynamic, &symbol, named ? names + symbol.st_name : "?") &&
            dynamic->refusal->number != REFUSAL_TRUNCATED)
            return false;
    }
    return refusal_set(dynamic->refusal, REFUSAL_COUNT,
        "the symbol table counts %" PRIu64 " symbols; a connector exports " SYMBOL_NAME " alone",
        count);
}

static bool bad_hash(const struct dynamic *dynamic, enum slot slot, const char *what)
{
    return refusal_set(
        dynamic->refusal, REFUSAL_TRUNCATED, "DT_%s: %s", allowed_tags[slot].name, what);
}

/* System V hash table: nbucket, nchain, buckets, chains. It says how many symbols there are. */
static bool check_hash(const struct dynamic *dynamic)
{
    uint64_t address = dynamic->value[HASH];
    const char *table = table_at(dynamic, HASH, address, 2 * sizeof(uint32_t));
    if (!table)
        return false;
    uint64_t buckets = word_at(table, 0), chains = word_at(table, 1);
    if (chains != SYMBOLS)
        return refuse_count(dynamic, chains);
    if (buckets == 0 ||
        !table_at(dynamic, HASH, address, (2 + buckets + chains) * sizeof(uint32_t)))
        return bad_hash(dynamic, HASH, "its buckets do not fit the file");
    for (uint64_t i = 0; i < buckets + chains; i++) {
        uint32_t symbol = word_at(table, 2 + i);
        /* With two symbols a chain that names itself or goes back never ends. */
        if (symbol >= SYMBOLS || (i >= buckets && symbol != 0))
            return bad_hash(dynamic, HASH, "a bucket or chain leads nowhere");
    }
    return true;
}

/* GNU hash table: nbuckets, symoffset, bloom_size, bloom_shift, bloom words, buckets, hash values.
 */
static bool check_gnu_hash(const struct dynamic *dynamic)
{
    const size_t header = 4 * sizeof(uint32_t);
    uint64_t address = dynamic->value[GNU_HASH];
    const char *table = table_at(dynamic, GNU_HASH, address, header);
    if (!table)
        return false;
    uint64_t buckets = word_at(table, 0), first = word_at(table, 1), bloom = word_at(table, 2);
    uint64_t bloom_size = bloom * sizeof(uint64_t);
    uint64_t size = header + bloom_size + (buckets + 1) * sizeof(uint32_t);
    if (buckets == 0 || bloom == 0 || (bloom & (bloom - 1)) != 0 ||
        !table_at(dynamic, GNU_HASH, address, size))
        return bad_hash(dynamic, GNU_HASH, "its buckets do not fit the file");
    if (first > SYMBOLS - 1)
        return refuse_count(
            dynamic, first); /* those before it are not exported, so they are imported */
    if (first != SYMBOLS - 1)
        return bad_hash(dynamic, GNU_HASH, "it does not count exactly one symbol, " SYMBOL_NAME);
    const char *bucket = table + header + bloom_size;
    for (uint64_t i = 0; i < buckets; i++)
        if (word_at(bucket, i) != 0 && word_at(bucket, i) != SYMBOLS - 1)
            return bad_hash(dynamic, GNU_HASH, "a bucket leads nowhere");
    /* The one hash value: its lowest bit ends the chain, so that there is exactly one symbol. */
    if ((word_at(bucket, buckets) & 1u) == 0)
        return bad_hash(dynamic, GNU_HASH, "a chain has no end");
    return true;
}

static bool check_symbols(const struct dynamic *dynamic, struct elf_image *image)
{
    Elf64_Sym symbols[SYMBOLS];
    static const Elf64_Sym null_symbol;
    const char *names = table_at(dynamic, STRTAB, dynamic->value[STRTAB], dynamic->value[STRSZ]);
    const char *table =
        names ? table_at(dynamic, SYMTAB, dynamic->value[SYMTAB], sizeof symbols) : NULL;
    size_t names_size = dynamic->value[STRSZ];
    if (!table)
        return false;
    (void)memcpy(symbols, table, sizeof symbols);
    const Elf64_Sym *symbol = &symbols[1];
    if (names_size == 0 || names[0] != '\0' || names[names_size - 1] != '\0' ||
        symbol->st_name >= names_size ||
        (dynamic->set[SONAME] && dynamic->value[SONAME] >= names_size))
        return refusal_set(
            dynamic->refusal, REFUSAL_TRUNCATED, "DT_STRTAB: a name reaches outside it");
    if (dynamic->value[SYMENT] != sizeof(Elf64_Sym) ||
        memcmp(&symbols[0], &null_symbol, sizeof null_symbol) != 0)
        return refusal_set(dynamic->refusal, REFUSAL_TRUNCATED,
            "DT_SYMTAB: does not begin as a symbol table does");
    if (!check_symbol_kind(dynamic, symbol, names + symbol->st_name))
        return false;
    if (strcmp(names + symbol->st_name, SYMBOL_NAME) != 0)
        return refusal_set(dynamic->refusal, REFUSAL_TRUNCATED,
            "symbol %.64s: the one symbol must be " SYMBOL_NAME, names + symbol->st_name);
    if (symbol->st_size < SYMBOL_SIZE_LEAST || symbol->st_value % sizeof(uint64_t) != 0 ||
        !elf_memory_load(image, symbol->st_value, symbol->st_size))
        return refusal_set(dynamic->refusal, REFUSAL_POINTER,
            "symbol " SYMBOL_NAME ": %#" PRIx64 " bytes at address %#" PRIx64
            " do not lie in the file's data",
            symbol->st_size, symbol->st_value);
    image->symbol_address = symbol->st_value;
    image->symbol_size = symbol->st_size;
    return true;
}

static bool check_relocation_type(
    const struct dynamic *dynamic, uint64_t index, const Elf64_Rela *rela)
{
    uint32_t type = ELF64_R_TYPE(rela->r_info);
    if (type == RELOCATION_RELATIVE && ELF64_R_SYM(rela->r_info) == 0)
        return true;
    if (type == RELOCATION_IRELATIVE)
        return refusal_set(dynamic->refusal, REFUSAL_IFUNC,
            "relocation %" PRIu64 ": calls an indirect function; declare constants only", index);
    for (size_t i = 0; i < sizeof tls_relocations / sizeof tls_relocations[0]; i++)
        if (type == tls_relocations[i])
            return refusal_set(dynamic->refusal, REFUSAL_TLS,
                "relocation %" PRIu64 ": is for thread-local storage; declare constants only",
                index);
    return refusal_set(dynamic->refusal, REFUSAL_RELOCATION,
        "relocation %" PRIu64 ": type %u is not RELATIVE; point at the connector's own constants "
        "only, and keep them static",
        index, type);
}

static bool check_relocation(const struct dynamic *dynamic, uint64_t index, const Elf64_Rela *rela)
{
    const struct elf_image *image = dynamic->image;
    const struct elf_load *load = elf_file_load(image, rela->r_offset, sizeof(uint64_t));
    if (!check_relocation_type(dynamic, index, rela))
        return false;
    if (!load || !load->writable || rela->r_offset % sizeof(uint64_t) != 0)
        return refusal_set(dynamic->refusal, REFUSAL_RELOCATION,
            "relocation %" PRIu64 ": address %#" PRIx64 " does not lie in the file's writable data",
            index, rela->r_offset);
    if (rela->r_offset + sizeof(uint64_t) > image->dynamic_address &&
        rela->r_offset < image->dynamic_address + image->dynamic_size)
        return refusal_set(dynamic->refusal, REFUSAL_RELOCATION,
            "relocation %" PRIu64 ": address %#" PRIx64 " changes what the loader reads (DYNAMIC)",
            index, rela->r_offset);
    if (!elf_memory_load(image, (uint64_t)rela->r_addend, 1))
        return refusal_set(dynamic->refusal, REFUSAL_RELOCATION,
            "relocation %" PRIu64 ": points to %#" PRIx64 ", outside the file's data", index,
            (uint64_t)rela->r_addend);
    return true;
}

static bool check_relocations(const struct dynamic *dynamic)
{
    if (!dynamic->set[RELA] && !dynamic->set[RELASZ])
        return true; /* a connector without a single pointer cannot say anything, but that is for
                        validation */
    uint64_t size = dynamic->value[RELASZ], count = size / sizeof(Elf64_Rela);
    if (!need(dynamic, RELA) || !need(dynamic, RELASZ) || !need(dynamic, RELAENT))
        return false;
    if (dynamic->value[RELAENT] != sizeof(Elf64_Rela) || size % sizeof(Elf64_Rela) != 0 ||
        dynamic->value[RELACOUNT] > count)
        return refusal_set(dynamic->refusal, REFUSAL_RELOCATION,
            "DT_RELA: sizes and counts do not fit each other");
    const char *table = table_at(dynamic, RELA, dynamic->value[RELA], size);
    if (!table)
        return false;
    for (uint64_t i = 0; i < count; i++) {
        Elf64_Rela rela;
        (void)memcpy(&rela, table + i * sizeof rela, sizeof rela);
        if (!check_relocation(dynamic, i, &rela))
            return false;
    }
    return true;
}

static bool check_flags(const struct dynamic *dynamic)
{
    if (dynamic->value[FLAGS] & DF_STATIC_TLS)
        return refusal_set(dynamic->refusal, REFUSAL_TLS,
            "DT_FLAGS: asks for thread-local storage; declare constants only");
    if ((dynamic->value[FLAGS] & ~(uint64_t)DF_BIND_NOW) ||
        (dynamic->value[FLAGS_1] & ~(uint64_t)DF_1_NOW))
        return refusal_set(dynamic->refusal, REFUSAL_RELOCATION,
            "DT_FLAGS: asks for more than binding now; link with muster_add_connector()");
    return true;
}

bool elf_check_dynamic(struct span file, struct elf_image *image, struct refusal *refusal)
{
    struct dynamic dynamic = {.file = file, .image = image, .refusal = refusal};
    if (!read_tags(&dynamic) || !check_flags(&dynamic) || !need(&dynamic, STRTAB) ||
        !need(&dynamic, STRSZ) || !need(&dynamic, SYMTAB) || !need(&dynamic, SYMENT))
        return false;
    if (!dynamic.set[HASH] && !dynamic.set[GNU_HASH])
        return need(&dynamic, GNU_HASH);
    if ((dynamic.set[HASH] && !check_hash(&dynamic)) ||
        (dynamic.set[GNU_HASH] && !check_gnu_hash(&dynamic)))
        return false;
    return check_symbols(&dynamic, image) && check_relocations(&dynamic);
}
