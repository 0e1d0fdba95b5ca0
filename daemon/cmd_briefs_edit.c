#include "cmd_briefs_edit.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "../base/str.h"
#include "brief_text.h"

#define EDIT_MAX_BYTES ((size_t)1 << 20)
#define MAX_BULLETS 64
#define SUBJECT "Subject: "

/* ---- text and brief ------------------------------------------------------------------------------------------------- */

/* As an editor shows it: the subject's line, the body, one bullet a line behind "- ". */
static void to_text(const struct store_brief *b, const struct brief_text *t, struct buf *out)
{
    if (t->subject)
        buf_printf(out, SUBJECT "%s\n\n", t->subject);
    buf_printf(out, "%s\n", t->body ? t->body : "");
    for (size_t i = 0; i < b->n_bullets; i++)
        buf_printf(out, "%s- %s\n", i ? "" : "\n", t->bullets[i]);
}

struct edited { /* borrows from the text, which it cuts up */
    const char *subject, *body;
    const char *bullets[MAX_BULLETS];
    size_t n_bullets;
};

static char *trimmed(char *s)
{
    s += strspn(s, " \t\r\n");
    for (size_t n = strlen(s); n && strchr(" \t\r\n", s[n - 1]); n--)
        s[n - 1] = '\0';
    return s;
}

/* Lines at the end that begin with "- " are the bullets, in the order of the text. */
static enum rc take_bullets(char *text, struct edited *out, struct err *e)
{
    for (;;) {
        char *line = strrchr(trimmed(text), '\n');
        line = line ? line + 1 : text;
        if (!str_starts(line, "- ") || line == text)
            break;
        if (out->n_bullets == MAX_BULLETS)
            return err_set(e, RC_LIMIT, "an edit has at most %d bullets", MAX_BULLETS);
        out->bullets[out->n_bullets++] = trimmed(line + 2);
        line[-1] = '\0';
    }
    for (size_t i = 0; i < out->n_bullets / 2; i++) {
        const char *last = out->bullets[out->n_bullets - 1 - i];
        out->bullets[out->n_bullets - 1 - i] = out->bullets[i];
        out->bullets[i] = last;
    }
    return RC_OK;
}

static enum rc from_text(char *text, const struct store_brief *b, struct edited *out, struct err *e)
{
    if (b->meta.kind == PURPOSE_ENRICHMENT)
        return err_set(e, RC_BAD, "enrichment is approved or rejected as it is: its fields are the schema's, not a text to edit");
    memset(out, 0, sizeof(*out));
    text = trimmed(text);
    if (b->subject) {
        char *end = strchr(text, '\n');
        if (!str_starts(text, SUBJECT) || !end)
            return err_set(e, RC_BAD, "the first line of an edited e-mail is '" SUBJECT "...', then comes the body");
        *end = '\0';
        out->subject = trimmed(text + strlen(SUBJECT));
        text = trimmed(end + 1);
    }
    enum rc rc = b->meta.kind == PURPOSE_SUMMARY ? take_bullets(text, out, e) : RC_OK;
    out->body = trimmed(text);
    if (rc == RC_OK && !*out->body)
        rc = err_set(e, RC_BAD, "the edit has no text; nothing was changed ('briefctl briefs reject' drops a brief)");
    return rc;
}

/* ---- the person's words --------------------------------------------------------------------------------------------- */

static enum rc read_all(FILE *in, struct buf *out, struct err *e)
{
    char bytes[4096];
    size_t n;
    while ((n = fread(bytes, 1, sizeof(bytes), in)) > 0)
        buf_add(out, bytes, n);
    crypto_wipe(bytes, sizeof(bytes));
    if (ferror(in))
        return err_sys(e, RC_BAD, errno, "edit: read");
    if (memchr(out->data, '\0', out->len) || utf8_valid_prefix(out->data, out->len) != out->len)
        return err_set(e, RC_BAD, "the edit is not valid UTF-8 text");
    return buf_check(out, "edit", e);
}

static enum rc read_path(const char *path, struct buf *out, struct err *e)
{
    FILE *in = fopen(path, "re");
    if (!in)
        return err_sys(e, RC_BAD, errno, "open %s", path);
    enum rc rc = read_all(in, out, e);
    fclose(in);
    return rc;
}

/* Zeros over every byte, then away with it. Editors may have left copies of their own; that is theirs to prevent. */
static void remove_private(const char *path)
{
    static const char zeros[4096];
    struct stat st;
    int fd = open(path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode)) {
        for (off_t left = st.st_size; left > 0;) {
            ssize_t n = write(fd, zeros, left < (off_t)sizeof(zeros) ? (size_t)left : sizeof(zeros));
            if (n <= 0)
                break;
            left -= n;
        }
        (void)!fsync(fd);
    }
    if (fd >= 0)
        close(fd);
    unlink(path);
}

static enum rc run_editor(const char *path, struct err *e)
{
    const char *visual = getenv("VISUAL"), *other = getenv("EDITOR");
    const char *editor = visual && *visual ? visual : other && *other ? other : "vi";
    char command[PATH_MAX];
    int status = 0;
    /* As git and crontab do it: the variable may hold arguments. */
    snprintf(command, sizeof(command), "%s \"$1\"", editor);
    pid_t pid = fork();
    if (pid == 0) {
        execl("/bin/sh", "sh", "-c", command, editor, path, (char *)NULL);
        _exit(127);
    }
    if (pid < 0)
        return err_sys(e, RC_RETRY, errno, "edit: fork");
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        continue;
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
        return err_set(e, RC_BAD, "the editor '%.60s' failed; nothing was changed", editor);
    return RC_OK;
}

static enum rc by_editor(const struct buf *before, struct buf *after, struct err *e)
{
    const char *folder = getenv("XDG_RUNTIME_DIR"); /* in memory, where there is one */
    char path[PATH_MAX];
    snprintf(path, sizeof(path), "%s/briefctl-edit-XXXXXX", folder && *folder ? folder : "/tmp");
    int fd = mkostemp(path, O_CLOEXEC); /* mode 0600 */
    if (fd < 0)
        return err_sys(e, RC_BAD, errno, "edit: make %s", path);
    bool written = write(fd, before->data, before->len) == (ssize_t)before->len;
    written = close(fd) == 0 && written;
    enum rc rc = written ? run_editor(path, e) : err_sys(e, RC_RETRY, errno, "edit: write %s", path);
    if (rc == RC_OK)
        rc = read_path(path, after, e);
    remove_private(path);
    return rc;
}

/* ---- the edit ------------------------------------------------------------------------------------------------------- */

static enum rc keep(struct cmd *c, const struct store_brief *b, const struct edited *t, struct err *e)
{
    const struct brief_meta *m = &b->meta;
    const struct audit_event ev = {.actor = c->actor, .event = "brief.edited"};
    const struct policy_edit edit = {.source = m->source,
                                     .object = m->object,
                                     .record_id = m->record_id,
                                     .purpose = m->kind,
                                     .language = b->language,
                                     .subject = t->subject,
                                     .body = t->body,
                                     .bullets = t->bullets,
                                     .n_bullets = t->n_bullets,
                                     .values = b->values,
                                     .n_values = b->n_values,
                                     .sentences = b->sentences,
                                     .n_sentences = b->n_sentences,
                                     .to = b->to,
                                     .valid_until = b->valid_until};
    struct policy_released *released = NULL;
    const char *const *flags = NULL;
    size_t n = 0;
    enum rc rc = policy_release_edit(c->policy, &edit, &c->keys, &released, e);
    if (rc == RC_OK)
        rc = store_brief_edit(c->store, b->id, released, &ev, e);
    if (rc == RC_OK)
        policy_released_flags(released, &flags, &n);
    for (size_t i = 0; i < n; i++)
        if (!str_eq(flags[i], "edited"))
            fprintf(stderr, "briefctl: note: %s\n", flags[i]);
    policy_released_close(released);
    return rc;
}

static enum rc take_words(const char *file, const struct buf *before, struct buf *after, struct err *e)
{
    if (!file)
        return isatty(STDIN_FILENO) ? by_editor(before, after, e)
                                    : err_set(e, RC_BAD, "an editor needs a terminal; --file FILE takes the text from a file");
    return str_eq(file, "-") ? read_all(stdin, after, e) : read_path(file, after, e);
}

static enum rc edit(struct cmd *c, const struct store_brief *b, const char *file, bool *changed, struct err *e)
{
    struct brief_text text = {0};
    struct edited words;
    struct buf before, after;
    buf_init(&before, EDIT_MAX_BYTES);
    buf_init(&after, EDIT_MAX_BYTES);
    enum rc rc = cmd_audit(c, "reveal", b->id, NULL, "for=edit", e);
    if (rc == RC_OK)
        rc = brief_text_open(b, &c->keys, &text, e);
    if (rc == RC_OK) {
        to_text(b, &text, &before);
        brief_text_clear(&text);
        rc = buf_check(&before, "brief", e);
    }
    if (rc == RC_OK)
        rc = take_words(file, &before, &after, e);
    *changed = rc == RC_OK && !str_eq(before.data, after.data);
    if (*changed)
        rc = from_text(after.data, b, &words, e);
    if (rc == RC_OK && *changed)
        rc = keep(c, b, &words, e);
    buf_wipe(&after);
    buf_wipe(&before);
    return rc;
}

int briefs_edit(struct cmd *c, const char *id, const char *file)
{
    struct store_brief *b = NULL;
    struct err e = {""};
    bool changed = false;
    enum rc rc = store_brief_get(c->store, id, &b, &e);
    if (rc != RC_OK)
        return cmd_fail_state(rc, &e);
    if (!brief_state_may(b->meta.state, BRIEF_EDITED))
        rc = err_set(&e, RC_BAD, "brief %s is %s: it can't be edited", id, brief_state_name(b->meta.state));
    else
        rc = edit(c, b, file, &changed, &e);
    store_brief_close(b);
    if (rc != RC_OK)
        return cli_fail(rc, &e);
    printf("%s: %s\n", id, changed ? "edited" : "unchanged");
    return cmd_end_output();
}
