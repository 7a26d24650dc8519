/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs a program as the unit's sandbox would let it: only the system calls that are named on
 * standard input, EPERM for all others, and no memory that is made executable after it was written.
 * usage: filtered PROGRAM [ARGUMENT...] <NAMES
 */
#include <errno.h>
#include <seccomp.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#define NAME_BYTES  64
#define NAMES_LEAST 100 /* fewer mean that the list was not expanded */

/* As MemoryDenyWriteExecute=: mprotect and mmap are allowed by their arguments. */
static int allow(scmp_filter_ctx filter, int call)
{
    if (call == SCMP_SYS(mprotect))
        return seccomp_rule_add(
            filter, SCMP_ACT_ALLOW, call, 1, SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
    if (call != SCMP_SYS(mmap))
        return seccomp_rule_add(filter, SCMP_ACT_ALLOW, call, 0);
    int code = seccomp_rule_add(
        filter, SCMP_ACT_ALLOW, call, 1, SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_WRITE, 0));
    return code ? code
                : seccomp_rule_add(filter, SCMP_ACT_ALLOW, call, 1,
                      SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_WRITE | PROT_EXEC, PROT_WRITE));
}

int main(int argc, char **argv)
{
    char name[NAME_BYTES];
    int names = 0;
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
    if (argc < 2 || !filter)
        return 125;
    while (fgets(name, sizeof name, stdin)) {
        name[strcspn(name, "\n")] = '\0';
        int call = seccomp_syscall_resolve_name(name);
        if (call == __NR_SCMP_ERROR) /* of another architecture, or newer than libseccomp */
            continue;
        int code = allow(filter, call);
        if (code != 0 &&
            code != -EDOM) { /* EDOM: a pseudo number, which this machine does not have */
            (void)fprintf(stderr, "filtered: %s: %s\n", name, strerror(-code));
            return 125;
        }
        names++;
    }
    if (names < NAMES_LEAST || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
        seccomp_load(filter) != 0) {
        (void)fprintf(stderr, "filtered: %d system calls named, no filter\n", names);
        return 125;
    }
    seccomp_release(filter);
    (void)execv(argv[1], argv + 1);
    perror(argv[1]);
    return 125;
}
