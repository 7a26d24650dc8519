/* SPDX-License-Identifier: Apache-2.0 */
/* Where secrets are read, and the pages that hold them. */
#include "config/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <sodium.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/ascii.h"
#include "base/descriptor.h"
#include "base/memory.h"

#define CHUNK_SIZE (16u << 10)

struct secret_chunk {
    atomic_uint
        references; /* one of the pool while it is the present one, one of each secret in it */
    size_t size, used;
    char data[];
};

struct secret_pool {
    pthread_mutex_t lock;
    struct secret_chunk *present;
};

static struct secret_chunk *chunk_create(size_t need)
{
    size_t size = sizeof(struct secret_chunk) + need;
    if (size < CHUNK_SIZE)
        size = CHUNK_SIZE;
    struct secret_chunk *chunk =
        mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (chunk == MAP_FAILED)
        return NULL;
    /* Without these two advices the pages are no place for a secret; the kernel refuses them to
     * nobody. */
    if (madvise(chunk, size, MADV_DONTDUMP) != 0 || madvise(chunk, size, MADV_DONTFORK) != 0) {
        (void)munmap(chunk, size);
        return NULL;
    }
    (void)mlock(chunk, size); /* past RLIMIT_MEMLOCK only swap is lost as a protection */
    chunk->size = size - sizeof *chunk;
    atomic_init(&chunk->references, 1);
    return chunk;
}

static void chunk_release(struct secret_chunk *chunk)
{
    if (!chunk || atomic_fetch_sub(&chunk->references, 1) != 1)
        return;
    size_t size = sizeof *chunk + chunk->size;
    sodium_memzero(chunk, size);
    (void)munmap(chunk, size); /* fails for nothing that mmap gave */
}

struct secret_pool *secret_pool_create(void)
{
    struct secret_pool *pool = memory_allocate(sizeof *pool);
    if (!pool)
        return NULL;
    if (pthread_mutex_init(&pool->lock, NULL) != 0) {
        memory_free(pool);
        return NULL;
    }
    return pool;
}

void secret_pool_free(struct secret_pool *pool)
{
    if (!pool)
        return;
    chunk_release(pool->present);
    (void)pthread_mutex_destroy(&pool->lock); /* nobody holds it */
    memory_free(pool);
}

void secret_release(struct secret *secret)
{
    if (secret->chunk) {
        char *value = secret->chunk->data + (secret->value.data - secret->chunk->data);
        sodium_memzero(value, secret->value.length);
        chunk_release(secret->chunk);
    }
    *secret = (struct secret){0};
}

/* The three kinds of reference. */

static bool read_file(const char *name, char *into, size_t *ret_length, struct fault *fault);
static bool read_environment(const char *name, char *into, size_t *ret_length, struct fault *fault);
static bool read_credential(const char *name, char *into, size_t *ret_length, struct fault *fault);
static bool check_path(const char *name);
static bool check_variable(const char *name);
static bool check_credential(const char *name);

static const struct secret_form {
    struct span prefix;
    bool (*check)(const char *name);
    /* Writes at most SECRET_BYTES_MAX + 1 bytes. */
    bool (*read)(const char *name, char *into, size_t *ret_length, struct fault *fault);
    const char *wanted;
} forms[] = {
    {{"file:", 5}, check_path, read_file, "file: needs a path"},
    {{"env:", 4}, check_variable, read_environment,
        "env: needs a variable's name of letters, digits and underscores"},
    {{"credential:", 11}, check_credential, read_credential,
        "credential: needs the name of one file, without a slash"},
};

static const struct secret_form *find_form(const char *reference)
{
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++)
        if (span_starts_with(span_of(reference), forms[i].prefix))
            return &forms[i];
    return NULL;
}

static bool check_path(const char *name)
{
    return name[0] != '\0' && strlen(name) < PATH_MAX;
}

static bool check_variable(const char *name)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_";
    return name[0] != '\0' && strchr(letters, name[0]) &&
           strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_0123456789") ==
               strlen(name);
}

static bool check_credential(const char *name)
{
    return name[0] != '\0' && name[0] != '.' && !strchr(name, '/') && strlen(name) < NAME_MAX;
}

bool secret_check(const char *reference, struct fault *fault)
{
    const struct secret_form *form = find_form(reference);
    if (!form)
        return fault_set(fault, FAULT_CONFIGURATION,
            "a secret is given by reference: file:PATH, env:NAME or credential:NAME; "
            "what stands there may be the secret itself, so remove it and replace the secret");
    if (!form->check(reference + form->prefix.length))
        return fault_set(fault, FAULT_CONFIGURATION, "%s", form->wanted);
    return true;
}

/* `forbidden` are the permission bits that the file may not have. */
static bool open_secret(
    const char *path, mode_t forbidden, int *ret_descriptor, struct fault *fault)
{
    AUTO_CLOSE descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    struct stat stat;
    if (descriptor < 0 || fstat(descriptor, &stat) != 0) {
        (void)fault_system(fault, "%s: cannot be read", path);
        fault->code = FAULT_SECRET;
        return false;
    }
    if (!S_ISREG(stat.st_mode))
        return fault_set(fault, FAULT_SECRET, "%s: not a regular file", path);
    if (stat.st_uid != 0 && stat.st_uid != geteuid())
        return fault_set(fault, FAULT_SECRET,
            "%s: belongs to user %u; it must belong to root or to the user that muster runs as",
            path, (unsigned)stat.st_uid);
    if (stat.st_mode & forbidden)
        return fault_set(fault, FAULT_SECRET,
            "%s: mode %04o lets others at it; run chmod 600, and replace the secret if they may "
            "have "
            "read it",
            path, (unsigned)stat.st_mode & 07777u);
    if (stat.st_size > (off_t)SECRET_BYTES_MAX)
        return fault_set(fault, FAULT_SECRET, "%s: has more than %u bytes", path, SECRET_BYTES_MAX);
    *ret_descriptor = descriptor_take(&descriptor);
    return true;
}

static bool read_open_file(
    const char *path, mode_t forbidden, char *into, size_t *ret_length, struct fault *fault)
{
    AUTO_CLOSE descriptor = -1;
    size_t length = 0;
    if (!open_secret(path, forbidden, &descriptor, fault))
        return false;
    while (length <= SECRET_BYTES_MAX) {
        ssize_t more = read(descriptor, into + length, SECRET_BYTES_MAX + 1 - length);
        if (more < 0 && errno == EINTR)
            continue;
        if (more < 0) {
            (void)fault_system(fault, "%s: cannot be read", path);
            fault->code = FAULT_SECRET;
            return false;
        }
        if (more == 0)
            break;
        length += (size_t)more;
    }
    *ret_length = length;
    return true;
}

static bool read_file(const char *name, char *into, size_t *ret_length, struct fault *fault)
{
    return read_open_file(name, S_IRWXG | S_IRWXO, into, ret_length, fault);
}

static bool read_credential(const char *name, char *into, size_t *ret_length, struct fault *fault)
{
    char path[PATH_MAX];
    const char *directory = getenv("CREDENTIALS_DIRECTORY");
    if (!directory || directory[0] != '/')
        return fault_set(fault, FAULT_SECRET,
            "credential:%s: there is no $CREDENTIALS_DIRECTORY; systemd sets it where the unit has "
            "LoadCredential=",
            name);
    int length = snprintf(path, sizeof path, "%s/%s", directory, name);
    if (length < 0 || (size_t)length >= sizeof path)
        return fault_set(fault, FAULT_SECRET, "credential:%s: the path is too long", name);
    /* systemd lets the unit's user in by an ACL, whose mask shows in the group's bits. */
    return read_open_file(path, S_IRWXO, into, ret_length, fault);
}

static bool read_environment(const char *name, char *into, size_t *ret_length, struct fault *fault)
{
    const char *value = getenv(name);
    if (!value)
        return fault_set(fault, FAULT_SECRET, "env:%s: there is no such variable", name);
    size_t length = strnlen(value, SECRET_BYTES_MAX + 1);
    (void)memcpy(into, value, length);
    *ret_length = length;
    return true;
}

bool secret_check_file(const char *path, struct fault *fault)
{
    AUTO_CLOSE descriptor = -1;
    return open_secret(path, S_IRWXG | S_IRWXO, &descriptor, fault);
}

static bool check_value(const char *reference, char *value, size_t *length, struct fault *fault)
{
    if (*length > SECRET_BYTES_MAX)
        return fault_set(
            fault, FAULT_SECRET, "%s: has more than %u bytes", reference, SECRET_BYTES_MAX);
    if (*length > 0 && value[*length - 1] == '\n') {
        (*length)--;
        if (*length > 0 && value[*length - 1] == '\r')
            (*length)--;
    }
    if (*length == 0)
        return fault_set(fault, FAULT_SECRET, "%s: is empty", reference);
    for (size_t i = 0; i < *length; i++)
        if (ascii_is_control(value[i]))
            return fault_set(fault, FAULT_SECRET,
                "%s: has a control character or a second line in it, at byte %zu", reference, i);
    return true;
}

/* Appends to the present chunk what is in `value`, opening a new one where it does not fit. */
static bool keep(
    struct secret_pool *pool, struct span value, struct secret *ret_secret, struct fault *fault)
{
    struct secret_chunk *chunk = pool->present;
    if (!chunk || chunk->size - chunk->used < value.length + 1) {
        chunk = chunk_create(value.length + 1);
        if (!chunk)
            return fault_memory(fault);
        chunk_release(pool->present);
        pool->present = chunk;
    }
    char *copy = chunk->data + chunk->used;
    (void)memcpy(copy, value.data, value.length);
    copy[value.length] = '\0';
    chunk->used += value.length + 1;
    atomic_fetch_add(&chunk->references, 1);
    *ret_secret = (struct secret){{copy, value.length}, chunk};
    return true;
}

/* Reads into a scratch page, lets `take` judge what is there and make of it what is kept, and keeps
 * that. */
static bool read_and_keep(struct secret_pool *pool, const char *reference,
    bool (*take)(const char *reference, char *value, size_t *length, struct fault *fault),
    struct secret *ret_secret, struct fault *fault)
{
    const struct secret_form *form = find_form(reference);
    size_t length = 0;
    if (!secret_check(reference, fault))
        return false;
    struct secret_chunk *scratch = chunk_create(SECRET_BYTES_MAX + 1);
    if (!scratch)
        return fault_memory(fault);
    bool ok = form->read(reference + form->prefix.length, scratch->data, &length, fault) &&
              take(reference, scratch->data, &length, fault);
    if (ok) {
        (void)pthread_mutex_lock(&pool->lock); /* a plain mutex that this thread does not hold */
        ok = keep(pool, (struct span){scratch->data, length}, ret_secret, fault);
        (void)pthread_mutex_unlock(&pool->lock);
    }
    chunk_release(scratch);
    return ok;
}

bool secret_read(
    struct secret_pool *pool, const char *reference, struct secret *ret_secret, struct fault *fault)
{
    return read_and_keep(pool, reference, check_value, ret_secret, fault);
}

/* Keys. */

static bool is_printable(const char *value, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if ((unsigned char)value[i] < 0x20 || (unsigned char)value[i] >= 0x7F)
            return false;
    return true;
}

/* The text form, decoded into its own place: what is decoded is shorter. */
static bool decode_key(char *value, size_t length)
{
    unsigned char key[SECRET_KEY_BYTES];
    size_t decoded = 0;
    bool ok = length == 2 * (size_t)SECRET_KEY_BYTES
                  ? sodium_hex2bin(key, sizeof key, value, length, NULL, &decoded, NULL) == 0
                  : sodium_base642bin(key, sizeof key, value, length, NULL, &decoded, NULL,
                        value[length - 1] == '=' ? sodium_base64_VARIANT_ORIGINAL
                                                 : sodium_base64_VARIANT_ORIGINAL_NO_PADDING) == 0;
    ok = ok && decoded == sizeof key;
    if (ok)
        (void)memcpy(value, key, sizeof key);
    sodium_memzero(key, sizeof key);
    return ok;
}

#define KEY_HOW "head -c 32 /dev/urandom | base64"

static bool take_key(const char *reference, char *value, size_t *length, struct fault *fault)
{
    struct fault ignored;
    size_t text_length = *length;
    if (*length == SECRET_KEY_BYTES && is_printable(value, *length))
        return fault_set(fault, FAULT_SECRET,
            "%s: is a password of 32 characters, not a key; make one: " KEY_HOW, reference);
    if (*length == SECRET_KEY_BYTES)
        return true;
    if (!check_value(reference, value, &text_length, &ignored) || !decode_key(value, text_length))
        return fault_set(fault, FAULT_SECRET,
            "%s: is no key: 32 bytes as they are, 64 hexadecimal digits, or base64; make "
            "one: " KEY_HOW,
            reference);
    *length = SECRET_KEY_BYTES;
    return true;
}

bool secret_read_key(
    struct secret_pool *pool, const char *reference, struct secret *ret_secret, struct fault *fault)
{
    return read_and_keep(pool, reference, take_key, ret_secret, fault);
}
