/* SPDX-License-Identifier: Apache-2.0 */
/* Declared tests of one value (struct muster_condition), compiled once and applied to gated JSON.
 */
#ifndef MUSTER_DECLARATION_CONDITION_H
#define MUSTER_DECLARATION_CONDITION_H

#include "json/value.h"
#include "muster/connector.h"

struct condition {
    bool declared;
    struct json_pointer pointer;
    enum muster_operator op;
    struct span value; /* nothing: not given */
};

/* FAULT_DECLARATION for a pointer or operator that does not compile. */
bool condition_compile(const struct muster_condition *declared, struct arena *arena,
    struct condition *ret_condition, struct fault *fault) MUST_CHECK;
/* Whether it holds of `value`. A condition that is not declared holds never. Text is compared
 * unescaped. */
bool condition_holds(const struct condition *condition, struct span value);
/* The same for a value that was already looked up. */
bool condition_holds_of(const struct condition *condition, struct json_value found);
/* The value's text equals `text`, unescaping as it goes. */
bool json_text_equal(struct json_value value, struct span text);

#endif
