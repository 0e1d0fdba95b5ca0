/* scan.c: see scan.h. */
#include "scan.h"

#include <stdlib.h>
#include <string.h>

#include "normalise.h"

enum rc scan_text(struct scan *s, struct detect_set *d, const struct names *names, const char *text, size_t n, struct err *e)
{
    enum rc rc = s->room ? RC_OK : names_room_open(&s->room, e);

    if (rc == RC_OK && !s->text && !(s->text = calloc(1, sizeof(*s->text)))) rc = err_set(e, RC_NOMEM, "policy: out of memory");
    if (rc == RC_OK) rc = normalise_again(text, n, DETECT_MAX_TEXT, s->text, e);
    if (rc == RC_OK) rc = detect_scan_again(d, s->text, &s->found, e);
    return rc == RC_OK ? names_scan_again(names, s->text, s->room, &s->names, &s->n_names, e) : rc;
}

void scan_forget(struct scan *s)
{
    s->found.n = s->n_names = 0;
    if (s->text) normalise_forget(s->text);
    if (s->room) names_room_forget(s->room);
}

void scan_clear(struct scan *s)
{
    if (s->text) normalise_clear(s->text);
    free(s->text);
    names_room_close(s->room);
    free(s->found.items);
    memset(s, 0, sizeof(*s));
}
