/* Names and addresses in hand-labelled sales notes (tests/data/notes), with no record at hand: recall and precision by
 * entity, printed. NOTES_SHOW=1 prints what was missed or wrong in the notes that may be looked at.
 *
 * A label counts as found when spans of its entity cover its letters and digits; a span counts as right when at least
 * half of it lies in a label of its entity. */
#include "suite.h"

#include "../../base/buf.h"
#include "../../policy/policy.h"
#include "notes.h"

static const struct {
    char kind;
    const char *entity;
} kinds[] = {
    {'P', "PERSON"}, {'O', "ORG"}, {'A', "POSTAL_ADDRESS"}, {'E', "EMAIL_ADDRESS"}, {'T', "PHONE_NUMBER"}};
#define N_KINDS (sizeof(kinds) / sizeof(kinds[0]))

struct score {
    size_t labels, found, spans, right;
};

static double share(size_t part, size_t whole)
{
    return whole ? (double)part / (double)whole : 1.0;
}

static bool covered(const struct note *note, const struct note_label *l, const char *entity,
                    const struct redact_span *spans, size_t n)
{
    for (size_t i = l->start; i < l->end; i++) {
        bool in = strchr(" .,'\"\n-()&", note->text[i]) != NULL;
        for (size_t k = 0; !in && k < n; k++)
            in = strcmp(spans[k].entity, entity) == 0 && spans[k].start <= i && i < spans[k].end;
        if (!in) return false;
    }
    return true;
}

/* Bytes of the span in labels of this kind. */
static size_t inside(const struct note *note, const struct redact_span *s, char kind)
{
    size_t n = 0;

    for (size_t k = 0; k < note->n_labels; k++)
        for (size_t i = s->start; note->labels[k].kind == kind && i < s->end; i++)
            n += i >= note->labels[k].start && i < note->labels[k].end;
    return n;
}

static void show(const char *what, const struct note *note, const char *entity, size_t start, size_t end)
{
    size_t from = start > 30 ? start - 30 : 0, upto = end + 30 < note->n ? end + 30 : note->n;

    printf("  %s %s \"%.*s\" in ...%.*s...\n", what, entity, (int)(end - start), note->text + start,
           (int)(upto - from), note->text + from);
}

static void judge(const struct note *note, const struct redact_span *spans, size_t n, bool loud,
                  struct score *scores)
{
    for (size_t k = 0; k < N_KINDS; k++) {
        for (size_t i = 0; i < note->n_labels; i++) {
            const struct note_label *l = &note->labels[i];
            if (l->kind != kinds[k].kind) continue;
            scores[k].labels++;
            if (covered(note, l, kinds[k].entity, spans, n))
                scores[k].found++;
            else if (loud)
                show("missed", note, kinds[k].entity, l->start, l->end);
        }
        for (size_t i = 0; i < n; i++) {
            size_t len = spans[i].end - spans[i].start;
            if (strcmp(spans[i].entity, kinds[k].entity) != 0) continue;
            if (kinds[k].kind == 'O' && inside(note, &spans[i], 'o')) continue;
            scores[k].spans++;
            if (2 * inside(note, &spans[i], kinds[k].kind) >= len)
                scores[k].right++;
            else if (loud)
                show("wrong", note, kinds[k].entity, spans[i].start, spans[i].end);
        }
    }
}

/* Labels by hand go wrong: brackets that don't pair, empty ones. */
static void check_labels(const struct note *note)
{
    for (size_t i = 0; i < note->n_labels; i++) {
        ck_assert_msg(note->labels[i].end > note->labels[i].start, "a label that is not closed in: %s",
                      note->text);
        ck_assert_msg(strchr("POAETo", note->labels[i].kind), "label %c", note->labels[i].kind);
    }
}

static size_t measure(const char *name, bool loud, struct score *scores)
{
    const char *source = getenv("BRIEFD_TEST_SOURCE");
    struct redact_options opt = {0};
    struct redactor *r = NULL;
    struct note note;
    bool pending = false;
    char path[4096];
    size_t count = 0;
    struct err e;
    FILE *f;

    snprintf(path, sizeof(path), "%s/tests/data/notes/%s", source ? source : ".", name);
    f = fopen(path, "r");
    ck_assert_msg(f != NULL, "%s", path);
    ck_assert_int_eq(redactor_open(NULL, &opt, &r, &e), RC_OK);
    for (; note_read(f, &note, &pending); count++) {
        const struct redact_span *spans;
        size_t n;
        struct buf out;

        check_labels(&note);
        buf_init(&out, 1 << 20);
        ck_assert_int_eq(redactor_run(r, note.text, note.n, &out, &spans, &n, &e), RC_OK);
        judge(&note, spans, n, loud && getenv("NOTES_SHOW"), scores);
        buf_clear(&out);
    }
    redactor_close(r);
    fclose(f);
    return count;
}

static void report(const char *what, size_t notes, const struct score *s)
{
    for (size_t k = 0; k < N_KINDS; k++)
        printf("%s, %zu notes: %-15s recall %5.1f %% (%zu of %zu), precision %5.1f %% (%zu of %zu)\n", what,
               notes, kinds[k].entity, 100 * share(s[k].found, s[k].labels), s[k].found, s[k].labels,
               100 * share(s[k].right, s[k].spans), s[k].right, s[k].spans);
    fflush(stdout);
}

/* Persons: the goal of the design. Organisations and addresses: what stands, with a little room. */
static void check_goals(const struct score *s)
{
    ck_assert(share(s[0].found, s[0].labels) >= 0.90);
    ck_assert(share(s[0].right, s[0].spans) >= 0.95);
    ck_assert(share(s[1].found, s[1].labels) >= 0.90);
    ck_assert(share(s[1].right, s[1].spans) >= 0.90);
    ck_assert(share(s[2].found, s[2].labels) >= 0.90);
    ck_assert(share(s[2].right, s[2].spans) >= 0.90);
}

START_TEST(notes_to_look_at)
{
    struct score scores[N_KINDS] = {0};
    size_t n = measure("tune-1.txt", true, scores) + measure("tune-2.txt", true, scores) +
               measure("later.txt", true, scores) + measure("unseen.txt", true, scores);

    report("tuned on", n, scores);
    check_goals(scores);
}
END_TEST

START_TEST(held_out_notes)
{
    struct score scores[N_KINDS] = {0};
    size_t n = measure("held-out.txt", false, scores);

    report("held out", n, scores);
    check_goals(scores);
}
END_TEST

/* Half of these are look-alikes, far more than notes have. Rules are not changed by what is found here: what stands is the
 * floor. */
START_TEST(unseen_notes)
{
    struct score scores[N_KINDS] = {0};
    size_t n = measure("unseen-2.txt", false, scores);

    report("unseen", n, scores);
    ck_assert(share(scores[0].found, scores[0].labels) >= 0.93);
    ck_assert(share(scores[0].right, scores[0].spans) >= 0.82);
}
END_TEST

/* A file that was not looked at yet: NOTES_NEW=NAME.txt. */
START_TEST(new_notes)
{
    struct score scores[N_KINDS] = {0};
    size_t n;

    if (!getenv("NOTES_NEW")) return;
    n = measure(getenv("NOTES_NEW"), true, scores);
    report("new", n, scores);
    check_goals(scores);
}
END_TEST

SUITE_MAIN("notes", notes_to_look_at, held_out_notes, unseen_notes, new_notes)
