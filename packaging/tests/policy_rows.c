/* SPDX-License-Identifier: Apache-2.0 */
/* Prints the policy's table as the compiler sees it, one row a line, for documents_test.py to
 * compare the manual with. */
#include <stdio.h>

/* The source itself: the table is nobody else's affair, so no header shows it. */
#include "policy.c" /* NOLINT(bugprone-suspicious-include): that is how */

int main(void)
{
    for (size_t i = 0; i < ROW_COUNT; i++)
        if (printf("%s %s %" PRId64 " %" PRId64 " %" PRId64 "\n", rows[i].name,
                rows[i].duration ? "time" : "integer", rows[i].normal, rows[i].least,
                rows[i].most) < 0)
            return 1;
    return 0;
}
