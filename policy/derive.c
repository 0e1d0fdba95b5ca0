/* derive.c: what models get wrong when they have only dates: days, their sign, what is late. A fact is derived only
 * from what the allow-list admits, and absent when its date is unknown. */
#include <string.h>

#include "../base/clock.h"
#include "../base/str.h"
#include "admit.h"
#include "text.h"

/* The day of a date or timestamp field. */
static bool day_of(const struct record *r, const char *name, int32_t *out)
{
    const struct field *f = record_field(r, name);

    if (!f || !f->text) return false;
    if (f->type != FIELD_DATE && f->type != FIELD_TIMESTAMP) return false;
    *out = f->type == FIELD_DATE ? (int32_t)f->integer : date_of_us(f->integer);
    return true;
}

/* One of these words in the field: "Closed Won" is closed. */
static bool says(const struct record *r, const char *name, const char *const *words, size_t n)
{
    const struct field *f = record_field(r, name);
    size_t pos = 0;
    struct stretch w;
    char word[64];

    if (!f || !f->text) return false;
    while (text_word(f->text, strlen(f->text), &pos, &w)) {
        text_fold(f->text + w.start, w.end - w.start, word, sizeof(word));
        for (size_t i = 0; i < n; i++)
            if (strcmp(word, words[i]) == 0) return true;
    }
    return false;
}

bool derive_is_done(const struct record *r)
{
    static const char *const words[] = {"closed",    "won",        "lost",    "done",         "completed",
                                        "resolved",  "cancelled",  "canceled", "geschlossen", "gewonnen",
                                        "verloren",  "erledigt",   "abgeschlossen", "gel\xc3\xb6st", "storniert"};
    int32_t closed;

    return says(r, "status", words, COUNT_OF(words)) || says(r, "stage", words, COUNT_OF(words)) ||
           day_of(r, "closed_at", &closed);
}

int64_t derive_overdue(const struct admit *a, const struct record *task)
{
    int32_t due;

    if (!day_of(task, "due_date", &due) || due >= a->today || derive_is_done(task)) return 0;
    return (int64_t)a->today - due;
}

static enum rc put_days(struct admit *a, struct policy_node *facts, const char *name, int64_t days, const char *path,
                        struct err *e)
{
    struct stand_in s;
    enum rc rc = path ? slot_days(a, days, &s, e) : admit_no_memory(a, e);

    return rc == RC_OK ? node_stand_in(a, facts, name, path, &s, "", e) : rc;
}

static enum rc put_value(struct admit *a, struct policy_node *facts, const char *name, const char *entity,
                         const struct value *v, const char *path, struct err *e)
{
    struct stand_in s;
    struct buf clear;
    enum rc rc = path ? slot_value(a, entity, v, path, &s, e) : admit_no_memory(a, e);

    if (rc != RC_OK) return rc;
    buf_init(&clear, 256);
    value_format(v, a->out->language, &clear);
    rc = buf_check(&clear, "policy: a value", e);
    if (rc == RC_OK) rc = node_stand_in(a, facts, name, path, &s, clear.data, e);
    buf_wipe(&clear);
    return rc;
}

/* ---- the record's own dates ------------------------------------------------------------------------------------- */

static enum rc derive_close(struct admit *a, struct policy_node *facts, struct err *e)
{
    const struct record *r = a->record;
    int32_t close;

    if (!admit_allows(a, "", "close_date") || !day_of(r, "close_date", &close) || derive_is_done(r)) return RC_OK;
    return put_days(a, facts, close >= a->today ? "days_to_close" : "close_overdue",
                    close >= a->today ? (int64_t)close - a->today : (int64_t)a->today - close,
                    admit_path(a, r, "close_date"), e);
}

static enum rc derive_stage(struct admit *a, struct policy_node *facts, struct err *e)
{
    int32_t since;

    if (!admit_allows(a, "", "stage") && !admit_allows(a, "", "stage_since")) return RC_OK;
    if (!day_of(a->record, "stage_since", &since) || since > a->today) return RC_OK;
    return put_days(a, facts, "days_in_stage", (int64_t)a->today - since, admit_path(a, a->record, "stage_since"), e);
}

static enum rc derive_case_age(struct admit *a, struct policy_node *facts, struct err *e)
{
    static const char *const names[] = {"opened_at", "created_at", "created"};
    int32_t opened;

    if (!str_eq(a->record->object, "case") || derive_is_done(a->record)) return RC_OK;
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        if (!admit_allows(a, "", "status") && !admit_allows(a, "", names[i])) continue;
        if (!day_of(a->record, names[i], &opened) || opened > a->today) continue;
        return put_days(a, facts, "case_age", (int64_t)a->today - opened, admit_path(a, a->record, names[i]), e);
    }
    return RC_OK;
}

/* ---- activities and tasks --------------------------------------------------------------------------------------- */

/* Did somebody talk to the customer? A note to oneself is no contact, nor is anything internal but a meeting. */
static bool is_contact(const struct record *activity)
{
    static const char *const notes[] = {"note", "notiz", "task", "aufgabe"}, *const internal[] = {"internal", "intern"},
                             *const meetings[] = {"meeting", "visit", "besuch", "treffen", "termin"};

    if (says(activity, "kind", notes, COUNT_OF(notes))) return false;
    return !says(activity, "direction", internal, COUNT_OF(internal)) ||
           says(activity, "kind", meetings, COUNT_OF(meetings));
}

static enum rc derive_contact(struct admit *a, struct policy_node *facts, struct err *e)
{
    const struct record_list *l = record_list_named(a->record, "activities");
    const struct record *newest = NULL;
    int32_t day, last = 0;
    struct value v;
    enum rc rc;

    if (!l || !admit_allows(a, "activities", "date")) return RC_OK;
    for (size_t i = 0; i < l->count; i++) {
        if (!is_contact(l->items[i]) || !day_of(l->items[i], "date", &day) || day > a->today) continue;
        if (newest && day <= last) continue;
        newest = l->items[i];
        last = day;
    }
    if (!newest) return RC_OK;
    a->idle_days = (int64_t)a->today - last;
    value_date(last, &v);
    rc = put_days(a, facts, "days_since_contact", (int64_t)a->today - last, admit_path(a, newest, "date"), e);
    if (rc != RC_OK) return rc;
    return put_value(a, facts, "last_contact", "DATE_TIME", &v, admit_path(a, newest, "date"), e);
}

static enum rc derive_tasks(struct admit *a, struct policy_node *facts, struct err *e)
{
    const struct record_list *l = record_list_named(a->record, "tasks");
    const struct record *first = NULL;
    struct value v = {.kind = VALUE_NUMBER};

    if (!l || !admit_allows(a, "tasks", "due_date")) return RC_OK;
    for (size_t i = 0; i < l->count; i++) {
        if (!derive_overdue(a, l->items[i])) continue;
        if (!first) first = l->items[i];
        v.digits++;
    }
    if (!first) return RC_OK;
    return put_value(a, facts, "overdue_tasks", "NUMBER", &v, admit_path(a, first, "due_date"), e);
}

enum rc derive_facts(struct admit *a, struct policy_node *facts, struct err *e)
{
    static enum rc (*const derive[])(struct admit *, struct policy_node *, struct err *) = {
        derive_close, derive_stage, derive_case_age, derive_contact, derive_tasks};
    enum rc rc = RC_OK;

    for (size_t i = 0; rc == RC_OK && i < COUNT_OF(derive); i++) rc = derive[i](a, facts, e);
    return rc;
}
