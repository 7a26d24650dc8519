/* SPDX-License-Identifier: Apache-2.0 */
/* The words of drift, for the view, the metric and the books of a run. */
#ifndef MUSTER_RECORD_DRIFT_KIND_H
#define MUSTER_RECORD_DRIFT_KIND_H

enum drift_kind {
    DRIFT_NEW_PATH,
    DRIFT_TYPE_CHANGED,
    DRIFT_VANISHED_PATH,
    DRIFT_UNKNOWN_VALUE, /* fault 58 */
    DRIFT_ID_REUSED,     /* fault 79 */
    DRIFT_KINDS
};

const char *drift_kind_name(enum drift_kind kind);

/* Types of a path's values; a set of them is a mask. */
enum path_type {
    PATH_NULL,
    PATH_BOOLEAN,
    PATH_NUMBER,
    PATH_STRING,
    PATH_ARRAY,
    PATH_OBJECT,
    PATH_TYPES
};

const char *path_type_name(enum path_type type);

#endif
