/* SPDX-License-Identifier: Apache-2.0 */
/* Seeds that once failed, each with what it had found. They are played with every build. */
#ifndef MUSTER_TESTS_REGRESSIONS_H
#define MUSTER_TESTS_REGRESSIONS_H

#include <stdint.h>

static const struct {
    uint64_t seed;
    const char *found;
} regressions[] = {
    {77, "true as the id of a group's member was taken for an id (56)"},
    {1755, "a tombstone listed on two pages broke the audit"},
    {2894, "likewise, beside a 401 for good"},
    {105129, "the reset of an answer that came late was dated from its receipt: a new window"},
    {117277, "likewise"},
    {119259, "likewise"},
    {202171, "likewise"},
    {205734, "likewise"},
    {100648, "a wrong total that was right by chance was taken for a proof by lies (checker)"},
    {103740, "likewise, as what it told of came while the listing was read"},
    {114134,
        "a late total ended a listing of changes too early, as is known of full ones (checker)"},
    {119539, "likewise"},
    {400010, "none left, beside a word on requests under way, was taken for no budget at all"},
    {400738, "likewise"},
    {322780, "a request lost beside the first that tells of a budget was not counted"},
    {323282, "likewise"},
    {323745, "a total told of a group that was gone at the end was held against proof (checker)"},
    {105515, "an offset listing sorted by name was proven, and an object renamed meanwhile lost"},
    {109432, "likewise"},
    {108428, "an incremental listing by offset skipped a change, and its bookmark passed it"},
    {113232, "likewise, by SCIM"},
    {406416, "likewise, by page numbers: a change that a replica hid was no news beside what the "
             "store had"},
    {520633,
        "an incremental run that said that its listing moved twice, and left its bookmark, was "
        "held to what it may lack (checker)"},
};

#endif
