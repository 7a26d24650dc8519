/* SPDX-License-Identifier: Apache-2.0 */
/* Loads a file as a careless host would. Shows that the canary of the hostile connectors does sing
 * where code can run. */
#include <dlfcn.h>
#include <stdio.h>

int main(int argc, char **argv)
{
    void *handle = argc == 2 ? dlopen(argv[1], RTLD_NOW | RTLD_LOCAL) : NULL;
    if (!handle) {
        (void)fprintf(stderr, "%s\n", argc == 2 ? dlerror() : "usage: control FILE.so");
        return 1;
    }
    return dlclose(handle);
}
