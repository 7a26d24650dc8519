/* SPDX-License-Identifier: Apache-2.0 */
/* Configuration text. It is read from a file whose only neighbours are this process's descriptors,
 * itself among them, so that an include leads nowhere or in a ring. A refusal names a file. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "fuzz.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "config/settings.h"

const char *__lsan_default_suppressions(void);

/* libconfig 1.5 forgets a text in hand when what follows does not parse. Only that is looked over:
 * whole settings are allocated elsewhere. */
const char *__lsan_default_suppressions(void)
{
    return "leak:strbuf_append\nleak:libconfig_yylex";
}

static void check(const struct settings *settings)
{
    FUZZ_CHECK(settings->store_path && settings->store_path[0] == '/');
    FUZZ_CHECK(settings->connectors_directory && settings->connectors_directory[0] == '/');
    FUZZ_CHECK(settings->connection_count <= SETTINGS_CONNECTIONS_MAX);
    for (size_t i = 0; i < settings->connection_count; i++) {
        const struct connection_settings *connection = &settings->connections[i];
        FUZZ_CHECK(connection->name && connection->name[0] && connection->connector);
        FUZZ_CHECK(strlen(connection->name) <= 64 && connection->every_ms >= 0);
        for (size_t before = 0; before < i; before++)
            FUZZ_CHECK(strcmp(settings->connections[before].name, connection->name) != 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char path[64];
    struct settings *settings = NULL;
    struct fault fault = {0};
    int file = memfd_create("settings", MFD_CLOEXEC);
    FUZZ_CHECK(file >= 0);
    FUZZ_CHECK(write(file, data, size) == (ssize_t)size);
    (void)snprintf(path, sizeof path, "/proc/self/fd/%d", file);
    if (settings_read(path, &settings, &fault))
        check(settings);
    else
        FUZZ_CHECK(!settings && fault.code == FAULT_CONFIGURATION && fault.text[0] == '/');
    settings_free(settings);
    FUZZ_CHECK(close(file) == 0);
    return 0;
}
