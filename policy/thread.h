/* thread.h: e-mail threads pasted into a text: what its writer says, apart from what is quoted. */
#ifndef POLICY_THREAD_H
#define POLICY_THREAD_H

#include <stddef.h>
#include "../base/buf.h"

/* Append the writer's own lines to `own` and quoted ones ("> ...", behind "On ... wrote:", "Von: ...", "-----Original
 * Message-----") to `quoted`, without header lines, quote marks, signatures and "Sent from my ...". Both hold plain
 * lines ended by \n. A text without any of it comes out as it is. Failures stick in the buffers. */
void thread_split(const char *text, size_t n, struct buf *own, struct buf *quoted);

#endif
