/* scan.h: one text read once for all that detection looks for: normalised, then patterns and names over the same bytes. */
#ifndef POLICY_SCAN_H
#define POLICY_SCAN_H

#include "detect.h"
#include "names.h"

struct scan { /* all zero at first; scan_clear() at the end */
    struct found_list found;        /* what patterns matched: as detect_scan() gives it */
    const struct name_found *names; /* as names_scan() gives them; borrowed */
    size_t n_names;
    struct normalised *text;
    struct names_room *room;
};

/* Spans are bytes of text[n]. What an older text gave is gone; its memory is used again. RC_LIMIT, RC_NOMEM. */
MUST_USE enum rc scan_text(struct scan *s, struct detect_set *d, const struct names *names, const char *text, size_t n,
                           struct err *e);
void scan_forget(struct scan *s); /* zeroes what it has of the last text, keeps the memory */
void scan_clear(struct scan *s);  /* zeroes and frees */

#endif
