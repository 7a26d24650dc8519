/* SPDX-License-Identifier: Apache-2.0 */
/* Code that leaves a trace: creates the file CANARY by a bare system call, so that it needs no
 * import. If any of it runs in a host or in its reader, the tests see the file. */
#ifndef MUSTER_TESTS_CANARY_H
#define MUSTER_TESTS_CANARY_H

#include <fcntl.h>
#include <sys/syscall.h>

static inline long canary_sing(void)
{
    static const char path[] = CANARY;
    const long flags = O_CREAT | O_WRONLY, mode = 0600;
#if defined(__x86_64__)
    long result;
    register long r10 __asm__("r10") = mode;
    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(SYS_openat), "D"((long)AT_FDCWD), "S"(path), "d"(flags), "r"(r10)
                     : "rcx", "r11", "memory");
    return result;
#elif defined(__aarch64__)
    register long x0 __asm__("x0") = AT_FDCWD;
    register const char *x1 __asm__("x1") = path;
    register long x2 __asm__("x2") = flags;
    register long x3 __asm__("x3") = mode;
    register long x8 __asm__("x8") = SYS_openat;
    __asm__ volatile("svc 0" : "+r"(x0) : "r"(x1), "r"(x2), "r"(x3), "r"(x8) : "memory");
    return x0;
#else
#error "write the system call for this machine"
#endif
}

#endif
