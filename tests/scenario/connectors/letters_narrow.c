/* SPDX-License-Identifier: Apache-2.0 */
/* Takes for required and for a time what the application does not always give. */
#define LETTERS_WIDE 0
#include "letters.h"
