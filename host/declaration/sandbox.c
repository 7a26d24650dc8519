/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The reader's sandbox. The filter is active during dlopen itself: mapping data needs no PROT_EXEC,
 * so that is refused from the start. What the loader or the C library might try besides gets EPERM,
 * which they take as an answer; what only foreign code would try ends the process.
 */
#include "sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <seccomp.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || \
    __has_feature(memory_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifndef SANITIZED
/* A sanitizer's shadow memory needs address space without measure, and its runtime a few more
 * calls. */
#define SANITIZED 0
#endif

#define CPU_SECONDS   4u
#define ADDRESS_BYTES (1ul << 30)
#define DATA_BYTES    (128ul << 20) /* private writable memory: heap, and the host's own data */
#define DESCRIPTORS   8u

static const int allowed[] = {
    SCMP_SYS(read),
    SCMP_SYS(pread64),
    SCMP_SYS(fstat),
    SCMP_SYS(newfstatat),
    SCMP_SYS(close),
    SCMP_SYS(lseek),
    SCMP_SYS(munmap),
    SCMP_SYS(mremap),
    SCMP_SYS(brk),
    SCMP_SYS(madvise),
    SCMP_SYS(futex),
    SCMP_SYS(getrandom),
    SCMP_SYS(rt_sigreturn),
    SCMP_SYS(rt_sigprocmask),
    SCMP_SYS(gettid),
    SCMP_SYS(getpid),
    SCMP_SYS(clock_gettime),
    SCMP_SYS(prlimit64),
    SCMP_SYS(exit),
    SCMP_SYS(exit_group),
};

/* Nothing in the loader or the C library has a reason to try these. */
static const int fatal[] = {
    SCMP_SYS(execve),
    SCMP_SYS(execveat),
    SCMP_SYS(clone),
    SCMP_SYS(clone3),
    SCMP_SYS(fork),
    SCMP_SYS(vfork),
    SCMP_SYS(socket),
    SCMP_SYS(connect),
    SCMP_SYS(ptrace),
    SCMP_SYS(process_vm_writev),
    SCMP_SYS(bpf),
    SCMP_SYS(io_uring_setup),
};

static const int for_sanitizers[] = {
    SCMP_SYS(readlink),
    SCMP_SYS(readlinkat),
    SCMP_SYS(sigaltstack),
    SCMP_SYS(sched_yield),
    SCMP_SYS(sched_getaffinity),
    SCMP_SYS(rt_sigaction),
    SCMP_SYS(getppid),
};

static bool limit(int resource, rlim_t most, struct fault *fault)
{
    const struct rlimit both = {most, most};
    return setrlimit(resource, &both) == 0 ||
           fault_system(fault, "the reader's resource limit %d cannot be set", resource);
}

static bool set_limits(struct fault *fault)
{
    if (!SANITIZED &&
        (!limit(RLIMIT_AS, ADDRESS_BYTES, fault) || !limit(RLIMIT_DATA, DATA_BYTES, fault)))
        return false;
    return limit(RLIMIT_CPU, CPU_SECONDS, fault) && limit(RLIMIT_NOFILE, DESCRIPTORS, fault) &&
           limit(RLIMIT_CORE, 0, fault) && limit(RLIMIT_FSIZE, 0, fault) &&
           limit(RLIMIT_NPROC, 0, fault) && limit(RLIMIT_MSGQUEUE, 0, fault) &&
           limit(RLIMIT_MEMLOCK, 0, fault);
}

static bool add_all(scmp_filter_ctx filter, uint32_t action, const int *calls, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (seccomp_rule_add(filter, action, calls[i], 0) != 0)
            return false;
    return true;
}

#define ADD_ALL(filter, action, calls) \
    add_all(filter, action, calls, sizeof(calls) / sizeof((calls)[0]))

/* Calls that are judged by an argument. */
static bool add_conditional(scmp_filter_ctx filter, int answer)
{
    static const int protecting[] = {SCMP_SYS(mmap), SCMP_SYS(mprotect)};
    const uint64_t more_than_reading = ~(uint64_t)(O_CLOEXEC | O_LARGEFILE);
    bool ok = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(write), 1,
                  SCMP_A0(SCMP_CMP_EQ, (uint64_t)answer)) == 0 &&
              seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(openat), 1,
                  SCMP_A2(SCMP_CMP_MASKED_EQ, more_than_reading, O_RDONLY)) == 0;
    for (size_t i = 0; ok && i < sizeof protecting / sizeof protecting[0]; i++)
        ok = seccomp_rule_add(filter, SCMP_ACT_ALLOW, protecting[i], 1,
                 SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0)) == 0 &&
             seccomp_rule_add(filter, SCMP_ACT_KILL_PROCESS, protecting[i], 1,
                 SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, PROT_EXEC)) == 0;
    return ok;
}

static bool load_filter(int answer, struct fault *fault)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
    if (!filter)
        return fault_memory(fault);
    bool ok = seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS) == 0 &&
              ADD_ALL(filter, SCMP_ACT_ALLOW, allowed) && add_conditional(filter, answer) &&
              (SANITIZED ? ADD_ALL(filter, SCMP_ACT_ALLOW, for_sanitizers)
                         : ADD_ALL(filter, SCMP_ACT_KILL_PROCESS, fatal));
    int error = ok ? seccomp_load(filter) : -EINVAL;
    seccomp_release(filter);
    if (error == 0)
        return true;
    errno = -error;
    return fault_system(
        fault, "the reader's system-call filter cannot be set; the kernel needs seccomp");
}

bool sandbox_enter(int answer, struct fault *fault)
{
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
        return fault_system(fault, "the reader cannot give up privileges");
    return set_limits(fault) && load_filter(answer, fault);
}

bool sandbox_close_files(struct fault *fault)
{
    return limit(RLIMIT_NOFILE, 0, fault);
}
