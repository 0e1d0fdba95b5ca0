#include "train.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "../base/clock.h"
#include "../base/str.h"

#define CHECKPOINT_MS 30000 /* between two */
#define LEAST_HELD 2        /* briefs */

struct training {
    const struct train_wish *wish;
    struct adapt *adapt;
    struct adapt_sample *learn, *held;
    size_t n_learn, n_held;
    bool *is_held; /* of briefs */
    struct train_result *out;
    char checkpoint[4096];
};

/* ---- what is held back ---------------------------------------------------------------------------------------------- */

static uint64_t order_of(const char *id, uint64_t seed)
{
    uint8_t digest[SHA256_SIZE];
    char text[BRIEF_ID_SIZE + 24];
    uint64_t n;
    snprintf(text, sizeof(text), "%llu %s", (unsigned long long)seed, id);
    sha256(text, strlen(text), digest);
    memcpy(&n, digest, sizeof(n));
    return n;
}

struct place { /* of a brief in the order */
    uint64_t key;
    size_t brief;
};

static int by_key(const void *pa, const void *pb)
{
    const struct place *a = pa, *b = pb;
    if (a->key != b->key)
        return a->key < b->key ? -1 : 1;
    return a->brief < b->brief ? -1 : 1;
}

/* Those whose hash is among the smallest. */
static enum rc hold_back(struct training *t, const char *const *ids, size_t n, struct err *e)
{
    size_t wanted = n * t->wish->held_percent / 100;
    struct place *places = calloc(n, sizeof(*places));
    if (!places)
        return err_set(e, RC_NOMEM, "training: out of memory");
    wanted = wanted < LEAST_HELD ? LEAST_HELD : wanted;
    for (size_t i = 0; i < n; i++)
        places[i] = (struct place){order_of(ids[i], t->wish->options.seed), i};
    qsort(places, n, sizeof(*places), by_key);
    for (size_t i = 0; i < wanted; i++)
        t->is_held[places[i].brief] = true;
    free(places);
    t->out->n_held = wanted;
    t->out->n_briefs = n - wanted;
    return RC_OK;
}

static void split(struct training *t, const struct lessons *l)
{
    for (size_t i = 0; i < l->n; i++) {
        const struct lesson *x = &l->all[i];
        const struct adapt_sample s = {.ids = x->ids, .n = x->n, .n_prompt = x->n_prompt};
        if (t->is_held[x->brief])
            t->held[t->n_held++] = s;
        else
            t->learn[t->n_learn++] = s;
    }
    t->out->n_lessons = t->n_learn;
    t->out->n_held_lessons = t->n_held;
}

/* What the adapter is trained on, in order: numbers of tokens, then tokens. */
static enum rc hash_of(const struct training *t, char out[ADAPT_HASH_HEX], struct err *e)
{
    uint8_t digest[SHA256_SIZE];
    struct buf b;
    buf_init(&b, (size_t)1 << 30);
    for (size_t i = 0; i < t->n_learn; i++) {
        const struct adapt_sample *s = &t->learn[i];
        const uint64_t sizes[2] = {s->n, s->n_prompt};
        buf_add(&b, sizes, sizeof(sizes));
        buf_add(&b, s->ids, s->n * sizeof(*s->ids));
    }
    enum rc rc = buf_check(&b, "training", e);
    if (rc == RC_OK) {
        sha256(b.data, b.len, digest);
        str_hex(digest, sizeof(digest), out);
    }
    buf_wipe(&b);
    return rc;
}

/* ---- measuring ------------------------------------------------------------------------------------------------------- */

static enum rc measure(const struct training *t, struct train_measure *out, struct err *e)
{
    double sum = 0, one;
    size_t hits = 0, n, tokens = 0;
    enum rc rc = RC_OK;
    for (size_t i = 0; rc == RC_OK && i < t->n_held; i++) {
        if (*t->wish->stop)
            return err_set(e, RC_RETRY, "training: stopped");
        rc = adapt_loss(t->adapt, &t->held[i], &one, &n, e);
        if (rc != RC_OK)
            return rc;
        sum += one;
        hits += n;
        tokens += t->held[i].n - t->held[i].n_prompt;
    }
    out->loss = sum / (double)tokens;
    out->agreement = (double)hits / (double)tokens;
    return RC_OK;
}

/* ---- the run ---------------------------------------------------------------------------------------------------------- */

static enum rc make_folder(const char *folder, struct err *e)
{
    if (mkdir(folder, 0700) == 0 || errno == EEXIST)
        return RC_OK;
    return err_sys(e, RC_BAD, errno, "make the folder %s", folder);
}

/* Go on where a checkpoint left off, if there is one. */
static enum rc resume(struct training *t, struct err *e)
{
    struct err why = {""};
    if (t->wish->restart || access(t->checkpoint, F_OK) != 0)
        return RC_OK;
    enum rc rc = adapt_resume(t->adapt, t->checkpoint, t->out->data, &why);
    t->out->resumed_at = adapt_steps_done(t->adapt);
    return rc == RC_OK ? RC_OK : err_set(e, rc, "%s; --restart begins anew", why.msg);
}

static enum rc save(const struct training *t, struct err *e)
{
    return adapt_save(t->adapt, t->checkpoint, t->out->data, e);
}

static enum rc stopped(const struct training *t, struct err *e)
{
    enum rc rc = save(t, e);
    if (rc != RC_OK)
        return rc;
    return err_set(e, RC_RETRY, "training: stopped after %zu of %zu steps; the same command goes on from there",
                   adapt_steps_done(t->adapt), t->out->n_steps);
}

static enum rc run_steps(struct training *t, struct err *e)
{
    struct adapt_progress p;
    int64_t saved_ms = clock_mono_ms();
    while (adapt_steps_done(t->adapt) < t->out->n_steps) {
        enum rc rc = adapt_step(t->adapt, t->learn, t->n_learn, t->wish->stop, &p, e);
        if (rc == RC_RETRY)
            return stopped(t, e);
        if (rc != RC_OK)
            return rc;
        t->wish->on_step(t->wish->ctx, &p);
        if (clock_mono_ms() - saved_ms < CHECKPOINT_MS)
            continue;
        rc = save(t, e);
        if (rc != RC_OK)
            return rc;
        saved_ms = clock_mono_ms();
    }
    return RC_OK;
}

/* Before, the training, after. */
static enum rc train(struct training *t, struct err *e)
{
    struct train_result *out = t->out;
    enum rc rc = measure(t, &out->before, e); /* what is new changes nothing yet */
    if (rc == RC_OK)
        rc = resume(t, e);
    out->n_steps = adapt_n_steps(t->adapt, t->n_learn);
    if (rc == RC_OK)
        rc = run_steps(t, e);
    if (rc == RC_OK && (rc = measure(t, &out->after, e)) == RC_RETRY)
        return stopped(t, e); /* all steps are done, the checkpoint may be older */
    if (rc != RC_OK)
        return rc;
    out->better = out->after.loss < out->before.loss;
    if (out->better)
        rc = adapt_write(t->adapt, out->path,
                         &(struct adapt_facts){.name = t->wish->name, .data = out->data, .n_briefs = (uint32_t)out->n_briefs}, out->sha256, e);
    if (rc == RC_OK)
        unlink(t->checkpoint); /* there is nothing to go on with */
    return rc;
}

static enum rc make_room(struct training *t, size_t n_lessons, size_t n_briefs, struct err *e)
{
    t->learn = calloc(n_lessons + 1, sizeof(*t->learn));
    t->held = calloc(n_lessons + 1, sizeof(*t->held));
    t->is_held = calloc(n_briefs + 1, sizeof(*t->is_held));
    return t->learn && t->held && t->is_held ? RC_OK : err_set(e, RC_NOMEM, "training: out of memory");
}

static enum rc set_paths(struct training *t, struct err *e)
{
    int a = snprintf(t->out->path, sizeof(t->out->path), "%s/%s.gguf", t->wish->folder, t->wish->name);
    int b = snprintf(t->checkpoint, sizeof(t->checkpoint), "%s/%s" ADAPT_CHECKPOINT, t->wish->folder, t->wish->name);
    bool fits = a > 0 && b > 0 && (size_t)a < sizeof(t->out->path) && (size_t)b < sizeof(t->checkpoint);
    return fits ? RC_OK : err_set(e, RC_BAD, "adapters: the path is too long");
}

/* A sample has room for its own tokens only, so the longest one decides how much memory is needed. */
static struct adapt_options options_for(const struct lessons *l, const struct train_wish *w)
{
    struct adapt_options o = w->options;
    o.max_tokens = 2;
    for (size_t i = 0; i < l->n; i++)
        o.max_tokens = l->all[i].n > o.max_tokens ? l->all[i].n : o.max_tokens;
    return o;
}

enum rc train_run(const struct model *m, const struct lessons *l, const char *const *ids, size_t n_briefs,
                  const struct train_wish *w, struct train_result *out, struct err *e)
{
    struct training t = {.wish = w, .out = out};
    const struct adapt_options options = options_for(l, w);
    int64_t began_ms = clock_mono_ms();
    *out = (struct train_result){0};
    if (n_briefs < TRAIN_LEAST_BRIEFS)
        return err_set(e, RC_LIMIT, "training: %zu briefs can be used, at least %d are needed", n_briefs, TRAIN_LEAST_BRIEFS);
    enum rc rc = adapt_check(m, options.targets, e);
    if (rc == RC_OK)
        rc = set_paths(&t, e);
    if (rc == RC_OK)
        rc = make_room(&t, l->n, n_briefs, e);
    if (rc == RC_OK)
        rc = make_folder(w->folder, e);
    if (rc == RC_OK)
        rc = hold_back(&t, ids, n_briefs, e);
    if (rc == RC_OK) {
        split(&t, l);
        rc = hash_of(&t, out->data, e);
    }
    if (rc == RC_OK)
        rc = adapt_open(m, &options, &t.adapt, e);
    if (rc == RC_OK)
        rc = train(&t, e);
    adapt_close(t.adapt);
    free(t.learn);
    free(t.held);
    free(t.is_held);
    out->ms = clock_mono_ms() - began_ms;
    return rc;
}

enum rc train_forget(const char *folder, struct err *e)
{
    DIR *d = opendir(folder);
    enum rc rc = RC_OK;
    if (!d)
        return errno == ENOENT ? RC_OK : err_sys(e, RC_BAD, errno, "adapters: open %s", folder);
    for (const struct dirent *x; rc == RC_OK && (x = readdir(d));)
        if (str_ends(x->d_name, ADAPT_CHECKPOINT) && unlinkat(dirfd(d), x->d_name, 0) != 0)
            rc = err_sys(e, RC_BAD, errno, "adapters: remove %s/%s", folder, x->d_name);
    closedir(d);
    return rc;
}
