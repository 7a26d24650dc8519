/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs a command and says what it cost, as one line in a file: wall seconds, CPU seconds (user and
 * system, its waited-for children included), and the peak of its memory in KiB. Ends with the
 * command's status.
 *
 *     measure FILE COMMAND [ARGUMENT]...
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double seconds(struct timeval time)
{
    return (double)time.tv_sec + (double)time.tv_usec / 1e6;
}

static double now(void)
{
    struct timespec time = {0};
    (void)clock_gettime(CLOCK_MONOTONIC, &time); /* cannot fail for this clock */
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
    struct rusage usage;
    int status;
    if (argc < 3) {
        (void)fputs("usage: measure FILE COMMAND [ARGUMENT]...\n", stderr);
        return 2;
    }
    double began = now();
    pid_t child = fork();
    if (child == 0) {
        (void)execvp(argv[2], argv + 2);
        perror(argv[2]);
        _exit(127);
    }
    if (child < 0 || wait4(child, &status, 0, &usage) != child) {
        perror("measure");
        return EXIT_FAILURE;
    }
    double took = now() - began;
    FILE *file = fopen(argv[1], "we");
    if (!file ||
        fprintf(file, "%.3f %.3f %ld\n", took, seconds(usage.ru_utime) + seconds(usage.ru_stime),
            usage.ru_maxrss) < 0 ||
        fclose(file) != 0) {
        perror(argv[1]);
        return EXIT_FAILURE;
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
