/* SPDX-License-Identifier: Apache-2.0 */
/* Every byte, against its classes written out. */
#include "base/ascii.h"

#include "unit.h"

#define DIGITS "0123456789"
#define LOWER  "abcdefghijklmnopqrstuvwxyz"
#define UPPER  "ABCDEFGHIJKLMNOPQRSTUVWXYZ"

START_TEST(knows_every_byte)
{
    static const struct {
        bool (*is)(char c);
        const char *members;
    } classes[] = {{ascii_is_digit, DIGITS}, {ascii_is_lower, LOWER}, {ascii_is_upper, UPPER},
        {ascii_is_letter, LOWER UPPER}, {ascii_is_unreserved, DIGITS LOWER UPPER "-._~"},
        {ascii_is_token, DIGITS LOWER UPPER "!#$%&'*+-.^_`|~"}};
    for (int byte = 0; byte < 256; byte++) {
        char c = (char)byte;
        for (size_t i = 0; i < sizeof classes / sizeof classes[0]; i++)
            ck_assert_msg(classes[i].is(c) == (byte != 0 && strchr(classes[i].members, c)),
                "class %zu, byte %d", i, byte);
        ck_assert_msg(ascii_is_control(c) == (byte < 32 || byte == 127), "byte %d", byte);
    }
}
END_TEST

START_TEST(folds_and_reads_digits)
{
    static const char digits[] = "0123456789abcdef0123456789ABCDEF", letters[] = LOWER UPPER;
    for (int byte = 0; byte < 256; byte++) {
        char c = (char)byte;
        const char *digit = byte ? strchr(digits, c) : NULL;
        const char *letter = byte ? strchr(letters, c) : NULL;
        if (byte && !digit)
            digit = strchr(digits + 16, c);
        ck_assert_int_eq(ascii_hex_value(c), digit ? (int)(digit - digits) % 16 : -1);
        ck_assert_int_eq(ascii_lower(c), letter ? LOWER[(letter - letters) % 26] : c);
    }
}
END_TEST

UNIT_MAIN("ascii", knows_every_byte, folds_and_reads_digits)
