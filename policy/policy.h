/* policy.h: what a model may see of a record, and what of its answer may leave the house.
 *
 *   record --policy_admit()--> struct policy_admitted --prompt--> model --text--> policy_release()--> struct
 *   policy_released --> store.   The two opaque structs are made only here: a prompt can be rendered only from the
 *   first, the store takes only the second, so forgetting policy does not compile.
 *
 * Admitting: consent and purpose first, then the allow-list of fields, then derived facts, then detection; each
 * found value becomes a slot ([PERSON_1], [MONEY_2]), is masked, hashed, dropped, or blocks the record. The vault
 * that maps slots back lives in locked memory inside policy_admitted and is zeroed by policy_admitted_close().
 * Releasing: output checks on the text in slots, provenance by sentence, values sealed for the store.
 *
 * Threads: struct policy is read-only and shared; admitted and released belong to one thread.
 * Errors: RC_BAD a policy file with path, line and column; RC_REFUSED policy said no (the message names the rule,
 * never a value); RC_LIMIT a bound; RC_NOMEM. */
#ifndef POLICY_POLICY_H
#define POLICY_POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "../base/buf.h"
#include "../base/clock.h"
#include "../base/crypto.h"
#include "../base/err.h"
#include "../connectors/record.h"

/* ---- the policy file ------------------------------------------------------------------------------------------- */

enum purpose { PURPOSE_SUMMARY, PURPOSE_EMAIL, PURPOSE_ENRICHMENT, N_PURPOSES };
const char *purpose_name(enum purpose p); /* "summary", "email", "enrichment" */
bool purpose_parse(const char *s, enum purpose *out);

struct policy_options {
    bool vault_best_effort; /* go on when locked memory is refused (setting vault_lock: best_effort) */
};
struct policy;
/* Load the YAML file (shape: DESIGN, etc/policy.yaml). RC_BAD "path:line:column: ...", unknown keys included. */
MUST_USE enum rc policy_open(const char *path, const struct policy_options *opt, struct policy **out, struct err *e);
void policy_close(struct policy *p);
const char *policy_hash(const struct policy *p); /* SHA-256 of the file's bytes, hex */

const char *policy_source(const struct policy *p, size_t *n); /* those bytes, borrowed: to be kept, and for signatures */
bool policy_audit_content(const struct policy *p); /* audit: {content: yes}: prompts and texts are kept in the chain, sealed */

/* A field as it comes with a record of `root`: path as an allow-list writes it ("amount", "activities.who.email"), object
 * the one that has it, entity as the mapping declares it, or NULL. Does policy need it? It needs what some purpose admits,
 * what consent, regions and four eyes rest on, what code reads to know languages and what is done, and the names and
 * addresses by which people are found in texts. A source is asked for nothing else. */
bool policy_wants_field(const struct policy *p, const char *root, const char *path, const char *object, const char *entity);

/* The i-th field that blocks a purpose (blocked_when), borrowed; false behind the last one. A source that has the object
 * must have the field, or nobody in it would ever count as opted out. */
bool policy_consent_field(const struct policy *p, size_t i, const char **object, const char **field);

/* May data of this record reach this model? With regions: in the policy file a record has the region that its first
 * mapped field says ("unknown" if none does), and a model with regions: gets data of these only. RC_REFUSED names both. */
MUST_USE enum rc policy_check_region(const struct policy *p, const char *model_path, const struct record *r, struct err *e);

/* May this model run for this purpose? RC_REFUSED names the rule and the way out. sha256 may be "". */
MUST_USE enum rc policy_check_model(const struct policy *p, const char *path, const char *licence, const char *sha256,
                                    enum purpose purpose, struct err *e);

/* May this adapter (SHA-256 of its file) stand beside the model? trained: it was trained here and is registered. RC_REFUSED
 * names the key that would allow it. */
MUST_USE enum rc policy_check_adapter(const struct policy *p, const char *path, const char *sha256, bool trained, struct err *e);

/* May any brief be used for training? RC_REFUSED the file has no training: section. */
MUST_USE enum rc policy_trains(const struct policy *p, struct err *e);
/* May an adapter be trained on what was written about this record? `edited`: a person changed the text; else one approved it
 * as it was. record NULL: what can be told without it. RC_REFUSED by which key of training:. */
MUST_USE enum rc policy_check_training(const struct policy *p, enum purpose purpose, bool edited, const char *owner,
                                       const struct record *record, struct err *e);

/* A person or key that looks: a role of the policy file and who they are in the CRM. */
struct viewer {
    const char *role;
    const char *identity; /* CRM identity of the owner field, or NULL */
    const char *team;     /* or NULL */
};
/* Of a role; the first five need the record to be in its scope. */
enum permission { MAY_SEE, MAY_APPROVE_SUMMARY, MAY_APPROVE_EMAIL, MAY_REVEAL, MAY_RUN_JOBS, MAY_ERASE, MAY_AUDIT, MAY_APPROVE_ENRICHMENT,
                  MAY_AUDIT_CONTENT };
/* owner and team are the record's; both may be NULL. 'Absent' looks like 'forbidden' to the caller's caller. */
bool policy_may(const struct policy *p, const struct viewer *v, enum permission what, const char *owner,
                const char *team);
/* The same for one record, with what the role says of sources (sources:) and objects (objects:); both may be NULL. */
struct access_to {
    const char *source, *object, *owner, *team;
};
bool policy_allows(const struct policy *p, const struct viewer *v, enum permission what, const struct access_to *to);
enum permission policy_approving(enum purpose purpose); /* MAY_APPROVE_... */
bool policy_has_role(const struct policy *p, const char *role);
/* Does the role hide (hide:) a field that is admitted for texts of this object and purpose? Which words of a text come from
 * a label such as a stage nobody can tell afterwards, so the whole text counts. One made under another policy
 * (policy_hash, hex) may rest on any field. */
bool policy_hides(const struct policy *p, const struct viewer *v, const char *object, enum purpose purpose,
                  const char *policy_hash);
/* By how many people must a text on this record be approved: 2 above the amount of approval: four_eyes_above, else 1. A
 * text that needs two is never approved by policy itself. */
unsigned policy_approvals(const struct policy *p, const struct record *r);
bool policy_auto_approves(const struct policy *p, enum purpose purpose);
bool policy_facts_slots(const struct policy *p); /* facts: slots (true) or checked */
unsigned policy_max_sentences(const struct policy *p);
int64_t policy_retention_us(const struct policy *p, const char *what); /* "briefs", "sealed_values", "audit"; 0: for ever */

/* ---- policy in -------------------------------------------------------------------------------------------------- */

struct policy_value;
struct policy_keys;
struct policy_previous { /* what of it is erased counts as unknown */
    const struct policy_value *values;
    size_t n_values;
    const struct policy_keys *keys;
};
struct policy_request {
    enum purpose purpose;
    const struct clock *clock;   /* for derived facts */
    const uint8_t *hash_key;     /* KEY_SIZE bytes: keyed input hash and hash action */
    const char *language;        /* "en", "de" or NULL: chosen by DESIGN's rule (contact's language field, newest
                                    message, account's country, policy's default) */
    const char *to_contact;      /* e-mail: contact id, or NULL for the record's primary contact */
    const char *hint;            /* a person's hint: passes policy like a field; or NULL */
    /* Is it a hash that policy_name_hashes() gave for some record of the sources? So people are found in texts whose
     * record does not hold them. NULL: only the record's own people are known. */
    bool (*name_known)(void *ctx, const uint8_t hash[SHA256_SIZE]);
    void *name_ctx;
    const char *intent, *tone;   /* e-mail; fixed words, or NULL for the defaults "follow-up", "neutral" */
    const struct policy_previous *previous; /* the values of the previous brief of this record and kind, or NULL */
};

/* Keyed hashes of the parts of the names that the record's own fields hold (entity PERSON or STAFF), not of its parents
 * and children: what policy_request's name_known is asked for. Stops at the first failure of on_hash. RC_NOMEM. */
typedef enum rc (*policy_hash_fn)(void *ctx, const uint8_t hash[SHA256_SIZE], struct err *e);
MUST_USE enum rc policy_name_hashes(const uint8_t hash_key[KEY_SIZE], const struct record *r, policy_hash_fn on_hash,
                                    void *ctx, struct err *e);

/* A dry run: what would happen to a record, rule by rule and field by field, and by which line of the policy file. No value
 * is told. RC_OK also when the record would be refused: the first entry says so. */
struct policy_explained {
    const char *record; /* "opportunity/O-023"; "" for a rule on the whole */
    const char *path;   /* as an allow-list writes it: "activities.body"; of a rule: "purposes.summary" */
    const char *action; /* "admitted", "slot", "mask", "hash", "drop", "block", "keep", "left out", "refused", "holds", "passes" */
    const char *why;    /* for people; borrowed until the callback returns */
    size_t line;        /* 0: by no line, but because nothing allows it or by default */
};
typedef enum rc (*policy_explain_fn)(void *ctx, const struct policy_explained *x, struct err *e);
MUST_USE enum rc policy_explain(const struct policy *p, const struct record *r, const struct policy_request *q,
                                policy_explain_fn on_entry, void *ctx, struct err *e);
/* The purpose's legal basis (GDPR article 6) as the file says, or NULL. */
const char *policy_legal_basis(const struct policy *p, enum purpose purpose);

/* A piece of admitted text: a stretch of data or a slot. */
struct policy_piece {
    bool slot;
    const char *bytes;
    size_t n;
};

/* The admitted record as templates see it: a tree of values, maps and lists.
 *   name, stage, amount, close_date, ...       the record's own admitted fields
 *   account.name, contact.title, owner.name    parents (maps)
 *   activities, tasks                          lists of maps, newest first
 *   facts.days_since_contact, facts.days_to_close, facts.close_overdue, facts.days_in_stage, facts.last_contact,
 *   facts.overdue_tasks, facts.opted_out ...   derived; absent when unknown
 *   facts.previous_brief, facts.new_activities, changes      what changed since the previous brief: a list of {field, was,
 *                                              now, direction, line}; the hash does not know them
 *   conflicts                                  a note and a field say different things: {field, value, said, text, kind,
 *                                              direction, date, who.full_name, outside, line}
 *   superseded                                 a later note replaces a date or offer: {topic, was, now, kind, direction,
 *                                              date, who.full_name, outside, line}
 *   brief.object, brief.purpose, brief.language, brief.intent, brief.tone, brief.today, hint
 * An absent or dropped field has no node. */
enum admitted_kind { ADMITTED_VALUE, ADMITTED_MAP, ADMITTED_LIST };
struct policy_node {
    enum admitted_kind kind;
    const char *name;                 /* member of a map: its name */
    const struct policy_piece *pieces; /* ADMITTED_VALUE */
    size_t n_pieces;
    bool outside;                     /* the text came from outside the company */
    bool told;                        /* code says it about other nodes, which are the source */
    const char *path;                 /* provenance: "activity/ACT-0007.body", "opportunity/O-023.amount" */
    const struct policy_node *first, *next; /* members or items */
    size_t count;
};

struct policy_admitted; /* made only by policy_admit() */
/* RC_REFUSED consent, purpose, a `block` action; RC_LIMIT vault full or unlockable memory (names the setting). */
MUST_USE enum rc policy_admit(const struct policy *p, const struct record *r, const struct policy_request *q,
                              struct policy_admitted **out, struct err *e);
void policy_admitted_close(struct policy_admitted *a); /* zeroes the vault */

const struct policy_node *policy_admitted_root(const struct policy_admitted *a); /* ADMITTED_MAP */
const char *policy_admitted_language(const struct policy_admitted *a);
const char *policy_admitted_owner(const struct policy_admitted *a); /* for the brief's visibility; may be NULL */
const char *policy_admitted_team(const struct policy_admitted *a);
/* Keyed SHA-256 over everything that was admitted, values included, children included. */
void policy_admitted_hash(const struct policy_admitted *a, uint8_t out[SHA256_SIZE]);
/* Every slot as it may be written, forms included: "[PERSON_1]", "[PERSON_1:first]", ... Borrowed. */
void policy_admitted_slots(const struct policy_admitted *a, const char *const **slots, size_t *n);
/* Words with an initial capital that are common in the language (en, de): for the fact lock. Borrowed, static. */
void policy_common_words(const char *language, const char *const **words, size_t *n);
/* Instruction-like text was found in these admitted texts (flag "instructions"); policy may quarantine instead. */
bool policy_admitted_suspicious(const struct policy_admitted *a);

/* ---- what a prompt shows of long texts -------------------------------------------------------------------------- */

/* A record may have more text than a model's context. It is not cut at its end: sentences are chosen, by what weighs in
 * sales (sums, dates, decisions, objections, next steps, questions), by how new their note is, and a quarter of the room is
 * kept for what weighs whatever its age, so that old facts which still hold are not lost. A sentence with a date or offer
 * that a later note replaces comes last, apart from the others; one that says the same again does not come. */
struct policy_room {
    size_t max;       /* of all that is chosen, in what cost() counts */
    size_t per_note;  /* what each note costs besides */
    size_t max_notes; /* 0: any number */
    size_t (*cost)(void *ctx, const char *text, size_t n); /* NULL: bytes */
    void *ctx;
};
struct policy_salient;
/* The texts of the record and of its lists' items, as a list of maps, newest first: `text` (the sentences chosen, in their
 * order, that hold), `old` (those that a later note replaces), `shortened` and `outside` ("yes"), `kind` (of an item its own,
 * else the field's name), `lead` ("[PERSON_1] wrote on [DATE_1]:", by code) and all that the item has. It borrows from `a`. RC_LIMIT, RC_NOMEM. */
MUST_USE enum rc policy_salient_open(const struct policy_admitted *a, const struct policy_room *room, struct policy_salient **out,
                                     struct err *e);
/* One text cut down to the room: a list of one map, `text`. */
MUST_USE enum rc policy_condense(const struct policy_admitted *a, const struct policy_node *text, const struct policy_room *room,
                                 struct policy_salient **out, struct err *e);
const struct policy_node *policy_salient_list(const struct policy_salient *s);
void policy_salient_close(struct policy_salient *s); /* NULL is a no-op */

/* A text's sentences in their order, as a step copies them (constraint_extract()): each begins with a capital and ends with
 * a stop; without the greetings and sign-offs of letters, and without what its writer wants kept private ("between us"). Of
 * more than POLICY_MAX_PASSAGES the heaviest. RC_LIMIT, RC_NOMEM. */
#define POLICY_MAX_PASSAGES 31
#define POLICY_HEAVY 3 /* a date, a number, a decision: what a reader must not miss */
struct policy_passage {
    const char *text; /* in slots */
    int weight;
};
struct policy_passages;
MUST_USE enum rc policy_passages_open(const struct policy_admitted *a, const struct policy_node *text, struct policy_passages **out,
                                      struct err *e);
const struct policy_passage *policy_passages_list(const struct policy_passages *p, size_t *n);
void policy_passages_close(struct policy_passages *p); /* NULL is a no-op */

/* What a record offers for fields that are to be its own words (enrichment): the sentences of its notes and of its next step, as
 * passages are, of at most 160 bytes, those of outsiders behind who says so ("[PERSON_1] wrote on [DATE_1]: ..."), among them those that look ahead and those that tell of trouble; the words that say what they are about; its companies. None twice. RC_LIMIT, RC_NOMEM. */
enum policy_choice { CHOICE_SENTENCES, CHOICE_STEPS, CHOICE_RISKS, CHOICE_WORDS, CHOICE_NAMES }; /* steps, risks: of the sentences */
struct policy_choices;
MUST_USE enum rc policy_choices_open(const struct policy_admitted *a, const struct policy_room *room, struct policy_choices **out,
                                     struct err *e);
const char *const *policy_choices_list(const struct policy_choices *c, enum policy_choice kind, size_t *n);
void policy_choices_close(struct policy_choices *c); /* NULL is a no-op */

/* ---- policy out ------------------------------------------------------------------------------------------------- */

struct draft { /* what the pipeline composed from the model's checked steps; all text in slots */
    const char *subject;         /* e-mail, or NULL */
    const char *body;            /* paragraphs; sentences end in . ! ? */
    const char *const *bullets;
    size_t n_bullets;
    const char *prompt;          /* what the model saw, less the instructions: for the leak check and grounding */
    const char *instructions;    /* the system parts of it, or NULL: for the leak check */
    const char *greeting_to;     /* path of the person greeted ("contact"), or NULL for no greeting and sign-off */
    const char *sender_name, *sender_title; /* sign-off; from config */
    const char *by_code;         /* what the template itself wrote of subject, body and bullets, or NULL: a sentence of it is
                                    not judged as the model's (slots, leaks, forbidden phrases and outside text are) */
    const char *house;           /* sentences that people of this house wrote in several letters, or NULL: a model that says one
                                    of them word for word is judged as the template is */
    double model_share;          /* words written by the model / all words, 0 to 1: reported, not checked */
    /* Enrichment, else NULL: `body` is one JSON document. Each of its strings is judged like a sentence, except those of
     * an enum, in whose place no other of their length would fit; one that fails becomes null or its member is left
     * out, as fields_fit allows. Does a document fit the schema? */
    bool (*fields_fit)(void *ctx, const char *json, size_t n);
    void *fields_ctx;
};

struct policy_sentence {
    const char *text;             /* in slots */
    const char *const *rests_on;  /* provenance paths */
    size_t n_rests_on;
    bool by_code;                 /* greeting, sign-off, headings: written by code, not by the model */
};
struct policy_value { /* one slot as the store keeps it */
    const char *slot;             /* "[PERSON_1]" */
    const char *subject;          /* whose key sealed it: keyed hash (hex) of a person's or the record's identity */
    uint8_t hash[SHA256_SIZE];    /* keyed hash of the normalised value, for erase */
    const uint8_t *sealed;        /* AES-256-GCM */
    size_t n_sealed;
};

/* Keys at rest. subject_key returns the subject's key, making it when `create`; RC_REFUSED: erased. */
struct policy_keys {
    enum rc (*subject_key)(void *ctx, const char *subject, bool create, uint8_t key[KEY_SIZE], struct err *e);
    void *ctx;
    const uint8_t *hash_key; /* KEY_SIZE */
};

struct policy_released; /* made only by policy_release() and policy_release_edit() */
/* Check, drop what fails (a flag says so), add greeting and sign-off, seal. RC_REFUSED: nothing usable is left, or
 * a rule forbids it; the message names the check. RC_LIMIT, RC_NOMEM; what subject_key returns. The sender becomes a
 * STAFF slot, so that no clear name is stored. Flags:
 *   machine-written   always           dropped:CHECK   sentences that a check took out (names: policy/checks.h)
 *   instructions      instruction-like text was admitted
 *   promise           a commitment of ours (discount, guarantee, legal or delivery commitment), with `promises: flag`; of a
 *                     summary also with `drop`: it tells what was promised
 *   outside           a value of enrichment rests only on text from outside. Drafts drop a sentence that does and does not
 *                     say so; a summary says so before it ("According to an incoming email: ...")
 *   shortened         more than max_sentences */
MUST_USE enum rc policy_release(const struct policy *p, const struct policy_admitted *a, const struct draft *d,
                                const struct policy_keys *keys, struct policy_released **out, struct err *e);
void policy_released_close(struct policy_released *r);

/* A person's edit of a stored brief, in clear text. */
struct policy_edit {
    const char *source, *object, *record_id; /* whose record: new values are sealed under its key */
    enum purpose purpose;
    const char *language;
    const char *subject; /* or NULL */
    const char *body;
    const char *const *bullets;
    size_t n_bullets;
    /* of the brief as it is stored */
    const struct policy_value *values;
    size_t n_values;
    const struct policy_sentence *sentences; /* one that is unchanged keeps what it rests on */
    size_t n_sentences;
    const char *to;      /* stays */
    int64_t valid_until; /* stays while a count of days is in the text */
};
/* The edit back in slots, so that it can be stored: known values in every form that policy_rehydrate() writes become
 * their slots, the longest first; what detection finds besides (names, addresses, numbers, sums, dates) becomes new
 * slots. policy_rehydrate() of the result gives the person's text, byte for byte; a slot that the person typed is one.
 * The checks that need no record warn and change nothing; flags: "edited", "promise", "warning:repetition",
 * "warning:syllables", "warning:language", "warning:tone". RC_REFUSED: a phrase that the policy forbids, which the message names, or
 * the record's key was erased. RC_BAD a stored value doesn't open; RC_LIMIT, RC_NOMEM; what subject_key returns. */
MUST_USE enum rc policy_release_edit(const struct policy *p, const struct policy_edit *d, const struct policy_keys *keys,
                                     struct policy_released **out, struct err *e);

/* What stands for a person or record in the store, as policy_value.subject: keyed hash, hex, of an identity:
 * "person:crm/contact/C-1", "record:crm/opportunity/O-23". RC_LIMIT, RC_NOMEM. */
MUST_USE enum rc policy_subject(const uint8_t hash_key[KEY_SIZE], const char *identity, char out[SHA256_HEX_SIZE],
                                struct err *e);
/* The same for somebody whom texts name and no record holds. */
MUST_USE enum rc policy_subject_named(const uint8_t hash_key[KEY_SIZE], const char *name, char out[SHA256_HEX_SIZE],
                                      struct err *e);
/* The subject under whose key what concerns this record as a whole is sealed. RC_NOMEM. */
MUST_USE enum rc policy_record_subject(const uint8_t hash_key[KEY_SIZE], const char *source, const char *object,
                                       const char *record_id, char out[SHA256_HEX_SIZE], struct err *e);

/* For `erase`: the hashes (policy_value.hash) under which a value that a person typed may be stored: as a name, an
 * e-mail address, a telephone number, or as it stands. The subjects of the values found are the people meant.
 * RC_LIMIT a value of more than 8 KiB; RC_NOMEM. */
#define POLICY_VALUE_HASHES 4
MUST_USE enum rc policy_value_hashes(const uint8_t hash_key[KEY_SIZE], const char *value,
                                     uint8_t out[POLICY_VALUE_HASHES][SHA256_SIZE], struct err *e);

const char *policy_released_subject(const struct policy_released *r); /* in slots; NULL if none */
const char *policy_released_body(const struct policy_released *r);    /* in slots, greeting and sign-off included;
                                                                         enrichment: the JSON document */
void policy_released_bullets(const struct policy_released *r, const char *const **bullets, size_t *n);
void policy_released_sentences(const struct policy_released *r, const struct policy_sentence **s, size_t *n);
void policy_released_flags(const struct policy_released *r, const char *const **flags, size_t *n);
void policy_released_values(const struct policy_released *r, const struct policy_value **v, size_t *n);
const char *policy_released_to(const struct policy_released *r); /* slot of the recipient's address, or NULL */
const char *policy_released_language(const struct policy_released *r);
/* Why sentences are missing, one line each: "body 2: grounding" (part, which of its sentences, the check). */
void policy_released_reasons(const struct policy_released *r, const char *const **reasons, size_t *n);
size_t policy_released_dropped(const struct policy_released *r); /* sentences that a check took out */
int64_t policy_released_valid_until(const struct policy_released *r); /* microseconds; 0: no date in it */

/* What the checks would take out of an answer of the model: lets the pipeline ask once more before policy_release(). */
struct policy_judged {
    const char *fault;  /* the check that the first such sentence (enrichment: string) fails, static; NULL: all pass */
    unsigned good, bad; /* sentences, strings */
};
/* d: body, prompt, instructions, house, of enrichment fields_fit as well; the rest is not looked at. */
void policy_judge(const struct policy *p, const struct policy_admitted *a, const struct draft *d, struct policy_judged *out);
/* Enrichment, asked for twice: the strings of d->body that fail, replaced by those that stand in the same place of `again`
 * and pass, as far as the document still fits; one of the two that is no JSON document counts for nothing. *text is the
 * caller's (free()). RC_BAD both are none; RC_LIMIT, RC_NOMEM. */
MUST_USE enum rc policy_fields_mend(const struct policy *p, const struct policy_admitted *a, const struct draft *d,
                                    const char *again, char **text, struct err *e);

/* Put values back: text in slots, the stored values and their keys give clear text, for a person who may reveal.
 * Sums, numbers and dates in `language`. A slot without a value stays as it is. RC_REFUSED: a key was erased: the
 * slot stays and *erased is set instead, when erased is not NULL. The result is PII: buf_wipe() it. */
MUST_USE enum rc policy_rehydrate(const struct policy_value *values, size_t n, const struct policy_keys *keys,
                                  const char *language, const char *slotted, struct buf *out, bool *erased,
                                  struct err *e);

/* The same for many texts with one set of values, which must stay: opening them takes as long as there are values, a text
 * only as long as it is. Close NULL is a no-op. */
struct policy_reveal;
MUST_USE enum rc policy_reveal_open(const struct policy_value *values, size_t n, const struct policy_keys *keys,
                                    const char *language, struct policy_reveal **out, struct err *e);
MUST_USE enum rc policy_reveal(struct policy_reveal *values, const char *slotted, struct buf *out, bool *erased,
                               struct err *e);
void policy_reveal_close(struct policy_reveal *values); /* wipes what was opened */

/* ---- redaction of plain text: briefctl redact ------------------------------------------------------------------- */

struct redact_options {
    bool all;        /* every entity, also weak ones */
    bool no_context; /* every score above 0 counts */
    const struct clock *clock; /* the day for what depends on it; NULL: today's */
};
struct redact_span { const char *entity; size_t start, end; double score; };
struct redactor;
MUST_USE enum rc redactor_open(const struct policy *p /* or NULL: all entities, slot */,
                               const struct redact_options *opt, struct redactor **out, struct err *e);
void redactor_close(struct redactor *r);
/* Redacted text appended to out; *spans (borrowed until the next call) lists every match, overlapping ones too. */
MUST_USE enum rc redactor_run(struct redactor *r, const char *text, size_t n, struct buf *out,
                              const struct redact_span **spans, size_t *n_spans, struct err *e);

/* ---- the audit chain -------------------------------------------------------------------------------------------- */

#define AUDIT_HASH_SIZE SHA256_SIZE
struct audit_entry { /* ids and hashes only */
    int64_t seq;       /* from 1 */
    int64_t at_us;
    const char *actor; /* "system", an API key's name, a user id */
    const char *event; /* "brief.made", "brief.refused", "policy.loaded", "reveal", ... */
    const char *object;  /* "crm/opportunity/O-023", a brief id, or "" */
    const char *outcome; /* "ok", "refused", ... */
    const char *detail;  /* hashes and codes as k=v words; never content */
};
/* hash = SHA-256 over the previous hash and all fields, length-prefixed; mac = HMAC(key, hash). The first entry's
 * previous hash is all zeros. */
void audit_seal(const uint8_t key[KEY_SIZE], const uint8_t prev[AUDIT_HASH_SIZE], const struct audit_entry *entry,
                uint8_t hash[AUDIT_HASH_SIZE], uint8_t mac[AUDIT_HASH_SIZE]);
/* Walks a chain: start zeroed (or at a signed base), feed each stored entry in order. RC_BAD says which entry
 * and what is wrong (changed, reordered, missing). At the end compare with the head kept beside the key. key and mac NULL:
 * whoever checks has only the public key, and signed checkpoints speak in the seals' place. */
struct audit_walk { int64_t seq; uint8_t hash[AUDIT_HASH_SIZE]; };
MUST_USE enum rc audit_walk_step(struct audit_walk *w, const uint8_t key[KEY_SIZE], const struct audit_entry *entry,
                                 const uint8_t hash[AUDIT_HASH_SIZE], const uint8_t mac[AUDIT_HASH_SIZE],
                                 struct err *e);
/* The head as kept beside the key: one line "count hash mac". */
#define AUDIT_HEAD_SIZE 256
void audit_head_format(const struct audit_walk *w, const uint8_t key[KEY_SIZE], char out[AUDIT_HEAD_SIZE]);
MUST_USE enum rc audit_head_check(const struct audit_walk *w, const uint8_t key[KEY_SIZE], const char *line,
                                  struct err *e);
/* A checkpoint: the chain as it stood after entry `seq`, signed by a key that is not in the store. Whoever has the public
 * key can check a chain up to its last checkpoint and needs no secret for it. A base says more: the entries up to seq were
 * removed by retention, and the chain begins behind them. */
struct audit_checkpoint {
    bool base;
    int64_t seq, at_us;
    uint8_t hash[AUDIT_HASH_SIZE]; /* of entry seq */
    uint8_t signature[ED25519_SIGNATURE_SIZE];
};
MUST_USE enum rc audit_checkpoint_sign(const struct ed25519_key *key, struct audit_checkpoint *c, struct err *e);
bool audit_checkpoint_valid(const uint8_t public_key[ED25519_PUBLIC_SIZE], const struct audit_checkpoint *c);
/* One line without a line feed: "briefd audit checkpoint 1 SEQ AT_US HASH SIGNATURE" ("briefd audit base 1 ..."), the last
 * two in hex. What is signed are its bytes before the last blank. parse does not check the signature; false: no such line. */
#define AUDIT_CHECKPOINT_SIZE 320
void audit_checkpoint_format(const struct audit_checkpoint *c, char out[AUDIT_CHECKPOINT_SIZE]);
bool audit_checkpoint_parse(const char *line, struct audit_checkpoint *out);

#endif
