/* audit_facts.h: what the audit chain says of a period or of one brief, gathered for `audit report`. */
#ifndef DAEMON_AUDIT_FACTS_H
#define DAEMON_AUDIT_FACTS_H

#include "../base/arena.h"
#include "store.h"

struct fact { /* an entry */
    struct audit_entry entry;
    const struct fact *next;
};
struct fact_list {
    struct fact *first, **tail;
    size_t n;
};
struct fact_made { /* a brief and all that happened to it up to the end of the period */
    const char *id;
    struct audit_entry made; /* "brief.made" */
    struct fact_list events; /* about it, in order, "brief.made" left out */
};
struct fact_loaded { /* a document that was in force in the period */
    const char *what, *name, *hash;
    int64_t at_us, until_us; /* until_us 0: it still is, or was at the period's end */
};
struct audit_facts { /* clear with audit_facts_clear() */
    struct arena arena;
    struct fact_made *made; /* by time */
    size_t n_made;
    struct fact_loaded *loaded;
    size_t n_loaded;
    struct fact_list refused, other; /* other: what is neither about a brief of the period nor a document */
};

/* from_us <= time < to_us. brief: only that one, and the documents that it was made by; or NULL. RC_LIMIT more than
 * fits in 1 GiB. */
MUST_USE enum rc audit_facts_gather(struct store *s, int64_t from_us, int64_t to_us, const char *brief,
                                    struct audit_facts *out, struct err *e);
void audit_facts_clear(struct audit_facts *f);

/* The word "key=..." of an entry's detail, %XX decoded, copied into the arena; NULL if it has none. */
const char *audit_word(struct arena *a, const char *detail, const char *key);

#endif
