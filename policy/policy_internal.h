/* policy_internal.h: the policy file as the rest of this folder reads it. Made by policy_file.c, read-only after. */
#ifndef POLICY_POLICY_INTERNAL_H
#define POLICY_POLICY_INTERNAL_H

#include <pthread.h>
#include "../base/arena.h"
#include "detect.h"
#include "policy.h"
#include "scan.h"
#include "special.h"
#include "suspicious.h"

enum action { ACTION_KEEP, ACTION_SLOT, ACTION_MASK, ACTION_HASH, ACTION_DROP, ACTION_BLOCK };
enum special_action { SPECIAL_DROP_CLAUSE, SPECIAL_KEEP, SPECIAL_BLOCK };
enum promises { PROMISES_FLAG, PROMISES_DROP, PROMISES_KEEP };
enum scope { SCOPE_NONE, SCOPE_OWN, SCOPE_TEAM, SCOPE_ALL };

/* blocked_when: {object: contact, field: do_not_email, is: true} */
struct blocked_rule {
    const char *object, *field, *is; /* is: in the text form of a field ("true") */
    size_t line;                     /* of the policy file, here and below */
    const struct blocked_rule *next;
};

struct purpose_rules {
    const char *legal_basis; /* NULL: the purpose is not in the file, so nothing may be done for it */
    size_t line;
    const struct blocked_rule *blocked;
    const struct blocked_rule *consent; /* legal_basis consent: one of these must hold */
};

struct path_rule { /* "name", "account.name", "contact.*" */
    const char *path;
    size_t line;
    const struct path_rule *next;
};

struct object_rules {
    const char *name;
    size_t line, lines[N_PURPOSES]; /* of the object, of each of its lists (0: none) */
    const struct path_rule *paths[N_PURPOSES]; /* NULL: nothing is admitted */
    const struct object_rules *next;
};

struct entity_rule {
    const char *entity; /* as detect_entity() names it */
    enum action action;
    size_t line;
    const struct entity_rule *next;
};

struct model_rule {
    const char *path, *licence, *sha256; /* sha256 NULL: any */
    const struct word_rule *regions;     /* whose data may reach it; NULL: any */
    bool trained_adapters;               /* those that were trained and registered here may stand beside it */
    const struct word_rule *adapters;    /* ... and these, by SHA-256 */
    size_t line;
    bool purposes[N_PURPOSES];
    const struct model_rule *next;
};

struct word_rule {
    const char *text;
    const struct word_rule *next;
};

struct role_rule {
    const char *name;
    enum scope scope;
    bool approve[N_PURPOSES];
    bool reveal, jobs, erase, audit, audit_content, content;
    const struct word_rule *sources, *objects; /* only these; NULL: any */
    const struct word_rule *hide;              /* "opportunity.amount": texts that may rest on it are withheld */
    const struct role_rule *next;
};

/* regions: names: {EU: [Germany, France]}: what a record's field says for each region. */
struct region_rule {
    const char *name;
    const struct word_rule *values;
    size_t line;
    const struct region_rule *next;
};

/* training: which briefs an adapter may be trained on. */
struct training_rules {
    bool purposes[N_PURPOSES];
    bool approved, edited;
    const struct word_rule *owners;     /* CRM identities of the records' owners; NULL: all */
    const struct blocked_rule *blocked; /* wherever in the record */
    size_t line;
};

/* Compiled detection with its match scratch: for one thread at a time. */
struct scanner {
    struct detect_set *detect;
    struct special *special;
    struct suspicious *suspicious;
    struct scan scan;
    struct scanner *next;
};

struct policy {
    struct arena arena;
    char hash[SHA256_HEX_SIZE];
    const char *source; /* the file's bytes */
    size_t n_source;
    bool audit_content;
    struct policy_options options;
    struct purpose_rules purposes[N_PURPOSES];
    const struct object_rules *objects;
    bool facts_slots;
    enum action default_action;
    size_t default_line;      /* of pii: default:, 0 if it is not there */
    const struct entity_rule *entities;
    enum special_action special;
    size_t special_line;
    struct detect_own own[DETECT_MAX_OWN];
    size_t n_own;
    const struct model_rule *models;
    const struct word_rule *licences;
    const struct training_rules *training; /* NULL: no brief may be used */
    const struct word_rule *region_fields; /* "country", "account.country": the first that a record has */
    const struct region_rule *regions;
    const char *languages[2];
    size_t n_languages;
    bool informal[2]; /* by index into policy_languages */
    unsigned max_sentences;
    const struct word_rule *forbidden;
    enum promises promises;
    bool drop_unknown_words; /* a sentence with a word that neither the prompt nor a list of words has */
    bool auto_approve[N_PURPOSES];
    const char *four_eyes_field, *four_eyes_value;
    const struct role_rule *roles;
    int64_t retention_us[3]; /* briefs, sealed_values, audit */
    bool quarantine_instructions;
    /* Idle scanners: compiling one takes longer than most records, and each serves one thread at a time. */
    pthread_mutex_t idle_lock;
    struct scanner *idle;
};

extern const char *const policy_languages[2]; /* "en", "de": those that greetings, checks and lists know */
size_t policy_language_index(const char *language); /* 0 for unknown ones */

/* What to do with an entity that detect.h, names.h or the mapping names. */
enum action policy_action(const struct policy *p, const char *entity);
const struct object_rules *policy_object(const struct policy *p, const char *object); /* NULL if not listed */
/* Does the allow-list admit `path`? "contact.*" admits every field of the contact, not of its own parents. */
bool policy_admits(const struct path_rule *rules, const char *path);
/* Does it admit anything under the parent or list `name` (with the path of its owner before it)? */
bool policy_admits_under(const struct path_rule *rules, const char *path);

const char *policy_region(const struct policy *p, const struct record *r); /* its name, or "unknown" */

/* Borrow a scanner and give it back. */
MUST_USE enum rc policy_scanner_take(const struct policy *p, struct scanner **out, struct err *e);
void policy_scanner_give(const struct policy *p, struct scanner *s);

/* Parse the file into p (policy_file.c). */
MUST_USE enum rc policy_file_read(const char *path, struct policy *p, struct err *e);

#endif
