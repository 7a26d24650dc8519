/* SPDX-License-Identifier: Apache-2.0 */
/* Prints the policy's table as the compiler sees it, one row a line, for documents_test.py to
 * compare the manual with. */
#include <stdio.h>

/* The source itself: the table is nobody else's affair, so no header shows it. */
#include "policy.c" /* NOLINT(bugprone-suspicious-include): that is how */

int main(void)
{
    for (size_t i = 0; i < ROW_COUNT; i++) {
        const struct row *row = &rows[i];
        int printed = row->words ? printf("%s word %s %s %s\n", row->name, row->words[row->normal],
                                       row->words[0], row->words[row->most])
                                 : printf("%s %s %" PRId64 " %" PRId64 " %" PRId64 "\n", row->name,
                                       row->duration ? "time" : "integer", row->normal, row->least,
                                       row->most);
        if (printed < 0)
            return 1;
    }
    return 0;
}
