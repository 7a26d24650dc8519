/* SPDX-License-Identifier: Apache-2.0 */
/* What confines the reader child. Entered before a vendor's file is mapped, and tightened once it
 * is. */
#ifndef MUSTER_DECLARATION_SANDBOX_H
#define MUSTER_DECLARATION_SANDBOX_H

#include "base/fault.h"

/* Limits, no new privileges, and a system-call filter under which the dynamic loader can map data
 * but nothing can become executable, run, connect, or be written but `answer`. False: do not go on.
 */
bool sandbox_enter(int answer, struct fault *fault) MUST_CHECK;
/* After the mapping: no descriptor can be opened any more. */
bool sandbox_close_files(struct fault *fault) MUST_CHECK;

#endif
