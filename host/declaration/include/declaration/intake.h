/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a file that a vendor built to a plan (DESIGN section 5): seal, check the ELF, read in a
 * sandboxed child, validate. Nothing of the file ever runs in this process, and nothing of it is
 * mapped here.
 */
#ifndef MUSTER_DECLARATION_INTAKE_H
#define MUSTER_DECLARATION_INTAKE_H

#include "declaration/plan.h"

#define INTAKE_FILE_MAX          (1u << 20) /* bytes of a connector file */
#define INTAKE_CANONICAL_MAX     (4u << 20) /* bytes of its canonical declaration */
#define INTAKE_READER_TIMEOUT_MS 5000       /* wall time of the reader child */
#define INTAKE_PROBLEMS_MAX      64u
#define INTAKE_DIRECTORY_MAX     4096u /* connector files in one directory */

struct intake_options {
    const char *host_path; /* the binary to execute anew as the reader; NULL: /proc/self/exe */
    const char *
        cache_directory; /* canonical declarations by content hash and host build; NULL: no cache */
    const char *host_build; /* text that changes with the host's build; part of the cache's key */
};

/* What was wrong with one file. `fault_number` is the number of the fault catalogue, or 0. */
struct intake_problem {
    int fault_number;
    char text[FAULT_TEXT_MAX];
};

struct intake_report {
    struct intake_problem problems[INTAKE_PROBLEMS_MAX];
    size_t count; /* 0: sound */
    bool cached;  /* the reader child was not needed */
};

/* Takes one file in. On success `ret_plan` is filled; on failure `fault` carries the first problem
 * and, where `report` is not NULL, the report all of them. */
bool intake_load(const char *path, const struct intake_options *options, struct plan **ret_plan,
    struct intake_report *report, struct fault *fault) MUST_CHECK;

/* What the host's binary does when it is executed as the reader: reads the sealed file at
 * descriptor `image`, writes the canonical declaration or one line of error to descriptor `answer`,
 * and ends the process, so that nothing of the host runs on behind it. Every main() whose binary
 * may be the reader begins with if (argc == 2 && strcmp(argv[1], INTAKE_READER_ARGUMENT) == 0)
 *         intake_reader_main(INTAKE_READER_IMAGE, INTAKE_READER_ANSWER);
 * before it does anything else. */
#define INTAKE_READER_ARGUMENT "--read-declaration"
#define INTAKE_READER_IMAGE    3
#define INTAKE_READER_ANSWER   4
int intake_reader_main(int image, int answer) __attribute__((noreturn));

/* A directory's connector files (NAME.so, regular or not; names that begin with a dot are passed
 * over), sorted by name; each is taken in by itself, so that one bad file never hides the others.
 */
struct intake_entry {
    char *path;
    struct plan *plan; /* NULL: refused */
    struct intake_report report;
};
struct intake_directory {
    struct intake_entry *entries;
    size_t count;
};
bool intake_directory(const char *directory, const struct intake_options *options,
    struct intake_directory *ret_directory, struct fault *fault) MUST_CHECK;
void intake_directory_free(struct intake_directory *directory);
/* The plan of that name, or NULL. Two files that give the same name: both are refused with a
 * problem that names the other. */
struct plan *intake_find(const struct intake_directory *directory, struct span name);

#endif
