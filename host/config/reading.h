/* SPDX-License-Identifier: Apache-2.0 */
/* Strict reading of parsed settings by tables of keys: every key is known, every value has its
 * type. Between the parser and settings.c, which holds the tables. */
#ifndef MUSTER_CONFIG_READING_H
#define MUSTER_CONFIG_READING_H

#include <libconfig.h>
#include "config/settings.h"
#include "scan.h"

#define READING_TEXT_MAX 4096u /* bytes of one text value */

struct reading {
    const struct text *text;
    const struct scan *scan;
    struct arena *arena; /* of what is read */
};

/* One legal key of a group and how its value is read into a member of `object`. */
struct reading_key {
    const char *name; /* first: guess.h */
    bool (*read)(const struct reading *reading, const config_setting_t *setting, void *member,
        struct fault *fault);
    size_t offset;
    bool required;
};

/* Reads all of a group. FAULT_CONFIGURATION for an unknown key (with a guess) or a required one
 * that is missing. */
bool reading_group(const struct reading *reading, const config_setting_t *group,
    const struct reading_key *keys, size_t count, void *object, struct fault *fault) MUST_CHECK;

/* FAULT_CONFIGURATION "FILE:LINE: KEY: ..."; false always. */
bool reading_refuse(const struct reading *reading, const config_setting_t *setting,
    struct fault *fault, const char *format, ...) __attribute__((format(printf, 4, 5)));
struct text_line reading_line(const struct reading *reading, const config_setting_t *setting);
/* "a text", "a group", ... for sentences about wrong types. */
const char *reading_type_name(const config_setting_t *setting);
/* Refuses a setting that is not of `type`, with an example of what is wanted. */
bool reading_expect(const struct reading *reading, const config_setting_t *setting, int type,
    const char *wanted, struct fault *fault) MUST_CHECK;

/* Values. ret_ texts live in the arena, or as long as the parsed tree where the name says borrow.
 */
bool reading_borrow_text(const struct reading *reading, const config_setting_t *setting,
    const char **ret_text, struct fault *fault) MUST_CHECK;
bool reading_integer(const struct reading *reading, const config_setting_t *setting,
    int64_t *ret_value, struct fault *fault) MUST_CHECK;
/* Text with a unit, as "15m". */
bool reading_duration(const struct reading *reading, const config_setting_t *setting,
    int64_t *ret_ms, struct fault *fault) MUST_CHECK;

/* For tables: `member` is a const char * or bool of the object. */
bool reading_text(const struct reading *reading, const config_setting_t *setting, void *member,
    struct fault *fault) MUST_CHECK;
bool reading_path(const struct reading *reading, const config_setting_t *setting, void *member,
    struct fault *fault) MUST_CHECK;
bool reading_bool(const struct reading *reading, const config_setting_t *setting, void *member,
    struct fault *fault) MUST_CHECK;
/* A secret's reference, checked; a relative file: is made absolute. */
bool reading_secret(const struct reading *reading, const config_setting_t *setting, void *member,
    struct fault *fault) MUST_CHECK;
/* A relative path made absolute, in the arena; NULL without memory. */
const char *reading_absolute(const struct reading *reading, const char *path);

#endif
