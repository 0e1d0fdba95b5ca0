/* made_event.h: what the audit chain is told of a brief: from which record, by which rules and model, which checks spoke;
 * and with `audit: {content: yes}` in the policy the prompt and the text, in slots, sealed. */
#ifndef DAEMON_MADE_EVENT_H
#define DAEMON_MADE_EVENT_H

#include "store.h"

struct made { /* borrowed */
    const struct brief_meta *meta;
    const struct policy_released *released;
    const char *prompts;      /* what the engine got */
    unsigned asked_again;
    const char *asked_for; /* the checks that were the reason, "" if none */
    bool content;             /* keep prompt and text */
    const uint8_t *hash_key;  /* KEY_SIZE */
    const char *actor;
};

struct made_event { /* close with made_event_clear() */
    struct audit_event event;
    struct audit_content content;
    struct buf detail, text;
    const char **subjects;
    char record_subject[SHA256_HEX_SIZE];
};
/* "brief.made". RC_NOMEM, RC_LIMIT. `out` must stay where it is: its event points into it. */
MUST_USE enum rc made_event_init(const struct made *m, struct made_event *out, struct err *e);
void made_event_clear(struct made_event *m);

#endif
