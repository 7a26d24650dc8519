/* SPDX-License-Identifier: Apache-2.0 */
/* A value's type, told by its first byte. */
#ifndef MUSTER_JSON_TYPE_H
#define MUSTER_JSON_TYPE_H

#include "json/value.h"

static const uint8_t type_of_byte[256] = {['n'] = JSON_NULL,
    ['f'] = JSON_FALSE,
    ['t'] = JSON_TRUE,
    ['"'] = JSON_STRING,
    ['['] = JSON_ARRAY,
    ['{'] = JSON_OBJECT,
    ['-'] = JSON_NUMBER,
    ['0'] = JSON_NUMBER,
    ['1'] = JSON_NUMBER,
    ['2'] = JSON_NUMBER,
    ['3'] = JSON_NUMBER,
    ['4'] = JSON_NUMBER,
    ['5'] = JSON_NUMBER,
    ['6'] = JSON_NUMBER,
    ['7'] = JSON_NUMBER,
    ['8'] = JSON_NUMBER,
    ['9'] = JSON_NUMBER};

/* The value that [from, to) is: not empty, and without white space around it. */
static inline struct json_value type_value(const char *from, const char *to)
{
    return (struct json_value){
        (enum json_type)type_of_byte[(unsigned char)*from], {from, (size_t)(to - from)}};
}

#endif
