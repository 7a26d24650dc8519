/* SPDX-License-Identifier: Apache-2.0 */
/* Runs a fuzz target once on each file of the folders that are named, in the order of their
 * names, without libFuzzer. */
#include "fuzz.h"

#include <dirent.h>
#include <string.h>

#define SEED_MAX (1u << 20) /* bytes of one file */

/* In memory of exactly its size, so that a sanitizer sees a read behind its end. */
static int replay(const char *folder, const char *name)
{
    char path[4096];
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "rb");
    char *all = malloc(SEED_MAX);
    uint8_t *exact = NULL;
    size_t size = file && all ? fread(all, 1, SEED_MAX, file) : 0;
    int failed = !file || !all || ferror(file) || !feof(file);
    if (!failed && (exact = malloc(size ? size : 1))) {
        (void)memcpy(exact, all, size);
        (void)LLVMFuzzerTestOneInput(exact, size);
    }
    if (failed || !exact)
        (void)fprintf(stderr, "%s: cannot be read, or is larger than 1 MiB\n", path);
    free(exact);
    free(all);
    if (file)
        (void)fclose(file);
    return failed || !exact;
}

int main(int count, char **folders)
{
    int replayed = 0, failed = 0;
    for (int i = 1; i < count; i++) {
        struct dirent **entries = NULL;
        int found = scandir(folders[i], &entries, NULL, alphasort);
        for (int j = 0; j < found; j++) {
            if (entries[j]->d_name[0] != '.') {
                failed += replay(folders[i], entries[j]->d_name);
                replayed++;
            }
            free(entries[j]);
        }
        free(entries);
    }
    (void)printf("%d seeds\n", replayed);
    return failed || replayed == 0 ? EXIT_FAILURE
                                   : EXIT_SUCCESS; /* a folder without seeds tests nothing */
}
