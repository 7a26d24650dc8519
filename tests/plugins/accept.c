/* SPDX-License-Identifier: Apache-2.0 */
/* Takes one file in and prints its canonical declaration, or says why not. Its own reader. */
#include <stdio.h>
#include <string.h>
#include "declaration/intake.h"

int main(int argc, char **argv)
{
    struct plan *plan = NULL;
    struct fault fault;
    if (argc == 2 && strcmp(argv[1], INTAKE_READER_ARGUMENT) == 0)
        intake_reader_main(INTAKE_READER_IMAGE, INTAKE_READER_ANSWER);
    if (argc != 2 || !intake_load(argv[1], NULL, &plan, NULL, &fault)) {
        (void)fprintf(stderr, "%s\n", argc == 2 ? fault.text : "usage: accept FILE.so");
        return 1;
    }
    (void)printf("%.*s\n", SPAN_FORMAT(plan->canonical));
    plan_release(plan);
    return 0;
}
