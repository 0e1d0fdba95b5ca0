#include "access.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>
#include "../base/str.h"
#include "cmd_common.h"
#include "governance.h"

#define WITHHELD "[withheld]"

/* ---- the secret ---------------------------------------------------------------------------------------------------- */

static void cut_line(char *s)
{
    s[strcspn(s, "\r\n")] = '\0';
}

static enum rc secret_of_file(const char *path, char out[ACCESS_SECRET_SIZE], struct err *e)
{
    struct stat st;
    FILE *f = fopen(path, "re");
    if (!f)
        return err_sys(e, RC_BAD, errno, "key file: open %s", path);
    enum rc rc = RC_OK;
    if (fstat(fileno(f), &st) == 0 && (st.st_mode & 077))
        rc = err_set(e, RC_BAD, "key file: others may read %s: chmod 600 it", path);
    else if (!fgets(out, ACCESS_SECRET_SIZE, f))
        rc = err_set(e, RC_BAD, "key file: %s is empty", path);
    fclose(f);
    cut_line(out);
    return rc;
}

static enum rc secret_of_terminal(const char *name, char out[ACCESS_SECRET_SIZE], struct err *e)
{
    struct termios old, silent;
    if (!isatty(STDIN_FILENO) || tcgetattr(STDIN_FILENO, &old) != 0)
        return err_set(e, RC_REFUSED, "sign-in of %.60s: its key is needed: BRIEFD_KEY, or --key-file FILE", name);
    silent = old;
    silent.c_lflag &= ~(tcflag_t)ECHO;
    fprintf(stderr, "key of %s: ", name);
    tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent);
    bool read = fgets(out, ACCESS_SECRET_SIZE, stdin) != NULL;
    tcsetattr(STDIN_FILENO, TCSAFLUSH, &old);
    fputc('\n', stderr);
    cut_line(out);
    return read ? RC_OK : err_set(e, RC_REFUSED, "sign-in of %.60s: no key was given", name);
}

static enum rc find_secret(const char *name, char out[ACCESS_SECRET_SIZE], struct err *e)
{
    const char *key = getenv("BRIEFD_KEY"), *file = getenv("BRIEFD_KEY_FILE");
    if (file && *file)
        return secret_of_file(file, out, e);
    if (!key || !*key)
        return secret_of_terminal(name, out, e);
    snprintf(out, ACCESS_SECRET_SIZE, "%s", key);
    return strlen(key) < ACCESS_SECRET_SIZE ? RC_OK : err_set(e, RC_REFUSED, "sign-in: BRIEFD_KEY is too long for a key");
}

/* ---- signing in ---------------------------------------------------------------------------------------------------- */

static enum rc take_key(void *ctx, const struct access_key *k, struct err *e)
{
    struct person *p = ctx;
    (void)e;
    snprintf(p->name, sizeof(p->name), "%s", k->name);
    snprintf(p->role, sizeof(p->role), "%s", k->role);
    snprintf(p->identities, sizeof(p->identities), "%s", k->identities);
    snprintf(p->team, sizeof(p->team), "%s", k->team ? k->team : "");
    snprintf(p->sources, sizeof(p->sources), "%s", k->sources);
    return RC_OK;
}

static enum rc sign_in(struct cmd *c, const char *name, struct err *e)
{
    char secret[ACCESS_SECRET_SIZE] = "";
    enum rc rc = find_secret(name, secret, e);
    if (rc == RC_OK)
        rc = store_access_check(c->store, name, secret, take_key, &c->person, e);
    crypto_wipe(secret, sizeof(secret));
    if (rc == RC_OK && !policy_has_role(c->policy, c->person.role))
        rc = err_set(e, RC_REFUSED, "the role of this key is not in the policy file");
    if (rc == RC_OK) {
        c->signed_in = true;
        snprintf(c->actor, sizeof(c->actor), "%s", c->person.name);
    }
    return rc;
}

static bool has(const struct cmd *c, enum permission what)
{
    struct viewer v = {.role = c->person.role};
    return policy_may(c->policy, &v, what, NULL, NULL);
}

static bool meets_need(const struct cmd *c)
{
    switch (c->need) {
    case NEED_OPERATOR: return false;
    case NEED_RECORDS: return true;
    case NEED_JOBS: return has(c, MAY_RUN_JOBS);
    case NEED_ERASE: return has(c, MAY_ERASE);
    case NEED_AUDIT: return has(c, MAY_AUDIT);
    case NEED_AUDIT_CONTENT: return has(c, MAY_AUDIT_CONTENT);
    case NEED_OVERSIGHT: return has(c, MAY_ERASE) || has(c, MAY_AUDIT);
    }
    return false;
}

static int refuse(struct cmd *c, const struct err *why, const char *event)
{
    struct err e;
    enum rc rc = cmd_audit(c, event, "", "refused", NULL, &e);
    int code = cli_fail(RC_REFUSED, why);
    return rc == RC_OK ? code : cli_fail(rc, &e);
}

int access_begin(struct cmd *c)
{
    const char *name = getenv("BRIEFD_AS");
    struct err e = {""};
    if (!name || !*name) {
        if (strcmp(c->config->settings->sign_in, "required") != 0 || c->need == NEED_OPERATOR)
            return EXIT_DONE;
        err_set(&e, RC_REFUSED, "sign in first: briefctl --as NAME ... (sign_in: required)");
        return refuse(c, &e, "access.refused");
    }
    enum rc rc = sign_in(c, name, &e);
    if (rc == RC_REFUSED)
        return refuse(c, &e, "sign_in.refused");
    if (rc != RC_OK)
        return cli_fail(rc, &e);
    if (meets_need(c))
        return EXIT_DONE;
    err_set(&e, RC_REFUSED, "your role may not do this");
    return refuse(c, &e, "access.refused");
}

/* ---- what they may ------------------------------------------------------------------------------------------------- */

/* Is `word` one of those separated by spaces? */
static bool has_word(const char *words, const char *word)
{
    size_t n = strlen(word);
    for (const char *w = words; *w; w += strcspn(w, " "), w += strspn(w, " "))
        if (strcspn(w, " ") == n && strncmp(w, word, n) == 0)
            return true;
    return false;
}

struct viewer access_viewer(const struct cmd *c, const char *source, char identity[128])
{
    const struct person *p = &c->person;
    size_t n = source ? strlen(source) : 0;
    identity[0] = '\0';
    for (const char *w = p->identities; *w; w += strcspn(w, " "), w += strspn(w, " ")) {
        size_t len = strcspn(w, " "), name = strcspn(w, "= ");
        bool every = w[name] != '=';
        if (every || (name == n && strncmp(w, source, n) == 0))
            snprintf(identity, 128, "%.*s", (int)(every ? len : len - name - 1), every ? w : w + name + 1);
    }
    return (struct viewer){.role = c->signed_in ? p->role : NULL, .identity = *identity ? identity : NULL,
                           .team = *p->team ? p->team : NULL};
}

bool access_may(const struct cmd *c, enum permission what, const struct access_to *to)
{
    char identity[128];
    if (!c->signed_in)
        return true;
    struct viewer v = access_viewer(c, to->source, identity);
    return (!*c->person.sources || !to->source || has_word(c->person.sources, to->source)) && policy_allows(c->policy, &v, what, to);
}

bool access_may_brief(const struct cmd *c, enum permission what, const struct store_brief *b)
{
    const struct brief_meta *m = &b->meta;
    return access_may(c, what, &(struct access_to){.source = m->source, .object = m->object, .owner = m->owner, .team = m->team});
}

bool access_may_source(const struct cmd *c, const char *source)
{
    return !c->signed_in || !*c->person.sources || has_word(c->person.sources, source);
}

enum rc access_brief(struct cmd *c, const char *id, struct store_brief **out, struct err *e)
{
    enum rc rc = store_brief_get(c->store, id, out, e);
    if (rc != RC_OK || access_may_brief(c, MAY_SEE, *out))
        return rc;
    store_brief_close(*out);
    *out = NULL;
    rc = cmd_audit(c, "access.refused", id, "refused", NULL, e);
    /* What the store says of an id that nobody has: only so do both look the same. */
    return rc == RC_OK ? store_brief_get(c->store, "", out, e) : rc;
}

/* ---- withheld texts ------------------------------------------------------------------------------------------------- */

bool access_hides(const struct cmd *c, const char *source, const char *object, enum purpose purpose, const char *policy)
{
    char identity[128];
    struct viewer v = access_viewer(c, source, identity);
    return c->signed_in && policy_hides(c->policy, &v, object, purpose, policy);
}

bool access_withhold(const struct cmd *c, struct store_brief *b)
{
    if (!access_hides(c, b->meta.source, b->meta.object, b->meta.kind, b->meta.policy_hash))
        return false;
    b->body = WITHHELD;
    b->subject = b->subject ? WITHHELD : NULL;
    b->to = NULL;
    b->n_sentences = b->n_bullets = 0;
    return true;
}
