/* SPDX-License-Identifier: Apache-2.0 */
/* Reads what the application gives. */
#define LETTERS_WIDE 1
#include "letters.h"
