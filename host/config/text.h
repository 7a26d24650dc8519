/* SPDX-License-Identifier: Apache-2.0 */
/* The configuration's source text: one file with every @include put in its place, and where each
 * line came from. Comes before scan.h. libconfig never opens a file itself, so what was checked is
 * what is parsed. */
#ifndef MUSTER_CONFIG_TEXT_H
#define MUSTER_CONFIG_TEXT_H

#include "base/arena.h"

#define TEXT_BYTES_MAX    (16u << 20) /* all files together */
#define TEXT_FILES_MAX    256u
#define TEXT_INCLUDES_MAX 8u /* files that are open inside one another, the first one counted */

struct text_line {
    const char *file;
    unsigned line;
};

struct text {
    struct bytes bytes;
    struct text_line *lines; /* of each line in `bytes` */
    size_t line_count, line_capacity;
    size_t file_count;
    char *directory; /* of the first file, absolute: relative paths are relative to it, in included
                        files too */
    struct arena *arena;
};

/* FAULT_CONFIGURATION: "FILE:LINE: ..." for a loop, too many or too large files, NUL, text that is
 * not UTF-8, a string or comment without an end. `arena` keeps the names. */
bool text_read(
    const char *path, struct arena *arena, struct text *ret_text, struct fault *fault) MUST_CHECK;
void text_free(struct text *text);
/* Where a line of `bytes`, counted from 0, came from. */
struct text_line text_line_at(const struct text *text, size_t line);
/* The length of the comment or string that begins at `at`: 0 where neither does, SIZE_MAX where it
 * does not end. */
size_t text_skip(struct span text, size_t at);

#endif
