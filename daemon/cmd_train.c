/* cmd_train.c: `briefctl train`: an adapter from the briefs that people approved and edited. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "../base/clock.h"
#include "../base/str.h"
#include "cmd_common.h"
#include "cmd_store.h"
#include "governance.h"
#include "learn.h"
#include "table.h"
#include "train.h"

static void help(void)
{
    printf("Usage: briefctl train NAME [options]\n"
           "       briefctl train --list [--json]\n\n"
           "Trains an adapter beside the model on the briefs that people approved or edited, as far as 'training:' in the policy\n"
           "file allows: low-rank matrices (LoRA) in llama.cpp's form, on this machine's processor. It learns from texts in slots:\n"
           "no name, address, sum or date. Some briefs are held back and measured before and after; an adapter that did not make\n"
           "them likelier is refused. Then 'model: {adapter: NAME}' in the configuration, and a restart, put it to use.\n\n"
           "  --kinds LIST         summary,email,enrichment: only these (default: all that the policy lists)\n"
           "  --dry-run            only say which briefs could be used, and why others not\n"
           "  --restart            begin anew where a training of this name was stopped\n"
           "  --epochs N           times over all briefs (default 8)\n"
           "  --rank N             of the matrices, 1 to %d (default 8)\n"
           "  --alpha X            they count alpha / rank times (default 16)\n"
           "  --rate X             learning rate (default 0.001)\n"
           "  --batch N            lessons of one step (default 4)\n"
           "  --targets LIST       attention,feed-forward,experts (default: attention,feed-forward)\n"
           "  --held-back PERCENT  of the briefs, 5 to 50 (default 20)\n"
           "  --seed N             what is held back, in which order the others come (default 1)\n"
           "  --threads N          (default: all)\n"
           "  --list               the adapters that are registered, and which are disabled\n"
           "  --json               the result as JSON\n\n"
           "Ctrl-C keeps what was learned; the same command goes on from there. Erasing a person disables the adapters that\n"
           "were trained on their briefs until they are trained again.\n\n"
           "Examples:\n"
           "  briefctl train house --dry-run\n"
           "  briefctl train house --kinds email\n"
           "  briefctl train --list\n\n"
           "Exit codes: 0 done, 3 refused (the policy, or the held-back briefs became less likely), 5 stopped (go on later).\n",
           ADAPT_MAX_RANK);
}

struct train_args {
    const char *name;
    struct adapt_options options;
    size_t held_percent;
    bool kinds[N_PURPOSES];
    bool dry_run, restart, list, json, help;
};

/* ---- options -------------------------------------------------------------------------------------------------------- */

enum { O_KINDS = 256, O_DRY, O_RESTART, O_EPOCHS, O_RANK, O_ALPHA, O_RATE, O_BATCH, O_TARGETS, O_HELD, O_SEED, O_THREADS, O_LIST };

static const struct option options[] = {
    {"kinds", required_argument, NULL, O_KINDS},   {"dry-run", no_argument, NULL, O_DRY},
    {"restart", no_argument, NULL, O_RESTART},     {"epochs", required_argument, NULL, O_EPOCHS},
    {"rank", required_argument, NULL, O_RANK},     {"alpha", required_argument, NULL, O_ALPHA},
    {"rate", required_argument, NULL, O_RATE},     {"batch", required_argument, NULL, O_BATCH},
    {"targets", required_argument, NULL, O_TARGETS}, {"held-back", required_argument, NULL, O_HELD},
    {"seed", required_argument, NULL, O_SEED},     {"threads", required_argument, NULL, O_THREADS},
    {"list", no_argument, NULL, O_LIST},           {"json", no_argument, NULL, 'j'},
    {"help", no_argument, NULL, 'h'},              {0}};

/* Words with commas between them; `flags` of those that stand there. */
static int take_words(const char *what, const char *list, const char *const *names, size_t n, unsigned *flags)
{
    char word[32];
    *flags = 0;
    for (const char *at = list; *at; at += strcspn(at, ","), at += *at == ',') {
        size_t len = strcspn(at, ",");
        snprintf(word, sizeof(word), "%.*s", (int)(len < sizeof(word) ? len : sizeof(word) - 1), at);
        int code = cmd_choice("train", what, word, names, n);
        if (code != EXIT_DONE)
            return code;
        for (size_t i = 0; i < n; i++)
            if (str_eq(names[i], word))
                *flags |= 1U << i;
    }
    return *flags ? EXIT_DONE : cli_usage("train", "%s: a list with commas was expected", what);
}

static int take_real(const char *what, const char *word, double lo, double hi, float *out)
{
    double x;
    if (!str_double(word, lo, hi, &x))
        return cli_usage("train", "%s: '%.20s' is no number from %g to %g", what, word, lo, hi);
    *out = (float)x;
    return EXIT_DONE;
}

static int take_whole(const char *what, const char *word, int64_t lo, int64_t hi, int64_t *out)
{
    if (str_int64(word, lo, hi, out))
        return EXIT_DONE;
    return cli_usage("train", "%s: '%.20s' is no whole number from %lld to %lld", what, word, (long long)lo, (long long)hi);
}

static int take_u32(const char *what, const char *word, int64_t hi, uint32_t *out)
{
    int64_t x = 0;
    int code = take_whole(what, word, 1, hi, &x);
    *out = (uint32_t)x;
    return code;
}

static int take_kinds(const char *list, struct train_args *a)
{
    const char *const names[N_PURPOSES] = {purpose_name(PURPOSE_SUMMARY), purpose_name(PURPOSE_EMAIL), purpose_name(PURPOSE_ENRICHMENT)};
    unsigned flags;
    int code = take_words("--kinds", list, names, N_PURPOSES, &flags);
    for (size_t i = 0; code == EXIT_DONE && i < N_PURPOSES; i++)
        a->kinds[i] = flags >> i & 1;
    return code;
}

static int take_option(int c, struct train_args *a)
{
    static const char *const targets[] = {"attention", "feed-forward", "experts"};
    struct adapt_options *o = &a->options;
    int64_t number = 0;
    int code = EXIT_DONE;
    switch (c) {
    case O_KINDS: return take_kinds(optarg, a);
    case O_DRY: a->dry_run = true; break;
    case O_RESTART: a->restart = true; break;
    case O_EPOCHS: return take_u32("--epochs", optarg, 1000, &o->epochs);
    case O_RANK: return take_u32("--rank", optarg, ADAPT_MAX_RANK, &o->rank);
    case O_ALPHA: return take_real("--alpha", optarg, 0.001, 10000, &o->alpha);
    case O_RATE: return take_real("--rate", optarg, 1e-7, 1, &o->learning_rate);
    case O_BATCH: return take_u32("--batch", optarg, 1024, &o->batch);
    case O_TARGETS: return take_words("--targets", optarg, targets, COUNT_OF(targets), &o->targets);
    case O_HELD: code = take_whole("--held-back", optarg, 5, 50, &number); a->held_percent = (size_t)number; break;
    case O_SEED: code = take_whole("--seed", optarg, 0, INT64_MAX, &number); o->seed = (uint64_t)number; break;
    case O_THREADS: code = take_whole("--threads", optarg, 1, 256, &number); o->threads = (int)number; break;
    case O_LIST: a->list = true; break;
    case 'j': a->json = true; break;
    case 'h': a->help = true; break;
    default: break;
    }
    return code;
}

static int parse(int argc, char **argv, struct train_args *a)
{
    *a = (struct train_args){.held_percent = 20, .kinds = {true, true, true}};
    adapt_defaults(&a->options);
    for (int c; (c = cmd_option(argc, argv, options)) != -1;) {
        int code = c == '?' || c == ':' ? cmd_bad_option(argv[0], c, argv) : take_option(c, a);
        if (code != EXIT_DONE)
            return code;
    }
    if (a->help)
        return EXIT_DONE;
    if (a->list)
        return optind == argc ? EXIT_DONE : cli_usage(argv[0], "--list takes no name");
    if (argc - optind != 1)
        return cli_usage(argv[0], "the adapter's name is missing, or there is more than one");
    a->name = argv[optind];
    if (!adapter_name_valid(a->name) || str_eq(a->name, "none"))
        return cli_usage(argv[0], "'%.60s' is no name: letters, digits, - and _, a letter first; not 'none'", a->name);
    return EXIT_DONE;
}

/* ---- what is there to learn from ------------------------------------------------------------------------------------- */

struct chosen { /* a brief that people decided on */
    const char *id, *source;
    struct chosen *next;
};

enum left_out { OUT_POLICY, OUT_GONE, OUT_SOURCE, OUT_CHANGED, OUT_NOTHING, OUT_REFUSED, OUT_TOO_LONG, N_LEFT_OUT };
static const char *const out_words[N_LEFT_OUT] = {
    [OUT_POLICY] = "the policy does not allow it",
    [OUT_GONE] = "the record is gone or cannot be read",
    [OUT_SOURCE] = "its source is not configured",
    [OUT_CHANGED] = "the record says something else by now",
    [OUT_NOTHING] = "its template has no part that is the model's alone",
    [OUT_REFUSED] = "a text that the template's rules would not let through",
    [OUT_TOO_LONG] = "longer than the model's context",
};
static const char *const out_keys[N_LEFT_OUT] = {"policy", "gone", "no_source", "changed", "no_part", "not_sayable", "too_long"};

struct collecting {
    struct cmd *c;
    const struct train_args *args;
    struct arena arena;
    struct chosen *first, **tail;
    size_t n_seen;
    size_t left_out[N_LEFT_OUT];
    char why[N_LEFT_OUT][sizeof(((struct err *)0)->msg)]; /* the first reason */
    struct lessons lessons;
    const char **ids; /* of the briefs used */
    size_t n_ids;
    const char **subjects;
    size_t n_subjects, room;
};

static void collecting_clear(struct collecting *x)
{
    lessons_clear(&x->lessons);
    arena_clear(&x->arena);
    free(x->ids);
    free(x->subjects);
}

static enum rc no_memory(struct err *e)
{
    return err_set(e, RC_NOMEM, "training: out of memory");
}

static void leave_out(struct collecting *x, enum left_out why, const struct err *e)
{
    if (x->left_out[why]++ == 0)
        snprintf(x->why[why], sizeof(x->why[why]), "%s", e && *e->msg ? e->msg : "");
}

/* A person's decision that stands: theirs, not policy's own approval. */
static bool decided(const struct store_brief *b)
{
    static const enum brief_state states[] = {BRIEF_APPROVED, BRIEF_EDITED, BRIEF_WRITE_PENDING, BRIEF_WRITTEN, BRIEF_CONFLICT};
    for (size_t i = 0; i < COUNT_OF(states); i++)
        if (b->meta.state == states[i])
            return b->by_person;
    return false;
}

static enum rc take_brief(void *ctx, const struct store_brief *b, struct err *e)
{
    struct collecting *x = ctx;
    if (!x->args->kinds[b->meta.kind] || !decided(b) || !access_may_source(x->c, b->meta.source))
        return RC_OK;
    struct chosen *new = arena_alloc(&x->arena, sizeof(*new));
    if (!new)
        return no_memory(e);
    *new = (struct chosen){.id = arena_dup(&x->arena, b->id), .source = arena_dup(&x->arena, b->meta.source)};
    if (!new->id || !new->source)
        return no_memory(e);
    *x->tail = new;
    x->tail = &new->next;
    x->n_seen++;
    return RC_OK;
}

static enum rc add_subject(struct collecting *x, const char *subject, struct err *e)
{
    for (size_t i = 0; i < x->n_subjects; i++)
        if (str_eq(x->subjects[i], subject))
            return RC_OK;
    if (x->n_subjects == x->room) {
        size_t room = x->room ? 2 * x->room : 64;
        const char **all = realloc(x->subjects, room * sizeof(*all));
        if (!all)
            return no_memory(e);
        x->subjects = all;
        x->room = room;
    }
    x->subjects[x->n_subjects] = arena_dup(&x->arena, subject);
    return x->subjects[x->n_subjects++] ? RC_OK : no_memory(e);
}

/* Whose erasure disables the adapter: the record itself and everybody whose value stands in the brief. */
static enum rc add_subjects(struct collecting *x, const struct store_brief *b, struct err *e)
{
    char subject[SHA256_HEX_SIZE];
    enum rc rc = policy_record_subject(x->c->keys.hash_key, b->meta.source, b->meta.object, b->meta.record_id, subject, e);
    if (rc == RC_OK)
        rc = add_subject(x, subject, e);
    for (size_t i = 0; rc == RC_OK && i < b->n_values; i++)
        rc = add_subject(x, b->values[i].subject, e);
    return rc;
}

static const enum left_out of_learned[N_LEARNED] = {[LEARNED_CHANGED] = OUT_CHANGED, [LEARNED_NOTHING] = OUT_NOTHING,
                                                    [LEARNED_REFUSED] = OUT_REFUSED, [LEARNED_TOO_LONG] = OUT_TOO_LONG};

static enum rc learn(struct collecting *x, const struct pipeline *p, const struct chosen *chosen, const struct store_brief *b,
                     struct record *r, struct err *e)
{
    struct err why = {""};
    enum learned fate = LEARNED_NOTHING;
    enum rc rc = learn_from(p, r, b, x->n_ids, &x->lessons, &fate, &why);
    if (rc == RC_REFUSED) { /* erased, or policy admits the record no more */
        leave_out(x, OUT_POLICY, &why);
        return RC_OK;
    }
    if (rc != RC_OK)
        return err_set(e, rc, "%s", why.msg);
    if (fate != LEARNED) {
        leave_out(x, of_learned[fate], NULL);
        return RC_OK;
    }
    x->ids[x->n_ids++] = chosen->id;
    return add_subjects(x, b, e);
}

static bool was_edited(const struct store_brief *b)
{
    for (size_t i = 0; i < b->n_flags; i++)
        if (str_eq(b->flags[i], "edited"))
            return true;
    return false;
}

/* Policy, the record behind the brief, policy on both, the lessons. */
static enum rc visit_brief(struct collecting *x, const struct pipeline *p, const struct chosen *chosen, const struct store_brief *b,
                           struct err *e)
{
    const struct brief_meta *m = &b->meta;
    struct record *r = NULL;
    struct err why = {""};
    bool quarantined = false, edited = was_edited(b);
    enum rc rc = policy_check_training(x->c->policy, m->kind, edited, m->owner, NULL, &why);
    if (rc != RC_OK) {
        leave_out(x, OUT_POLICY, &why);
        return RC_OK;
    }
    rc = pipeline_fetch_one(x->c->connector, m->object, m->record_id, &r, &quarantined, &why);
    if (rc == RC_REFUSED || (rc == RC_BAD && quarantined)) {
        leave_out(x, OUT_GONE, &why);
        return RC_OK;
    }
    if (rc != RC_OK)
        return err_set(e, rc, "%s", why.msg);
    if (policy_check_training(x->c->policy, m->kind, edited, m->owner, r, &why) != RC_OK)
        leave_out(x, OUT_POLICY, &why);
    else
        rc = learn(x, p, chosen, b, r, e);
    record_close(r);
    return rc;
}

static enum rc visit(struct collecting *x, const struct pipeline *p, const struct chosen *chosen, struct err *e)
{
    struct store_brief *b = NULL;
    struct err why = {""};
    enum rc rc = store_brief_get(x->c->store, chosen->id, &b, &why);
    if (rc == RC_REFUSED) { /* erased since it was listed */
        leave_out(x, OUT_POLICY, &why);
        return RC_OK;
    }
    if (rc != RC_OK)
        return err_set(e, rc, "%s", why.msg);
    rc = visit_brief(x, p, chosen, b, e);
    store_brief_close(b);
    return rc;
}

/* Source by source, so that each is opened once. */
static int visit_sources(struct collecting *x, const struct pipeline *p, struct err *e)
{
    size_t done = 0;
    for (const struct source_config *s = x->c->config->sources; s; s = s->next) {
        bool opened = false;
        for (const struct chosen *b = x->first; b; b = b->next) {
            if (!str_eq(b->source, s->name))
                continue;
            if (!opened) {
                connector_close(x->c->connector);
                x->c->connector = NULL;
                int code = cmd_source(x->c, s->name);
                if (code != EXIT_DONE)
                    return code;
                opened = true;
            }
            enum rc rc = visit(x, p, b, e);
            if (rc != RC_OK)
                return cli_fail(rc, e);
            cli_progress("briefs", ++done, x->n_seen, "");
        }
    }
    for (const struct chosen *b = x->first; b; b = b->next)
        if (!config_source(x->c->config, b->source))
            leave_out(x, OUT_SOURCE, NULL);
    return EXIT_DONE;
}

static int collect(struct collecting *x, struct err *e)
{
    const struct pipeline p = {.app = x->c->app, .rules = x->c->rules, .store = x->c->store, .actor = x->c->actor};
    struct model_info info;
    const struct brief_filter all = {0};
    size_t n = 0;
    x->tail = &x->first;
    enum rc rc = policy_trains(x->c->policy, e);
    if (rc != RC_OK)
        return cli_fail(rc, e);
    model_info(app_model(x->c->app), &info);
    if (model_end(app_model(x->c->app)) < 0)
        return cli_fail(err_set(e, RC_BAD, "%s: the model has no token that ends an answer", info.path), e);
    x->lessons.max_tokens = (size_t)x->c->config->settings->model_context;
    if (info.n_context && info.n_context < x->lessons.max_tokens)
        x->lessons.max_tokens = info.n_context;
    rc = store_briefs_list(x->c->store, &all, take_brief, x, e);
    for (const struct chosen *b = x->first; b; b = b->next)
        n++;
    if (rc == RC_OK && !(x->ids = calloc(n + 1, sizeof(*x->ids))))
        rc = no_memory(e);
    return rc == RC_OK ? visit_sources(x, &p, e) : cli_fail(rc, e);
}

/* ---- telling --------------------------------------------------------------------------------------------------------- */

static void print_left_out(const struct collecting *x)
{
    printf("briefs decided on by people  %zu\n"
           "  can be used                %zu, %zu lessons\n", x->n_seen, x->n_ids, x->lessons.n);
    for (size_t i = 0; i < N_LEFT_OUT; i++) {
        if (!x->left_out[i])
            continue;
        printf("  left out                   %zu: %s\n", x->left_out[i], out_words[i]);
        if (*x->why[i])
            printf("                             (the first: %s)\n", x->why[i]);
    }
}

static void json_left_out(struct buf *b, const struct collecting *x)
{
    json_member_int(b, "decided", (int64_t)x->n_seen);
    json_member_int(b, "usable", (int64_t)x->n_ids);
    json_member_int(b, "lessons", (int64_t)x->lessons.n);
    buf_str(b, ", \"left_out\": {");
    for (size_t i = 0; i < N_LEFT_OUT; i++)
        json_member_int(b, out_keys[i], (int64_t)x->left_out[i]);
    buf_char(b, '}');
}

static void json_measures(struct buf *b, const struct train_result *r)
{
    buf_printf(b, ", \"held_back\": {\"briefs\": %zu, \"lessons\": %zu, \"loss_before\": %.4f, \"loss_after\": %.4f,"
               " \"agreement_before\": %.4f, \"agreement_after\": %.4f}",
               r->n_held, r->n_held_lessons, r->before.loss, r->after.loss, r->before.agreement, r->after.agreement);
}

static int tell_json(const struct collecting *x, const struct train_result *r)
{
    struct buf b;
    buf_init(&b, CMD_MAX_OUTPUT);
    buf_char(&b, '{');
    json_member(&b, "name", x->args->name);
    json_left_out(&b, x);
    if (r) {
        json_member_int(&b, "learned_from", (int64_t)r->n_briefs);
        json_measures(&b, r);
        json_member_int(&b, "steps", (int64_t)r->n_steps);
        json_member_int(&b, "resumed_at", (int64_t)r->resumed_at);
        json_member_int(&b, "ms", r->ms);
        buf_printf(&b, ", \"accepted\": %s", r->better ? "true" : "false");
        json_member(&b, "sha256", r->better ? r->sha256 : NULL);
        json_member(&b, "data_hash", r->data);
        json_member(&b, "path", r->better ? r->path : NULL);
    }
    buf_char(&b, '}');
    int code = cmd_put(&b);
    buf_clear(&b);
    return code == EXIT_DONE ? cmd_end_output() : code;
}

static int tell(const struct collecting *x, const struct train_result *r)
{
    if (x->args->json)
        return tell_json(x, r);
    print_left_out(x);
    if (!r)
        return cmd_end_output();
    printf("learned from                 %zu briefs, %zu lessons, in %zu steps%s\n", r->n_briefs, r->n_lessons, r->n_steps,
           r->resumed_at ? " (gone on from a checkpoint)" : "");
    printf("held back                    %zu briefs, %zu lessons\n"
           "  loss of a token            %.4f before, %.4f after\n"
           "  likeliest token            %.1f %% before, %.1f %% after\n",
           r->n_held, r->n_held_lessons, r->before.loss, r->after.loss, 100 * r->before.agreement, 100 * r->after.agreement);
    if (r->better)
        printf("adapter                      %s\n"
               "  sha256                     %s\n"
               "To use it: 'adapters: trained' in the model's entry of the policy file, 'model: {adapter: %s}' in the\n"
               "configuration, and a restart.\n", r->path, r->sha256, x->args->name);
    return cmd_end_output();
}

/* ---- the training ----------------------------------------------------------------------------------------------------- */

static volatile bool stop;

static void on_signal(int signal_number)
{
    (void)signal_number;
    stop = true;
}

static void catch_signals(void)
{
    struct sigaction a = {.sa_handler = on_signal};
    sigaction(SIGINT, &a, NULL);
    sigaction(SIGTERM, &a, NULL);
}

/* A bar on a terminal; elsewhere a line for each tenth. */
static void on_step(void *ctx, const struct adapt_progress *p)
{
    char note[80];
    size_t tenth = p->n_steps / 10 ? p->n_steps / 10 : 1;
    (void)ctx;
    snprintf(note, sizeof(note), "epoch %.1f, loss %.4f", p->epoch, p->loss);
    if (isatty(STDERR_FILENO))
        cli_progress("training", p->step, p->n_steps, note);
    else if (p->step % tenth == 0 || p->step == p->n_steps)
        fprintf(stderr, "briefctl: step %zu of %zu, %s\n", p->step, p->n_steps, note);
}

/* What the chain keeps of it, whatever came of it. */
static void put_detail(struct buf *b, const struct train_result *r, const char *base)
{
    buf_printf(b, "base=%s data=%s briefs=%zu held_back=%zu steps=%zu loss_before=%.4f loss_after=%.4f", base, r->data, r->n_briefs,
               r->n_held, r->n_steps, r->before.loss, r->after.loss);
    if (r->better)
        buf_printf(b, " adapter=%s", r->sha256);
}

/* What stands in three briefs or more, and a tenth of them all, is the house's way to put it. */
#define LEAST_SAID 3
static size_t sentences_of(const struct lessons *l, size_t n_briefs, const char **out)
{
    size_t n = 0;
    for (size_t i = 0; i < l->n_said; i++)
        if (l->said[i].n_briefs >= LEAST_SAID && 10 * l->said[i].n_briefs >= n_briefs)
            out[n++] = l->said[i].text;
    return n;
}

static enum rc note(struct collecting *x, const struct train_result *r, struct err *e)
{
    const char *base = app_model_hash(x->c->app);
    struct buf detail;
    buf_init(&detail, 4096);
    put_detail(&detail, r, base);
    const struct audit_event ev = {.actor = x->c->actor, .event = "adapter.trained", .object = x->args->name,
                                   .outcome = r->better ? NULL : "refused", .detail = detail.data};
    const struct adapter a = {.name = x->args->name, .sha256 = r->sha256, .base = base, .n_briefs = r->n_briefs,
                              .loss_before = r->before.loss, .loss_after = r->after.loss};
    const char **said = calloc(x->lessons.n_said + 1, sizeof(*said));
    enum rc rc = said ? buf_check(&detail, "an audit entry", e) : no_memory(e);
    if (rc == RC_OK && r->better) {
        const struct adapter_origin from = {x->subjects, x->n_subjects, said, sentences_of(&x->lessons, x->n_ids, said)};
        rc = store_adapter_put(x->c->store, &a, &from, &ev, e);
    } else if (rc == RC_OK) {
        rc = store_audit_add(x->c->store, &ev, e);
    }
    if (rc != RC_OK && r->better)
        unlink(r->path); /* nobody would know what it was trained on */
    free(said);
    buf_clear(&detail);
    return rc;
}

static int train(struct collecting *x, struct err *e)
{
    const struct train_wish wish = {.name = x->args->name,
                                    .folder = x->c->config->settings->adapters,
                                    .options = x->args->options,
                                    .held_percent = (unsigned)x->args->held_percent,
                                    .restart = x->args->restart,
                                    .stop = &stop,
                                    .on_step = on_step};
    struct train_result r;
    catch_signals();
    enum rc rc = train_run(app_model(x->c->app), &x->lessons, x->ids, x->n_ids, &wish, &r, e);
    if (rc == RC_LIMIT && x->n_ids < TRAIN_LEAST_BRIEFS)
        (void)tell(x, NULL); /* why there are so few */
    if (rc == RC_OK)
        rc = note(x, &r, e);
    if (rc != RC_OK)
        return cli_fail(rc, e);
    int code = tell(x, &r);
    if (code != EXIT_DONE || r.better)
        return code;
    fprintf(stderr, "briefctl: refused: the held-back briefs are no likelier than before; more briefs, fewer epochs or a lower rate may help\n");
    return EXIT_REFUSED;
}

/* ---- --list ----------------------------------------------------------------------------------------------------------- */

struct listing {
    struct table table;
    struct buf json;
    bool as_json;
};

static enum rc list_one(void *ctx, const struct adapter *a, struct err *e)
{
    struct listing *l = ctx;
    char made[TIMESTAMP_TEXT_SIZE], briefs[24], loss[48];
    timestamp_format(a->made_us, made);
    snprintf(briefs, sizeof(briefs), "%zu", a->n_briefs);
    snprintf(loss, sizeof(loss), "%.3f to %.3f", a->loss_before, a->loss_after);
    if (!l->as_json)
        return table_add(&l->table, (const char *const[]){a->name, a->disabled_us ? "disabled" : "ready", made, briefs, loss, a->sha256}, e);
    buf_str(&l->json, l->json.len > 1 ? ", {" : "{");
    json_member(&l->json, "name", a->name);
    json_member(&l->json, "sha256", a->sha256);
    json_member(&l->json, "base", a->base);
    json_member(&l->json, "made_at", made);
    json_member_int(&l->json, "briefs", (int64_t)a->n_briefs);
    buf_printf(&l->json, ", \"loss_before\": %.4f, \"loss_after\": %.4f, \"disabled\": %s", a->loss_before, a->loss_after,
               a->disabled_us ? "true" : "false");
    json_member(&l->json, "reason", a->reason);
    buf_char(&l->json, '}');
    return buf_check(&l->json, "adapters", e);
}

static int list(struct cmd *c, bool json)
{
    static const char *const headings[] = {"name", "state", "made", "briefs", "loss of a token", "sha256"};
    struct listing l = {.as_json = json};
    struct err e = {""};
    table_init(&l.table, headings, COUNT_OF(headings));
    buf_init(&l.json, CMD_MAX_OUTPUT);
    buf_char(&l.json, '[');
    enum rc rc = store_adapters(c->store, list_one, &l, &e);
    return cmd_end_list(rc, &e, json, &l.json, &l.table, "no adapters: 'briefctl train NAME' makes one");
}

/* ---- the command ------------------------------------------------------------------------------------------------------ */

static int run(struct cmd *c, const struct train_args *args)
{
    struct collecting x = {.c = c, .args = args};
    struct err e = {""};
    arena_init(&x.arena, (size_t)256 << 20);
    arena_init(&x.lessons.arena, (size_t)1 << 30);
    int code = collect(&x, &e);
    if (code == EXIT_DONE)
        code = args->dry_run ? tell(&x, NULL) : train(&x, &e);
    collecting_clear(&x);
    return code;
}

int cmd_train(const char *config, int argc, char **argv)
{
    struct train_args args;
    struct cmd c = {.need = NEED_JOBS};
    int code = parse(argc, argv, &args);
    if (code != EXIT_DONE)
        return code;
    if (args.help) {
        help();
        return EXIT_DONE;
    }
    code = cmd_open(&c, config, NULL, APP_STORE_KEYS | (args.list ? 0 : APP_MODEL));
    if (code == EXIT_DONE)
        code = args.list ? list(&c, args.json) : run(&c, &args);
    cmd_close(&c);
    return code;
}
