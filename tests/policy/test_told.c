/* What code tells about notes, and which of their sentences a prompt shows, through policy.h: tests/data/told holds records
 * written by hand and what is expected of each, told here for values in clear and in slots. What changed since the previous
 * brief: records of this file. Today is 2026-11-20. */
#include "policies.h"
#include <time.h>
#include "../../base/str.h"
#include "../../policy/policy.h"

#define FIELDS "[name, stage, status, amount, close_date, next_step, notes, owner.name, activities.*]"
#define POLICY(more)                                                                                                   \
    "version: 1\n"                                                                                                     \
    "purposes: {summary: {legal_basis: legitimate_interest}}\n"                                                        \
    "objects: {opportunity: {summary: " FIELDS "}}\n"                                                                  \
    "models: [{path: m.gguf, licence: MIT, purposes: [summary]}]\n"                                                    \
    "licences: {allow: [MIT]}\noutput: {languages: [en, de], max_sentences: 12}\n" more
#define IN_CLEAR POLICY("facts: checked\npii: {default: keep}\n")
#define IN_SLOTS POLICY("facts: slots\n")

static const uint8_t hash_key[KEY_SIZE] = {7};

static void add(struct record *r, const char *name, enum field_type type, enum field_origin origin, const char *text, const char *currency)
{
    struct field_spec spec = {.name = name, .type = type, .origin = origin};
    struct err e = {""};
    if (record_add(r, &spec, text, strlen(text), currency, &e) != RC_OK) ck_abort_msg("%s: %s", name, e.msg);
}

static struct policy_admitted *admit(const struct policy *p, const struct record *r, const char *language, const struct policy_previous *previous)
{
    struct clock clock;
    struct policy_request q = {.purpose = PURPOSE_SUMMARY, .clock = &clock, .hash_key = hash_key, .language = language, .previous = previous};
    struct policy_admitted *a = NULL;
    struct err e = {""};
    ck_assert_int_eq(clock_init(&clock, "2026-11-20", NULL), RC_OK);
    if (policy_admit(p, r, &q, &a, &e) != RC_OK) ck_abort_msg("%s", e.msg);
    return a;
}

/* Text of a member, "" if there is none; good until the eighth call after. */
static const char *text_of(const struct policy_node *map, const char *name)
{
    static struct buf b[8];
    static size_t turn;
    const struct policy_node *m = member(map, name);
    struct buf *out = &b[turn++ % 8];
    if (!out->max) buf_init(out, 1 << 20);
    buf_reset(out);
    buf_str(out, "");
    for (size_t i = 0; m && i < m->n_pieces; i++) buf_add(out, m->pieces[i].bytes, m->pieces[i].n);
    return out->len ? out->data : "";
}

/* ---- records by hand -------------------------------------------------------------------------------------------- */

#define MAX_LINES 400

struct told { /* one record of a file, on its way */
    char *text; /* the file's */
    const char *name, *language;
    char *lines[MAX_LINES]; /* what is expected */
    size_t n_lines, n_activities;
    struct record *record;
};

/* The next line with those that go on with it; lines of the file, in place. */
static char *next_line(char **at)
{
    char *line = *at;
    if (!*line) return NULL;
    char *end = line + strcspn(line, "\n"), *to = end;
    while (*end == '\n' && end[1] == ' ' && end[2] == ' ') {
        char *from = end + 2, *stop = from + strcspn(from, "\n");
        *to++ = ' ';
        memmove(to, from, (size_t)(stop - from));
        to += stop - from;
        end = stop;
    }
    *at = *end ? end + 1 : end;
    *to = '\0';
    return line;
}

static char *word(char **line)
{
    char *w = strsep(line, " ");
    if (!w) ck_abort_msg("a word is missing");
    return w;
}

static void read_field(struct told *t, char *line)
{
    char *type = word(&line), *name = word(&line);
    if (str_eq(type, "text")) add(t->record, name, FIELD_TEXT, ORIGIN_INSIDE, line, NULL);
    else if (str_eq(type, "enum")) add(t->record, name, FIELD_ENUM, ORIGIN_INSIDE, line, NULL);
    else if (str_eq(type, "date")) add(t->record, name, FIELD_DATE, ORIGIN_INSIDE, line, NULL);
    else add(t->record, name, FIELD_MONEY, ORIGIN_INSIDE, line, type);
}

static void read_note(struct told *t, char *line)
{
    char id[32], *date = word(&line), *kind = word(&line);
    bool outside = str_starts(line, "outside");
    struct record *x;
    snprintf(id, sizeof(id), "ACT-%zu", ++t->n_activities);
    ck_assert_int_eq(record_open_in(t->record, "crm", "activity", id, &x, NULL), RC_OK);
    add(x, "kind", FIELD_ENUM, ORIGIN_INSIDE, kind, NULL);
    if (!str_eq(date, "-")) add(x, "date", FIELD_DATE, ORIGIN_INSIDE, date, NULL);
    line = strchr(line, ' ');
    ck_assert_ptr_nonnull(line);
    add(x, "body", FIELD_TEXT, outside ? ORIGIN_OUTSIDE : ORIGIN_INSIDE, line + 1, NULL);
    ck_assert_int_eq(record_add_child(t->record, "activities", x, NULL), RC_OK);
}

static char *file_text(const char *name)
{
    char path[1024];
    const char *root = getenv("BRIEFD_TEST_SOURCE");
    struct buf b;
    int c;
    snprintf(path, sizeof(path), "%s/tests/data/told/%s", root ? root : ".", name);
    FILE *f = fopen(path, "r");
    if (!f) ck_abort_msg("%s cannot be opened", path);
    buf_init(&b, 1 << 20);
    while ((c = fgetc(f)) != EOF) buf_char(&b, (char)c);
    fclose(f);
    return buf_take(&b, NULL);
}

/* Reads the record at *at; false at the end of the file. */
static bool read_told(struct told *t, char **at)
{
    *t = (struct told){0};
    while (**at == '\n') (*at)++;
    if (!**at) return false;
    ck_assert_int_eq(record_open("crm", "opportunity", "O-1", &t->record, NULL), RC_OK);
    add(t->record, "name", FIELD_TEXT, ORIGIN_INSIDE, "Line", NULL);
    while (**at && **at != '\n') {
        char *line = next_line(at), *what = word(&line);
        if (str_eq(what, "record")) t->name = word(&line), t->language = word(&line);
        else if (str_eq(what, "field")) read_field(t, line);
        else if (str_eq(what, "note")) read_note(t, line);
        else {
            line[-1] = ' '; /* whole again */
            ck_assert_uint_lt(t->n_lines, MAX_LINES);
            t->lines[t->n_lines++] = what;
        }
    }
    return true;
}

static size_t count(const struct told *t, const char *prefix)
{
    size_t n = 0;
    for (size_t i = 0; i < t->n_lines; i++) n += str_starts(t->lines[i], prefix);
    return n;
}

static bool has_line(const struct told *t, const char *line)
{
    for (size_t i = 0; i < t->n_lines; i++)
        if (str_eq(t->lines[i], line)) return true;
    return false;
}

/* The n-th such line is "PREFIX ..." with these words. */
static void check_lists(const struct told *t, const struct policy_admitted *a, bool clear)
{
    static const char *const lists[][4] = {{"conflicts", "conflict ", "field", "said"}, {"superseded", "superseded ", "topic", "was"}};
    const struct policy_node *root = policy_admitted_root(a);
    for (size_t k = 0; k < COUNT_OF(lists); k++) {
        const struct policy_node *list = member(root, lists[k][0]), *item = list ? list->first : NULL;
        char none[32];
        snprintf(none, sizeof(none), "no %.*s", (int)strcspn(lists[k][1], " "), lists[k][1]);
        if (!count(t, lists[k][1]) && !has_line(t, k ? "no superseded" : "no conflict")) continue;
        ck_assert_msg((list ? list->count : 0) == count(t, lists[k][1]), "%s: %zu %s instead of %zu%s%s", t->name, list ? list->count : 0, lists[k][0],
                      count(t, lists[k][1]), item ? ": " : "", item ? text_of(item, "line") : "");
        for (size_t i = 0; i < t->n_lines && item; i++) {
            char got[300];
            if (!str_starts(t->lines[i], lists[k][1])) continue;
            snprintf(got, sizeof(got), "%s%s %s%s%s", lists[k][1], text_of(item, lists[k][2]), text_of(item, lists[k][3]), k ? " " : "",
                     k ? text_of(item, "now") : "");
            if (clear) ck_assert_msg(str_eq(got, t->lines[i]), "%s: '%s' instead of '%s'", t->name, got, t->lines[i]);
            ck_assert_msg(strstr(text_of(item, "line"), text_of(item, lists[k][3])), "%s: %s", t->name, text_of(item, "line"));
            item = item->next;
        }
    }
}

/* All that the list holds, its texts or its old ones. */
static char *all_of(const struct policy_node *list, const char *name, size_t *bytes)
{
    struct buf b;
    buf_init(&b, 1 << 20);
    buf_str(&b, "");
    for (const struct policy_node *item = list->first; item; item = item->next) {
        const char *text = text_of(item, name);
        *bytes += strlen(text);
        if (*text) buf_printf(&b, "%s\n", text);
    }
    char *all = buf_take(&b, NULL);
    return all ? all : strdup("");
}

static void check_salient(const struct told *t, const struct policy_admitted *a)
{
    struct policy_salient *s = NULL;
    struct policy_room room = {0};
    char *text = NULL, *old = NULL;
    for (size_t i = 0; i < t->n_lines; i++) {
        const char *line = t->lines[i];
        if (str_starts(line, "room ")) {
            size_t bytes = 0;
            policy_salient_close(s);
            free(text);
            free(old);
            s = NULL;
            room.max = (size_t)atoi(line + 5);
            ck_assert_int_eq(policy_salient_open(a, &room, &s, NULL), RC_OK);
            text = all_of(policy_salient_list(s), "text", &bytes);
            old = all_of(policy_salient_list(s), "old", &bytes);
            ck_assert_msg(bytes <= room.max, "%s: %zu bytes in %zu", t->name, bytes, room.max);
        }
        if (line[0] == '+') ck_assert_msg(strstr(text, line + 2), "%s: room %zu: '%s' is missing:\n%s", t->name, room.max, line + 2, text);
        if (line[0] == '-') ck_assert_msg(!strstr(text, line + 2) && !strstr(old, line + 2), "%s: room %zu: %s\n%s", t->name, room.max, line + 2, text);
        if (line[0] == '~') ck_assert_msg(strstr(old, line + 2) && !strstr(text, line + 2), "%s: not old: %s\n%s", t->name, line + 2, text);
    }
    policy_salient_close(s);
    free(text);
    free(old);
}

static void check_file(const char *name, size_t least)
{
    struct policy *clear = policy_of(IN_CLEAR), *slots = policy_of(IN_SLOTS);
    char *text = file_text(name), *at = text;
    struct told t;
    size_t n = 0;
    for (; read_told(&t, &at); n++) {
        struct policy_admitted *a = admit(clear, t.record, t.language, NULL), *b = admit(slots, t.record, t.language, NULL);
        ck_assert_msg(t.n_lines > 0, "%s expects nothing", t.name);
        check_lists(&t, a, true);
        check_lists(&t, b, false);
        check_salient(&t, a);
        check_salient(&t, b);
        policy_admitted_close(b);
        policy_admitted_close(a);
        record_close(t.record);
    }
    ck_assert_uint_ge(n, least);
    free(text);
    policy_close(slots);
    policy_close(clear);
}

START_TEST(notes_and_fields)
{
    check_file("deals.txt", 20);
}
END_TEST

START_TEST(a_record_of_thirty_activities)
{
    check_file("long.txt", 1);
}
END_TEST

/* ---- who did what ----------------------------------------------------------------------------------------------- */

static void talk(struct record *r, const char *id, const char *kind, const char *direction, const char *body)
{
    struct record *x;
    ck_assert_int_eq(record_open_in(r, "crm", "activity", id, &x, NULL), RC_OK);
    add(x, "kind", FIELD_ENUM, ORIGIN_INSIDE, kind, NULL);
    add(x, "direction", FIELD_ENUM, ORIGIN_INSIDE, direction, NULL);
    add(x, "body", FIELD_TEXT, ORIGIN_INSIDE, body, NULL);
    ck_assert_int_eq(record_add_child(r, "activities", x, NULL), RC_OK);
}

/* Nobody has answered our mails until somebody has. */
START_TEST(answers_that_nobody_gave)
{
    static const struct {
        const char *kind, *direction, *body; /* of one more activity */
        const char *sentence, *fault;
    } cases[] = {
        {"email", "outbound", "Sent the data sheet.", "The customer replied.", "contradiction"},
        {"email", "outbound", "Sent the data sheet.", "The customer has not replied yet.", NULL},
        {"note", "internal", "Nothing heard so far.", "The customer wrote a note.", "contradiction"},
        {"note", "internal", "The customer replied on paper.", "The customer replied.", NULL},
        {"email", "inbound", "Thanks for the data sheet.", "The customer replied.", NULL},
        {"call", "outbound", "Spoke about the data sheet.", "The customer answered.", NULL},
    };
    struct policy *p = policy_of(IN_SLOTS);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct record *r;
        struct policy_judged judged;
        ck_assert_int_eq(record_open("crm", "opportunity", "O-1", &r, NULL), RC_OK);
        add(r, "name", FIELD_TEXT, ORIGIN_INSIDE, "Line", NULL);
        talk(r, "ACT-1", "email", "outbound", "Here is the offer.");
        talk(r, "ACT-2", cases[i].kind, cases[i].direction, cases[i].body);
        struct policy_admitted *a = admit(p, r, "en", NULL);
        struct draft d = {.body = cases[i].sentence, .prompt = "Line. The customer replied, wrote, answered a note, not yet."};
        policy_judge(p, a, &d, &judged);
        ck_assert_msg(str_eq(judged.fault, cases[i].fault), "%zu %s: %s", i, cases[i].sentence, judged.fault ? judged.fault : "passes");
        policy_admitted_close(a);
        record_close(r);
    }
    policy_close(p);
}
END_TEST

/* An old deadline is not told as the one that holds, in slots and in clear. */
START_TEST(what_is_out_of_date_is_not_told)
{
    static const struct {
        const char *sentence, *fault; /* {was} and {now}: the dates, {day}: of the note */
    } cases[] = {
        {"The deadline is {was}.", "contradiction"},
        {"The deadline is {now}.", NULL},
        {"The deadline was {was}.", NULL},
        {"The deadline moved from {was} to {now}.", NULL},
        {"Email of {day}: deadline on {was}.", NULL},
        {"They meet on {was}.", NULL}, /* no deadline */
    };
    static const char *const policies[] = {IN_SLOTS, IN_CLEAR};
    for (size_t k = 0; k < COUNT_OF(policies); k++) {
        struct policy *p = policy_of(policies[k]);
        char *text = file_text("deals.txt"), *at = strstr(text, "record deadline-in-one-sentence");
        struct told t;
        struct policy_judged judged;
        struct buf sentence;
        ck_assert(at && read_told(&t, &at));
        struct policy_admitted *a = admit(p, t.record, "en", NULL);
        const struct policy_node *item = member(policy_admitted_root(a), "superseded")->first;
        buf_init(&sentence, 1000);
        for (size_t i = 0; i < COUNT_OF(cases); i++) {
            buf_reset(&sentence);
            for (const char *s = cases[i].sentence; *s;) {
                const char *name = str_starts(s, "{was}") ? "was" : str_starts(s, "{now}") ? "now" : str_starts(s, "{day}") ? "date" : NULL;
                if (name) buf_str(&sentence, text_of(item, name));
                else buf_char(&sentence, *s);
                s += name ? strlen("{was}") : 1;
            }
            char prompt[1000]; /* every word and value of the sentence, so that only the contradiction is left */
            snprintf(prompt, sizeof(prompt), "%s The deadline, they meet, it moved, was. Email of then.", sentence.data);
            struct draft d = {.body = sentence.data, .prompt = prompt};
            policy_judge(p, a, &d, &judged);
            ck_assert_msg(str_eq(judged.fault, cases[i].fault), "%zu %s: %s", k, sentence.data, judged.fault ? judged.fault : "passes");
        }
        buf_clear(&sentence);
        policy_admitted_close(a);
        record_close(t.record);
        free(text);
        policy_close(p);
    }
}
END_TEST

/* ---- rooms ------------------------------------------------------------------------------------------------------ */

static size_t words_cost(void *ctx, const char *text, size_t n)
{
    size_t words = 1;
    ++*(size_t *)ctx;
    for (size_t i = 0; i < n; i++) words += text[i] == ' ';
    return words;
}

/* Three thousand words, in one text and in thirty, at every room: never more than fits, nothing torn, newest first. */
START_TEST(any_room)
{
    struct policy *p = policy_of(IN_SLOTS);
    struct record *r, *x;
    struct buf note;
    struct policy_admitted *a;
    size_t calls = 0;
    ck_assert_int_eq(record_open("crm", "opportunity", "O-1", &r, NULL), RC_OK);
    add(r, "name", FIELD_TEXT, ORIGIN_INSIDE, "Line", NULL);
    buf_init(&note, 1 << 20);
    for (int i = 0; i < 150; i++) buf_printf(&note, "They spoke about point %d of the list, which nobody found urgent, and then about the next one. ", i);
    add(r, "notes", FIELD_TEXT, ORIGIN_INSIDE, note.data, NULL);
    for (int i = 0; i < 30; i++) {
        char id[20], date[40];
        snprintf(id, sizeof(id), "ACT-%d", i);
        snprintf(date, sizeof(date), "2026-%02d-15", 10 - i / 3);
        ck_assert_int_eq(record_open_in(r, "crm", "activity", id, &x, NULL), RC_OK);
        add(x, "kind", FIELD_ENUM, ORIGIN_INSIDE, "call", NULL);
        add(x, "date", FIELD_DATE, ORIGIN_INSIDE, i < 30 ? date : "", NULL);
        buf_reset(&note);
        for (int k = 0; k < 5; k++) buf_printf(&note, "Point %d.%d was agreed with the plant manager over EUR %d,000 on the phone, more or less. ", i, k, 10 + i);
        add(x, "body", FIELD_TEXT, ORIGIN_INSIDE, note.data, NULL);
        ck_assert_int_eq(record_add_child(r, "activities", x, NULL), RC_OK);
    }
    a = admit(p, r, "en", NULL);
    for (size_t max = 0; max < 3000; max += 97) {
        struct policy_room room = {.max = max, .per_note = 3, .max_notes = 7, .cost = words_cost, .ctx = &calls};
        struct policy_salient *s = NULL;
        size_t spent = 0, items = 0;
        ck_assert_int_eq(policy_salient_open(a, &room, &s, NULL), RC_OK);
        for (const struct policy_node *item = policy_salient_list(s)->first; item; item = item->next, items++) {
            const char *text = text_of(item, "text");
            spent += words_cost(&calls, text, strlen(text)) + room.per_note;
            ck_assert_msg(*text && text[strlen(text) - 1] == '.', "%s", text);
            ck_assert(*text_of(item, "kind"));
            if (item != policy_salient_list(s)->first && *text_of(item, "date") == '\0') ck_assert_ptr_null(item->next); /* the undated comes last */
        }
        ck_assert_msg(spent <= max + 7, "%zu of %zu", spent, max);
        ck_assert_uint_le(items, 7);
        policy_salient_close(s);
    }
    ck_assert_uint_gt(calls, 0);
    /* one text cut down */
    struct policy_salient *s = NULL;
    struct policy_room room = {.max = 500};
    ck_assert_int_eq(policy_condense(a, member(policy_admitted_root(a), "notes"), &room, &s, NULL), RC_OK);
    const char *text = text_of(policy_salient_list(s)->first, "text");
    ck_assert(str_starts(text, "They spoke about point ") && strlen(text) <= 500 && strlen(text) > 300);
    policy_salient_close(s);
    policy_admitted_close(a);
    record_close(r);
    buf_clear(&note);
    policy_close(p);
}
END_TEST

/* ---- changes ---------------------------------------------------------------------------------------------------- */

static uint8_t master[KEY_SIZE] = {1};
static bool erased;

static enum rc key_of(void *ctx, const char *subject, bool create, uint8_t key[KEY_SIZE], struct err *e)
{
    (void)create;
    if (erased) return err_set(e, RC_REFUSED, "erased");
    hmac_sha256(ctx, subject, strlen(subject), key);
    return RC_OK;
}
static const struct policy_keys keys = {key_of, master, hash_key};

struct deal {
    const char *amount, *stage, *close, *next_step, *owner; /* NULL: empty */
    int activities;
};

static struct record *deal(const struct deal *d)
{
    struct record *r, *owner;
    ck_assert_int_eq(record_open("crm", "opportunity", "O-1", &r, NULL), RC_OK);
    add(r, "name", FIELD_TEXT, ORIGIN_INSIDE, "Line monitoring", NULL);
    if (d->amount) add(r, "amount", FIELD_MONEY, ORIGIN_INSIDE, d->amount, "EUR");
    if (d->stage) add(r, "stage", FIELD_ENUM, ORIGIN_INSIDE, d->stage, NULL);
    if (d->close) add(r, "close_date", FIELD_DATE, ORIGIN_INSIDE, d->close, NULL);
    else {
        struct field_spec spec = {.name = "close_date", .type = FIELD_DATE};
        ck_assert_int_eq(record_add(r, &spec, NULL, 0, NULL, NULL), RC_OK);
    }
    if (d->next_step) add(r, "next_step", FIELD_TEXT, ORIGIN_INSIDE, d->next_step, NULL);
    ck_assert_int_eq(record_open_in(r, "crm", "user", d->owner, &owner, NULL), RC_OK);
    struct field_spec spec = {.name = "name", .type = FIELD_TEXT, .entity = "STAFF", .part = "full"};
    const char *name = str_eq(d->owner, "U-1") ? "Joris Quandt" : "Mette Falk";
    ck_assert_int_eq(record_add(owner, &spec, name, strlen(name), NULL, NULL), RC_OK);
    ck_assert_int_eq(record_add_parent(r, "owner", owner, NULL), RC_OK);
    r->owner = d->owner;
    for (int i = 0; i < d->activities; i++) {
        char id[20], date[20];
        struct record *x;
        snprintf(id, sizeof(id), "ACT-%d", i);
        snprintf(date, sizeof(date), "2026-11-%d", 21 + i);
        ck_assert_int_eq(record_open_in(r, "crm", "activity", id, &x, NULL), RC_OK);
        add(x, "date", FIELD_DATE, ORIGIN_INSIDE, date, NULL);
        add(x, "body", FIELD_TEXT, ORIGIN_INSIDE, "They liked the demo.", NULL);
        ck_assert_int_eq(record_add_child(r, "activities", x, NULL), RC_OK);
    }
    return r;
}

static struct policy_released *release(const struct policy *p, const struct policy_admitted *a, const char *body, const char *by_code)
{
    struct policy_released *r = NULL;
    struct draft d = {.body = body, .prompt = "name: Line monitoring", .by_code = by_code};
    struct err e = {""};
    if (policy_release(p, a, &d, &keys, &r, &e) != RC_OK) ck_abort_msg("%s", e.msg);
    return r;
}

static char *lines_of(const struct policy_admitted *a)
{
    const struct policy_node *list = member(policy_admitted_root(a), "changes");
    size_t bytes = 0;
    return list ? all_of(list, "line", &bytes) : strdup("");
}

/* The lines of what changed, put back by policy out as code's own sentences. */
static void check_changes(const char *policy, const char *language, const struct deal *before, const struct deal *after, const char *want)
{
    struct policy *p = policy_of(policy);
    struct record *was = deal(before), *is = deal(after);
    struct policy_admitted *a = admit(p, was, language, NULL), *b, *c;
    struct policy_released *first = release(p, a, "The line is monitored.", "The line is monitored."), *second;
    struct policy_previous previous = {.keys = &keys};
    const struct policy_sentence *sentences;
    size_t n;
    struct buf clear;
    uint8_t with[SHA256_SIZE], without[SHA256_SIZE];

    ck_assert_ptr_null(member(policy_admitted_root(a), "changes"));
    ck_assert_str_eq(text_of(member(policy_admitted_root(a), "facts"), "previous_brief"), "");
    policy_released_values(first, &previous.values, &previous.n_values);
    b = admit(p, is, language, &previous);
    c = admit(p, is, language, NULL);
    policy_admitted_hash(b, with);
    policy_admitted_hash(c, without);
    ck_assert_mem_eq(with, without, SHA256_SIZE); /* the same record, the same brief */
    ck_assert_str_ne(text_of(member(policy_admitted_root(b), "facts"), "previous_brief"), "");
    ck_assert_int_eq(*text_of(member(policy_admitted_root(b), "facts"), "new_activities") != '\0', after->activities > 0);
    char *lines = lines_of(b);
    for (char *s = lines; *s; s++)
        if (*s == '\n') *s = ' ';
    size_t len = strlen(lines);
    if (len) lines[len - 1] = '\0';
    if (*want) { /* a model may copy them, and the template may write them */
        for (int k = 0; k < 2; k++) {
            second = release(p, b, lines, k ? lines : NULL);
            ck_assert_str_eq(policy_released_body(second), lines);
            policy_released_sentences(second, &sentences, &n);
            ck_assert(n > 0 && sentences[0].by_code && sentences[0].n_rests_on > 0);
            const struct policy_value *v;
            policy_released_values(second, &v, &n);
            buf_init(&clear, 1 << 16);
            ck_assert_int_eq(policy_rehydrate(v, n, &keys, language, lines, &clear, NULL, NULL), RC_OK);
            ck_assert_str_eq(clear.data, want);
            buf_wipe(&clear);
            policy_released_close(second);
        }
    } else {
        ck_assert_str_eq(lines, "");
    }
    free(lines);
    policy_admitted_close(c);
    policy_admitted_close(b);
    policy_admitted_close(a);
    policy_released_close(first);
    record_close(is);
    record_close(was);
    policy_close(p);
}

START_TEST(what_changed)
{
    static const struct deal first = {"48000.00", "Proposal", "2026-12-02", "send quote", "U-1", 0};
    static const struct {
        struct deal now;
        const char *language, *want;
    } cases[] = {
        {{"48000.00", "Proposal", "2026-12-02", "send quote", "U-1", 0}, "en", ""},
        {{"48000.00", "Proposal", "2026-12-02", "send quote", "U-1", 2}, "en", ""},
        {{"52000.00", "Proposal", "2026-12-02", "send quote", "U-1", 0}, "en", "The amount went up from EUR 48,000 to EUR 52,000."},
        {{"41500.00", "Proposal", "2026-12-02", "send quote", "U-1", 0}, "de", "Der Betrag sank von 48.000,00 \xe2\x82\xac auf 41.500,00 \xe2\x82\xac."},
        {{"48000.00", "Negotiation", "2026-12-19", "send quote", "U-1", 0}, "en",
         "The stage changed from Proposal to Negotiation. The close date was put off from 2 December 2026 to 19 December 2026."},
        {{"48000.00", "Proposal", "2026-11-27", "send quote", "U-1", 0}, "de",
         "Das Abschlussdatum wurde von 2. Dezember 2026 auf 27. November 2026 vorgezogen."},
        {{"48000.00", "Proposal", NULL, "send quote", "U-1", 0}, "en", "The close date was 2 December 2026 and is empty now."},
        {{"48000.00", "Proposal", "2026-12-02", "call the plant", "U-2", 0}, "en", "The next step is now call the plant. The owner is now Mette Falk."},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        check_changes(IN_SLOTS, cases[i].language, &first, &cases[i].now, cases[i].want);
        check_changes(IN_CLEAR, cases[i].language, &first, &cases[i].now, cases[i].want);
    }
}
END_TEST

/* The snapshot survives a person's edit, and is nothing once its key is gone. */
START_TEST(snapshots)
{
    static const struct deal before = {"48000.00", "Proposal", "2026-12-02", "send quote", "U-1", 0}, after = {"52000.00", "Proposal", "2026-12-02", "send quote", "U-1", 0};
    struct policy *p = policy_of(IN_SLOTS);
    struct record *was = deal(&before), *is = deal(&after);
    struct policy_admitted *a = admit(p, was, "en", NULL), *b;
    struct policy_released *first = release(p, a, "The line is monitored.", "The line is monitored."), *edited = NULL;
    struct policy_edit x = {.source = "crm", .object = "opportunity", .record_id = "O-1", .language = "en", .body = "The line is watched, says Joris."};
    struct policy_previous previous = {.keys = &keys};
    policy_released_values(first, &x.values, &x.n_values);
    for (size_t i = 0; i < x.n_values; i++) {
        ck_assert(memmem(x.values[i].sealed, x.values[i].n_sealed, "Proposal", 8) == NULL);
        ck_assert(memmem(x.values[i].sealed, x.values[i].n_sealed, "48000", 5) == NULL);
    }
    ck_assert_int_eq(policy_release_edit(p, &x, &keys, &edited, NULL), RC_OK);
    policy_released_values(edited, &previous.values, &previous.n_values);
    b = admit(p, is, "en", &previous);
    char *lines = lines_of(b);
    ck_assert_msg(str_starts(lines, "The amount went up from [MONEY_"), "%s", lines);
    free(lines);
    policy_admitted_close(b);
    erased = true;
    b = admit(p, is, "en", &previous);
    ck_assert_ptr_null(member(policy_admitted_root(b), "changes"));
    erased = false;
    policy_admitted_close(b);
    policy_released_close(edited);
    policy_released_close(first);
    policy_admitted_close(a);
    record_close(is);
    record_close(was);
    policy_close(p);
}
END_TEST

/* ---- what a step may copy --------------------------------------------------------------------------------------- */

static const struct copied {
    const char *kind, *direction, *language, *body, *lead, *want; /* want: the passages, '|' between them */
} copied[] = {
    {"call", "outbound", "en", "wants a price by friday\n- agreed on two trucks; board meets in May", "Call:",
     "Wants a price by friday.|Agreed on two trucks; board meets in May."},
    {"email", "inbound", "en", "Hi team, two questions: is it sharp? And who installs it?\nBest regards", "The customer wrote:",
     "Two questions: is it sharp?|And who installs it?"},
    {"email", "outbound", "de", "Sehr geehrte Damen und Herren,\nüber den Preis reden wir noch.\nMit freundlichen Grüßen", "Wir schrieben:",
     "Über den Preis reden wir noch."},
    {"call", "inbound", "de", "ölpumpe tropft -> Ersatz bestellt", "Der Kunde rief an:", "Ölpumpe tropft; Ersatz bestellt."},
    {"meeting", "", "en", "Der Einkauf ist nicht zufrieden und will mit uns über den Preis sprechen.", "Meeting (in German):",
     "Der Einkauf ist nicht zufrieden und will mit uns über den Preis sprechen."},
    {"note", "internal", "en", "They like the cutter. Between us: the buyer is leaving his wife. Do not mention the lawsuit!", "Note:", "They like the cutter."},
    {"note", "internal", "de", "Läuft gut. Bitte nicht weitersagen, er trinkt.", "Notiz:", "Läuft gut."},
    {"email", "inbound", "en", "Thanks, we sign the contract next week.", "The customer wrote:", "Thanks, we sign the contract next week."},
    {"call", "inbound", "en", "--", "", ""},
};

START_TEST(what_a_step_may_copy)
{
    const struct copied *x = &copied[_i];
    struct policy *p = policy_of(IN_CLEAR);
    struct record *r = NULL;
    struct policy_salient *s = NULL;
    struct policy_passages *passages = NULL;
    struct policy_room room = {.max = 2000};
    struct buf got;
    size_t n;

    ck_assert_int_eq(record_open("crm", "opportunity", "O-1", &r, NULL), RC_OK);
    add(r, "name", FIELD_TEXT, ORIGIN_INSIDE, "Cutter", NULL);
    talk(r, "ACT-1", x->kind, x->direction, x->body);
    struct policy_admitted *a = admit(p, r, x->language, NULL);
    ck_assert_int_eq(policy_salient_open(a, &room, &s, NULL), RC_OK);
    const struct policy_node *item = policy_salient_list(s)->first;
    buf_init(&got, 10000);
    if (item) {
        ck_assert_int_eq(policy_passages_open(a, member(item, "text"), &passages, NULL), RC_OK);
        const struct policy_passage *list = policy_passages_list(passages, &n);
        for (size_t i = 0; i < n; i++) buf_printf(&got, "%s%s", i ? "|" : "", list[i].text);
        ck_assert_str_eq(text_of(item, "lead"), x->lead);
    }
    ck_assert_str_eq(got.data, x->want);
    policy_passages_close(passages);
    policy_salient_close(s);
    policy_admitted_close(a);
    record_close(r);
    policy_close(p);
    buf_clear(&got);
}
END_TEST

/* More than a step can hold: the heaviest stay, in their order. */
START_TEST(the_heaviest_passages)
{
    struct policy *p = policy_of(IN_CLEAR);
    struct record *r = NULL;
    struct policy_passages *passages = NULL;
    struct buf notes;
    size_t n;

    buf_init(&notes, 100000);
    for (int i = 0; i < 50; i++) {
        if (i % 5)
            buf_printf(&notes, "They talked about machine %c%c. ", 'a' + i / 26, 'a' + i % 26);
        else
            buf_printf(&notes, "They agreed on EUR %d,000 for it. ", 10 + i);
    }
    ck_assert_int_eq(record_open("crm", "opportunity", "O-1", &r, NULL), RC_OK);
    add(r, "notes", FIELD_TEXT, ORIGIN_INSIDE, notes.data, NULL);
    struct policy_admitted *a = admit(p, r, "en", NULL);
    ck_assert_int_eq(policy_passages_open(a, member(policy_admitted_root(a), "notes"), &passages, NULL), RC_OK);
    const struct policy_passage *list = policy_passages_list(passages, &n);
    size_t heavy = 0;
    ck_assert_uint_eq(n, POLICY_MAX_PASSAGES);
    for (size_t i = 0; i < n; i++) heavy += list[i].weight >= POLICY_HEAVY;
    ck_assert_uint_eq(heavy, 10);
    ck_assert_str_eq(list[0].text, "They agreed on EUR 10,000 for it.");
    policy_passages_close(passages);
    policy_admitted_close(a);
    record_close(r);
    policy_close(p);
    buf_clear(&notes);
}
END_TEST

SUITE_MAIN_TABLES("told", SUITE_ONE(notes_and_fields), SUITE_ONE(a_record_of_thirty_activities), SUITE_ONE(answers_that_nobody_gave),
                  SUITE_ONE(what_is_out_of_date_is_not_told), SUITE_ONE(any_room), SUITE_ONE(what_changed), SUITE_ONE(snapshots),
                  SUITE_EACH(what_a_step_may_copy, copied), SUITE_ONE(the_heaviest_passages))
