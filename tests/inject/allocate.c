/* SPDX-License-Identifier: Apache-2.0 */
/* Counts, and says no. One thread. */
#include "allocate.h"

#include <errno.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#define REMEMBERED_MAX 200000 /* allocations of one count whose owner is kept */

static struct {
    bool counting, no_libraries, for_good;
    int64_t count, at;
    bool host[REMEMBERED_MAX];
} allocate;

/* A debugger stops here: gdb -ex 'break allocate_refuse' */
__attribute__((noinline)) static void *allocate_refuse(void)
{
    errno = ENOMEM;
    return NULL;
}

static bool is_refused(bool host)
{
    if (!allocate.counting || (!host && allocate.no_libraries))
        return false;
    allocate.count++;
    if (allocate.count < REMEMBERED_MAX)
        allocate.host[allocate.count] = host;
    return allocate.at > 0 &&
           (allocate.for_good ? allocate.count >= allocate.at : allocate.count == allocate.at);
}

void allocate_begin(int64_t at, bool for_good)
{
    allocate.count = 0;
    allocate.at = at;
    allocate.for_good = for_good;
    allocate.no_libraries = false;
    allocate.counting = true;
}

int64_t allocate_end(void)
{
    allocate.counting = false;
    return allocate.count;
}

int64_t allocate_count(void)
{
    return allocate.count;
}

bool allocate_was_host(int64_t at)
{
    return at < REMEMBERED_MAX && allocate.host[at];
}

void allocate_of_libraries(bool counted)
{
    allocate.no_libraries = !counted;
}

/* ------------------------------------------------------------------ the host's own ------------ */

void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *block, size_t size);
char *__wrap_strdup(const char *text);

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *block, size_t size);

#else

/* glibc's own, under the names it gives them for this purpose. */
extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *block, size_t size);
#define __real_malloc  __libc_malloc
#define __real_calloc  __libc_calloc
#define __real_realloc __libc_realloc

#endif

void *__wrap_malloc(size_t size)
{
    return is_refused(true) ? allocate_refuse() : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    return is_refused(true) ? allocate_refuse() : __real_calloc(count, size);
}

void *__wrap_realloc(void *block, size_t size)
{
    return is_refused(true) ? allocate_refuse() : __real_realloc(block, size);
}

char *__wrap_strdup(const char *text)
{
    size_t size = strlen(text) + 1;
    char *copy = __wrap_malloc(size);
    return copy ? memcpy(copy, text, size) : NULL;
}

/* ------------------------------------------------------------------ the libraries' ------------ */

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)

static sqlite3_mem_methods sqlite_own;

static void *sqlite_malloc(int size)
{
    return is_refused(false) ? allocate_refuse() : sqlite_own.xMalloc(size);
}

static void *sqlite_realloc(void *block, int size)
{
    return is_refused(false) ? allocate_refuse() : sqlite_own.xRealloc(block, size);
}

void allocate_prepare(void)
{
    if (sqlite3_config(SQLITE_CONFIG_GETMALLOC, &sqlite_own) != SQLITE_OK)
        abort();
    sqlite3_mem_methods ours = sqlite_own;
    ours.xMalloc = sqlite_malloc;
    ours.xRealloc = sqlite_realloc;
    if (sqlite3_config(SQLITE_CONFIG_MALLOC, &ours) != SQLITE_OK)
        abort();
}

#else

void *malloc(size_t size)
{
    return is_refused(false) ? allocate_refuse() : __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
    return is_refused(false) ? allocate_refuse() : __libc_calloc(count, size);
}

void *realloc(void *block, size_t size)
{
    return is_refused(false) ? allocate_refuse() : __libc_realloc(block, size);
}

void allocate_prepare(void)
{
}

#endif
