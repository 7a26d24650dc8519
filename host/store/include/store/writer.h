/* SPDX-License-Identifier: Apache-2.0 */
/* The one writer thread: a queue of jobs bounded in bytes, drained whole, committed together
 * (group commit). Patient jobs wait a few milliseconds for others to share their transaction; any
 * other job ends that wait. */
#ifndef MUSTER_STORE_WRITER_H
#define MUSTER_STORE_WRITER_H

#include "store/store.h"

struct writer;

/* Both are called on the writer's thread. */
struct writer_hooks {
    void (*done)(void *context, struct job *job); /* for each finished job, in order */
    /* Before that, how long the jobs taken together were with the store, their commit included.
     * NULL: nobody asks. */
    void (*took)(void *context, double seconds);
    void *context;
};

/* The store must outlive the writer. */
bool writer_start(struct store *store, const struct writer_hooks *hooks, struct writer **ret_writer,
    struct fault *fault) MUST_CHECK;
/* Never blocks, never fails, takes no memory. Ownership of the job goes to the writer until `done`.
 */
void writer_submit(struct writer *writer, struct job *job);
size_t writer_queued_bytes(const struct writer *writer); /* any thread */
void writer_stop(struct writer *writer); /* finishes what is queued, joins, frees; NULL is fine */

#endif
