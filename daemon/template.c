#include "template.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "../base/arena.h"
#include "../base/buf.h"
#include "../base/str.h"

/* A template is compiled to a tree of operations; each part of it (system, user, subject, ...) is one list. */
enum op_kind { OP_TEXT, OP_VALUE, OP_IF, OP_EACH, OP_STEP };
struct op {
    enum op_kind kind;
    const char *text;   /* TEXT */
    size_t n;
    const char *path;   /* VALUE, IF, EACH */
    const char *word;   /* IF: compared with this, or NULL */
    bool differs;       /* IF: != */
    size_t step;        /* STEP: whose output; IF may also ask for one */
    bool on_step;
    unsigned newest;    /* EACH */
    unsigned tokens;    /* EACH salient */
    const struct op *then, *otherwise; /* IF; EACH uses then */
    const struct op *next;
};

struct step {
    struct template_step about;
    const struct op *system, *user;
};

struct template {
    struct arena arena;
    const char *name;
    char hash[SHA256_HEX_SIZE];
    const char *source; /* the file's bytes */
    size_t n_source;
    struct step steps[TEMPLATE_MAX_STEPS];
    struct template_step about[TEMPLATE_MAX_STEPS];
    size_t n_steps;
    bool has_output;
    const char *schema; /* or NULL */
    const struct op *subject, *body, *bullets;
};

/* ---- parsing ------------------------------------------------------------------------------------------------------------ */

struct tag {
    const char *words; /* between the braces, trimmed; in the arena */
    size_t line;
};

struct parser {
    struct template *t;
    const char *start, *at, *end;
    struct err *e;
};

static size_t line_of(const struct parser *p, const char *at)
{
    size_t line = 1;
    for (const char *c = p->start; c < at; c++)
        line += *c == '\n';
    return line;
}

static enum rc bad(const struct parser *p, size_t line, const char *what, const char *word)
{
    if (!word || !*word)
        return err_set(p->e, RC_BAD, "%s:%zu: %s", p->t->name, line, what);
    return err_set(p->e, RC_BAD, "%s:%zu: %s '%s'", p->t->name, line, what, word);
}

static enum rc no_memory(const struct parser *p)
{
    return err_set(p->e, RC_NOMEM, "%s: out of memory", p->t->name);
}

/* Read up to the next tag: literal text before it and the tag's words; words NULL at the end of the file. */
static enum rc next_tag(struct parser *p, const char **text, size_t *n, struct tag *tag)
{
    const char *open = p->at < p->end ? memmem(p->at, (size_t)(p->end - p->at), "{{", 2) : NULL;
    *text = p->at;
    *n = (size_t)((open ? open : p->end) - p->at);
    tag->words = NULL;
    if (!open) {
        p->at = p->end;
        return RC_OK;
    }
    const char *close = memmem(open, (size_t)(p->end - open), "}}", 2);
    tag->line = line_of(p, open);
    if (!close)
        return bad(p, tag->line, "'{{' without '}}'", "");
    const char *from = open + 2, *to = close;
    while (from < to && (*from == ' ' || *from == '\n'))
        from++;
    while (to > from && (to[-1] == ' ' || to[-1] == '\n'))
        to--;
    tag->words = arena_ndup(&p->t->arena, from, (size_t)(to - from));
    p->at = close + 2;
    return tag->words ? RC_OK : no_memory(p);
}

/* text[n] is a stretch of the file and ends without a NUL. */
static bool is_blank(const char *text, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!strchr(" \t\r\n", text[i]) || !text[i])
            return false;
    return true;
}

static bool is_tag(const struct tag *tag, const char *word)
{
    size_t n = strlen(word);
    return tag->words && strncmp(tag->words, word, n) == 0 && (tag->words[n] == '\0' || tag->words[n] == ' ');
}

static bool is_path(const char *s)
{
    return *s && strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.") == strlen(s);
}

/* Index of the step that "step.NAME" speaks of. */
static bool find_step(const struct template *t, const char *path, size_t *out)
{
    if (!str_starts(path, "step."))
        return false;
    for (size_t i = 0; i < t->n_steps; i++)
        if (strcmp(t->steps[i].about.name, path + 5) == 0) {
            *out = i;
            return true;
        }
    return false;
}

static enum rc set_path(struct parser *p, const struct tag *tag, const char *path, struct op *op)
{
    if (!is_path(path))
        return bad(p, tag->line, "a name such as account.name was expected instead of", path);
    op->path = path;
    op->on_step = str_starts(path, "step.");
    if (op->on_step && !find_step(p->t, path, &op->step))
        return bad(p, tag->line, "no earlier step is called", path + 5);
    return RC_OK;
}

/* if PATH [= WORD | != WORD] */
static enum rc parse_if_words(struct parser *p, const struct tag *tag, struct op *op)
{
    char *path = arena_dup(&p->t->arena, tag->words + 2);
    if (!path)
        return no_memory(p);
    path += strspn(path, " ");
    char *rest = path + strcspn(path, " ");
    if (*rest) {
        *rest++ = '\0';
        rest += strspn(rest, " ");
        op->differs = str_starts(rest, "!=");
        if (!op->differs && *rest != '=')
            return bad(p, tag->line, "'=' or '!=' was expected instead of", rest);
        rest += op->differs ? 2 : 1;
        op->word = rest + strspn(rest, " ");
    }
    return set_path(p, tag, path, op);
}

#define SALIENT "salient"
#define NOTE_TOKENS 16 /* that the line before each takes: kind, date, who */
#define SALIENT_TOKENS 400 /* of its texts, where the template says nothing */

static bool number_option(const char *word, const char *key, int64_t hi, unsigned *out)
{
    int64_t n;
    if (!str_starts(word, key) || !str_int64(word + strlen(key), 1, hi, &n))
        return false;
    *out = (unsigned)n;
    return true;
}

/* each LIST [newest=N] [tokens=N] */
static enum rc parse_each_words(struct parser *p, const struct tag *tag, struct op *op)
{
    char *save = NULL, *words = arena_dup(&p->t->arena, tag->words + 4);
    if (!words)
        return no_memory(p);
    const char *path = strtok_r(words, " ", &save);
    bool salient = path && strcmp(path, SALIENT) == 0;
    op->newest = RECORD_MAX_CHILDREN;
    op->tokens = SALIENT_TOKENS;
    for (char *word; (word = strtok_r(NULL, " ", &save));)
        if (!number_option(word, "newest=", RECORD_MAX_CHILDREN, &op->newest) &&
            !(salient && number_option(word, "tokens=", TEMPLATE_MAX_TOKENS, &op->tokens)))
            return bad(p, tag->line, salient ? "newest=N or tokens=N was expected instead of" : "newest=N was expected instead of", word);
    return set_path(p, tag, path ? path : "", op);
}

/* A tag that is none of a text's own operations: whoever opened the text says whether it may stand there. In a step
 * {{body}} is the field of that name; in the output it begins a part. */
static bool ends_ops(const struct parser *p, const struct tag *tag)
{
    static const char *const stops[] = {"else", "fi", "done", "user", "end", "system", "output", "body", "bullets"};
    size_t n = COUNT_OF(stops) - (p->t->has_output ? 0 : 2);
    for (size_t i = 0; tag->words && i < n; i++)
        if (strcmp(tag->words, stops[i]) == 0)
            return true;
    return !tag->words;
}

/* Operations up to a tag that is not one of them (else, fi, done, user, end, ...), which is left in *stop. */
static enum rc parse_ops(struct parser *p, const struct op **out, struct tag *stop, int depth)
{
    const struct op **tail = out;
    if (depth > 16)
        return bad(p, line_of(p, p->at), "nested too deep", "");
    for (;;) {
        const char *text;
        size_t n;
        struct tag tag;
        enum rc rc = next_tag(p, &text, &n, &tag);
        if (rc != RC_OK)
            return rc;
        if (n) {
            struct op *op = arena_alloc(&p->t->arena, sizeof(*op));
            if (!op || !(op->text = arena_ndup(&p->t->arena, text, n)))
                return no_memory(p);
            op->kind = OP_TEXT;
            op->n = n;
            *tail = op;
            tail = &op->next;
        }
        if (ends_ops(p, &tag)) {
            *stop = tag;
            return RC_OK;
        }
        if (tag.words[0] == '#')
            continue;
        struct op *op = arena_alloc(&p->t->arena, sizeof(*op));
        if (!op)
            return no_memory(p);
        *tail = op;
        tail = &op->next;
        struct tag inner = {0};
        if (is_tag(&tag, "if")) {
            op->kind = OP_IF;
            rc = parse_if_words(p, &tag, op);
            if (rc == RC_OK)
                rc = parse_ops(p, &op->then, &inner, depth + 1);
            if (rc == RC_OK && is_tag(&inner, "else"))
                rc = parse_ops(p, &op->otherwise, &inner, depth + 1);
            if (rc == RC_OK && !is_tag(&inner, "fi"))
                rc = bad(p, tag.line, "{{if}} without {{fi}}", "");
        } else if (is_tag(&tag, "each")) {
            op->kind = OP_EACH;
            rc = parse_each_words(p, &tag, op);
            if (rc == RC_OK)
                rc = parse_ops(p, &op->then, &inner, depth + 1);
            if (rc == RC_OK && !is_tag(&inner, "done"))
                rc = bad(p, tag.line, "{{each}} without {{done}}", "");
        } else {
            rc = set_path(p, &tag, tag.words, op);
            op->kind = op->on_step ? OP_STEP : OP_VALUE;
        }
        if (rc != RC_OK)
            return rc;
    }
}

static enum rc step_option(struct parser *p, const struct tag *tag, char *word, struct template_step *s)
{
    static const struct {
        const char *key;
        size_t offset;
        int64_t hi;
    } numbers[] = {{"newest=", offsetof(struct template_step, newest), RECORD_MAX_CHILDREN},
                   {"max_tokens=", offsetof(struct template_step, max_tokens), 4096},
                   {"sentences=", offsetof(struct template_step, max_sentences), 100}};
    int64_t v;
    for (size_t i = 0; i < COUNT_OF(numbers); i++)
        if (str_starts(word, numbers[i].key) && str_int64(word + strlen(numbers[i].key), 1, numbers[i].hi, &v)) {
            *(unsigned *)((char *)s + numbers[i].offset) = (unsigned)v;
            return RC_OK;
        }
    if (s->each && strcmp(s->each, SALIENT) == 0 && number_option(word, "tokens=", TEMPLATE_MAX_TOKENS, &s->tokens))
        return RC_OK;
    if (str_starts(word, "each=") && is_path(word + 5)) {
        s->each = word + 5;
        return RC_OK;
    }
    if (str_starts(word, "copy=") && is_path(word + 5)) {
        s->copy = word + 5;
        return RC_OK;
    }
    if (str_starts(word, "lead=") && is_path(word + 5)) {
        s->lead = word + 5;
        return RC_OK;
    }
    if (strcmp(word, "lines=yes") == 0) {
        s->lines = true;
        return RC_OK;
    }
    return bad(p, tag->line, "unknown or malformed step option", word);
}

/* {{step NAME options}} {{system}} ... {{user}} ... {{end}} */
static enum rc parse_step(struct parser *p, const struct tag *tag)
{
    struct template *t = p->t;
    struct step *s = &t->steps[t->n_steps];
    struct tag stop;
    const char *text;
    size_t n;
    char *save = NULL, *words = arena_dup(&t->arena, tag->words + 4);
    if (!words)
        return no_memory(p);
    if (t->n_steps == TEMPLATE_MAX_STEPS)
        return bad(p, tag->line, "more than 8 steps", "");
    s->about = (struct template_step){.newest = 4, .tokens = SALIENT_TOKENS, .max_tokens = 96, .max_sentences = 2};
    s->about.name = strtok_r(words, " ", &save);
    if (!s->about.name || !is_path(s->about.name))
        return bad(p, tag->line, "a step needs a name", "");
    enum rc rc = RC_OK;
    for (char *w; rc == RC_OK && (w = strtok_r(NULL, " ", &save));)
        rc = step_option(p, tag, w, &s->about);
    if (rc == RC_OK && s->about.lead && !s->about.copy)
        rc = bad(p, tag->line, "lead= goes with copy= only, in step", s->about.name);
    if (rc == RC_OK)
        rc = next_tag(p, &text, &n, &stop);
    if (rc == RC_OK && (!is_tag(&stop, "system") || !is_blank(text, n)))
        rc = bad(p, tag->line, "{{system}} was expected next in step", s->about.name);
    if (rc == RC_OK)
        rc = parse_ops(p, &s->system, &stop, 0);
    if (rc == RC_OK && !is_tag(&stop, "user"))
        rc = bad(p, tag->line, "{{user}} was expected in step", s->about.name);
    if (rc == RC_OK)
        rc = parse_ops(p, &s->user, &stop, 0);
    if (rc == RC_OK && !is_tag(&stop, "end"))
        rc = bad(p, tag->line, "{{end}} was expected after step", s->about.name);
    t->n_steps += rc == RC_OK;
    return rc;
}

/* {{output}} [{{subject}} ...] {{body}} ... [{{bullets}} ...] {{end}}. The first tag decides: inside the parts
 * {{subject}} is the record's field. */
static enum rc parse_output(struct parser *p, const struct tag *tag)
{
    struct template *t = p->t;
    struct tag stop;
    const char *text;
    size_t n;
    t->has_output = true;
    enum rc rc = next_tag(p, &text, &n, &stop);
    if (rc == RC_OK && !is_blank(text, n))
        rc = bad(p, tag->line, "text between {{output}} and its first part", "");
    if (rc == RC_OK && is_tag(&stop, "subject"))
        rc = parse_ops(p, &t->subject, &stop, 0);
    if (rc == RC_OK && !is_tag(&stop, "body"))
        rc = bad(p, tag->line, "{{body}} was expected in {{output}}", "");
    if (rc == RC_OK)
        rc = parse_ops(p, &t->body, &stop, 0);
    if (rc == RC_OK && is_tag(&stop, "bullets"))
        rc = parse_ops(p, &t->bullets, &stop, 0);
    if (rc == RC_OK && !is_tag(&stop, "end"))
        rc = bad(p, tag->line, "{{output}} without {{end}}", "");
    return rc;
}

/* The schema's text up to {{end}}: JSON has no "{{" outside strings, so it needs no quoting. */
static enum rc parse_schema(struct parser *p, const struct tag *tag)
{
    struct template *t = p->t;
    struct constraint *c = NULL;
    const char *text;
    struct tag stop;
    size_t n;
    enum rc rc = next_tag(p, &text, &n, &stop);
    if (rc != RC_OK)
        return rc;
    if (!is_tag(&stop, "end"))
        return bad(p, tag->line, "{{schema}} without {{end}}", "");
    if (!t->n_steps || t->steps[t->n_steps - 1].about.each)
        return bad(p, tag->line, "{{schema}} comes behind the step that follows it, which runs once", "");
    t->schema = arena_ndup(&t->arena, text, n);
    if (!t->schema)
        return no_memory(p);
    rc = constraint_json_schema(text, n, NULL, &c, p->e);
    constraint_close(c);
    if (rc != RC_OK)
        return err_wrap(p->e, rc, "%s:%zu", t->name, tag->line);
    t->has_output = true;
    return RC_OK;
}

static enum rc parse_file(struct parser *p)
{
    for (;;) {
        const char *text;
        size_t n;
        struct tag tag;
        enum rc rc = next_tag(p, &text, &n, &tag);
        if (rc != RC_OK)
            return rc;
        for (size_t i = 0; i < n; i++)
            if (!strchr(" \t\r\n", text[i]))
                return bad(p, line_of(p, text + i), "text outside a step", "");
        if (!tag.words)
            break;
        if (tag.words[0] == '#')
            continue;
        if (p->t->has_output)
            rc = bad(p, tag.line, "something behind the output", "");
        else if (is_tag(&tag, "step"))
            rc = parse_step(p, &tag);
        else if (is_tag(&tag, "output"))
            rc = parse_output(p, &tag);
        else if (is_tag(&tag, "schema"))
            rc = parse_schema(p, &tag);
        else
            rc = bad(p, tag.line, "{{step}}, {{output}} or {{schema}} was expected instead of", tag.words);
        if (rc != RC_OK)
            return rc;
    }
    if (!p->t->has_output || (p->t->schema && !p->t->n_steps))
        return bad(p, line_of(p, p->end), "a template needs an {{output}}, or a {{step}} and a {{schema}}", "");
    return RC_OK;
}

enum rc template_parse(const char *name, const char *text, size_t n, struct template **out, struct err *e)
{
    struct template *t = calloc(1, sizeof(*t));
    uint8_t hash[SHA256_SIZE];
    if (!t)
        return err_set(e, RC_NOMEM, "%s: out of memory", name);
    arena_init(&t->arena, 64 * TEMPLATE_MAX_BYTES);
    t->name = arena_dup(&t->arena, name);
    struct parser p = {.t = t, .start = text, .at = text, .end = text + n, .e = e};
    enum rc rc = t->name ? RC_OK : err_set(e, RC_NOMEM, "%s: out of memory", name);
    if (rc == RC_OK && (utf8_valid_prefix(text, n) != n || memchr(text, 0, n)))
        rc = bad(&p, line_of(&p, text + utf8_valid_prefix(text, n)), "invalid UTF-8 or a NUL byte", "");
    if (rc == RC_OK)
        rc = parse_file(&p);
    if (rc != RC_OK) {
        template_close(t);
        return rc;
    }
    sha256(text, n, hash);
    str_hex(hash, SHA256_SIZE, t->hash);
    t->n_source = n;
    t->source = arena_ndup(&t->arena, text, n);
    if (!t->source) {
        template_close(t);
        return err_set(e, RC_NOMEM, "%s: out of memory", name);
    }
    for (size_t i = 0; i < t->n_steps; i++)
        t->about[i] = t->steps[i].about;
    *out = t;
    return RC_OK;
}

enum rc template_open(const char *path, struct template **out, struct err *e)
{
    struct buf b;
    char chunk[8192];
    size_t n;
    FILE *f = fopen(path, "rbe");
    if (!f)
        return err_sys(e, RC_BAD, errno, "template %s", path);
    buf_init(&b, TEMPLATE_MAX_BYTES);
    while ((n = fread(chunk, 1, sizeof(chunk), f)) > 0)
        buf_add(&b, chunk, n);
    enum rc rc = ferror(f) ? err_sys(e, RC_BAD, errno, "template %s", path) : buf_check(&b, path, e);
    fclose(f);
    if (rc == RC_OK)
        rc = template_parse(path, b.data, b.len, out, e);
    buf_clear(&b);
    return rc;
}

void template_close(struct template *t)
{
    if (!t)
        return;
    arena_clear(&t->arena);
    free(t);
}

const char *template_hash(const struct template *t)
{
    return t->hash;
}

const char *template_name(const struct template *t)
{
    const char *slash = strrchr(t->name, '/');
    return slash ? slash + 1 : t->name;
}

const char *template_source(const struct template *t, size_t *n)
{
    *n = t->n_source;
    return t->source;
}

const char *template_schema(const struct template *t)
{
    return t->schema;
}

size_t template_steps(const struct template *t, const struct template_step **steps)
{
    *steps = t->about;
    return t->n_steps;
}

/* Read a file and see that it is of its kind. */
/* Is the list the step's output alone, white space aside? */
static bool is_step_alone(const struct op *op, size_t step)
{
    size_t n = 0;
    for (; op; op = op->next) {
        if (op->kind == OP_TEXT && is_blank(op->text, op->n))
            continue;
        if (op->kind != OP_STEP || op->step != step)
            return false;
        n++;
    }
    return n == 1;
}

enum template_part template_step_part(const struct template *t, size_t step)
{
    if (t->schema)
        return step + 1 == t->n_steps ? PART_BODY : PART_NONE;
    return is_step_alone(t->subject, step)   ? PART_SUBJECT
           : is_step_alone(t->body, step)    ? PART_BODY
           : is_step_alone(t->bullets, step) ? PART_BULLETS
                                             : PART_NONE;
}

static bool reads_steps(const struct op *op)
{
    for (; op; op = op->next)
        if (op->kind == OP_STEP || op->on_step || reads_steps(op->then) || reads_steps(op->otherwise))
            return true;
    return false;
}

bool template_step_reads_steps(const struct template *t, size_t step)
{
    return reads_steps(t->steps[step].system) || reads_steps(t->steps[step].user);
}

static enum rc open_kind(const char *path, enum purpose purpose, struct template **out, struct err *e)
{
    struct template *t = NULL;
    enum rc rc = template_open(path, &t, e);
    if (rc == RC_OK && (purpose == PURPOSE_ENRICHMENT) != (t->schema != NULL))
        rc = err_set(e, RC_BAD, "template %s: %s", path, t->schema ? "only enrichment has a {{schema}}" : "enrichment needs a {{schema}}");
    if (rc == RC_OK)
        *out = t;
    else
        template_close(t);
    return rc;
}

enum rc template_find(const char *folder, const char *object, enum purpose purpose, struct template **out, struct err *e)
{
    char own[1024], standard[1024];
    snprintf(own, sizeof(own), "%s/%s.%s.tmpl", folder, object, purpose_name(purpose));
    snprintf(standard, sizeof(standard), "%s/default.%s.tmpl", folder, purpose_name(purpose));
    if (access(own, F_OK) == 0)
        return open_kind(own, purpose, out, e);
    if (access(standard, F_OK) == 0)
        return open_kind(standard, purpose, out, e);
    return err_set(e, RC_BAD, "no template %s.%s.tmpl or default.%s.tmpl in %s", object, purpose_name(purpose),
                   purpose_name(purpose), folder);
}

/* ---- rendering ------------------------------------------------------------------------------------------------------------ */

struct span {
    enum segment_kind kind;
    size_t start, end;
};

/* Lines in the making: a line of the template that had tags and came to nothing leaves no empty line behind. */
struct render {
    struct buf text;
    struct span *spans;
    size_t n_spans, cap_spans;
    size_t line_start;
    bool line_had_tag;
    bool failed; /* out of memory for spans */
    bool without_steps; /* their words are left out, a line break in their place */
    const struct policy_node *root, *item;
    const struct step_output *outputs;
    const struct policy_admitted *admitted;
    struct reading how;
    bool salient;      /* the item is one of what was chosen: its text is as long as it may be */
    enum rc rc;        /* of choosing */
    struct err *e;
};

static void add(struct render *r, enum segment_kind kind, const char *bytes, size_t n)
{
    if (!n)
        return;
    struct span *last = r->n_spans ? &r->spans[r->n_spans - 1] : NULL;
    if (!last || last->kind != kind || kind == SEGMENT_SLOT || last->end != r->text.len) {
        if (r->n_spans == r->cap_spans) {
            size_t cap = r->cap_spans ? 2 * r->cap_spans : 64;
            struct span *bigger = reallocarray(r->spans, cap, sizeof(*bigger));
            if (!bigger) {
                r->failed = true;
                return;
            }
            r->spans = bigger;
            r->cap_spans = cap;
        }
        last = &r->spans[r->n_spans++];
        *last = (struct span){.kind = kind, .start = r->text.len};
    }
    buf_add(&r->text, bytes, n);
    last->end = r->text.len;
}

static void cut_back(struct render *r, size_t len)
{
    while (r->n_spans && r->spans[r->n_spans - 1].start >= len)
        r->n_spans--;
    if (r->n_spans && r->spans[r->n_spans - 1].end > len)
        r->spans[r->n_spans - 1].end = len;
    r->text.len = len;
    if (r->text.cap)
        r->text.data[len] = '\0';
}

static bool line_is_blank(const struct render *r)
{
    for (size_t i = r->line_start; i < r->text.len; i++)
        if (r->text.data[i] != ' ')
            return false;
    return true;
}

static void end_line(struct render *r)
{
    if (r->line_had_tag && line_is_blank(r))
        cut_back(r, r->line_start);
    else
        add(r, SEGMENT_TEMPLATE, "\n", 1);
    r->line_start = r->text.len;
    r->line_had_tag = false;
}

static void add_template_text(struct render *r, const char *s, size_t n)
{
    while (n) {
        const char *newline = memchr(s, '\n', n);
        size_t run = newline ? (size_t)(newline - s) : n;
        add(r, SEGMENT_TEMPLATE, s, run);
        if (!newline)
            return;
        end_line(r);
        s += run + 1;
        n -= run + 1;
    }
}

/* Data stays on its line: a run of white space with a line break becomes one space, so that a note cannot begin a
 * line that looks like the template's own. */
static void add_data(struct render *r, const char *s, size_t n)
{
    size_t from = 0;
    for (size_t i = 0; i < n; i++) {
        if (s[i] != '\n' && s[i] != '\r')
            continue;
        add(r, SEGMENT_DATA, s + from, i - from);
        while (i + 1 < n && strchr(" \t\r\n", s[i + 1]))
            i++;
        if (r->text.len && r->text.data[r->text.len - 1] != ' ')
            add(r, SEGMENT_DATA, " ", 1);
        from = i + 1;
    }
    add(r, SEGMENT_DATA, s + from, n - from);
}

static const struct policy_node *child(const struct policy_node *map, const char *name, size_t n)
{
    if (!map || map->kind != ADMITTED_MAP)
        return NULL;
    for (const struct policy_node *m = map->first; m; m = m->next)
        if (m->name && strncmp(m->name, name, n) == 0 && m->name[n] == '\0')
            return m;
    return NULL;
}

static const struct policy_node *look_up(const struct policy_node *map, const char *path)
{
    const struct policy_node *at = map;
    for (;;) {
        size_t n = strcspn(path, ".");
        at = child(at, path, n);
        if (!at || path[n] == '\0')
            return at;
        path += n + 1;
    }
}

/* The item's own fields come before the record's. */
static const struct policy_node *resolve(const struct render *r, const char *path)
{
    const struct policy_node *found = r->item ? look_up(r->item, path) : NULL;
    return found ? found : look_up(r->root, path);
}

static bool has_output(const struct step_output *o)
{
    for (size_t i = 0; i < o->n; i++)
        if (*o->texts[i])
            return true;
    return false;
}

static bool holds(const struct render *r, const struct op *op)
{
    if (op->on_step)
        return has_output(&r->outputs[op->step]);
    const struct policy_node *v = resolve(r, op->path);
    bool there = v && (v->kind == ADMITTED_LIST ? v->count > 0 : v->kind != ADMITTED_VALUE || v->n_pieces > 0);
    if (!op->word)
        return there;
    struct buf text;
    buf_init(&text, PROMPT_MAX_BYTES);
    for (size_t i = 0; there && v->kind == ADMITTED_VALUE && i < v->n_pieces; i++)
        buf_add(&text, v->pieces[i].bytes, v->pieces[i].n);
    bool same = there && strcmp(text.data, op->word) == 0;
    buf_wipe(&text);
    return same != op->differs;
}

static void render_ops(struct render *r, const struct op *op);

static void render_items(struct render *r, const struct op *op, const struct policy_node *list)
{
    const struct policy_node *outer = r->item;
    unsigned left = op->newest;
    for (const struct policy_node *item = list->first; item && left--; item = item->next) {
        r->item = item;
        render_ops(r, op->then);
    }
    r->item = outer;
}

static enum rc open_salient(const struct policy_admitted *a, const struct reading *how, unsigned tokens, unsigned newest,
                            struct policy_salient **out, struct err *e)
{
    const size_t bytes = how->tokens ? 1 : 3; /* what one unit of the room is */
    struct policy_room room = {.max = bytes * tokens * how->percent / 100,
                               .per_note = bytes * NOTE_TOKENS,
                               .max_notes = newest,
                               .cost = how->tokens,
                               .ctx = how->ctx};
    return policy_salient_open(a, &room, out, e);
}

static void render_salient(struct render *r, const struct op *op)
{
    struct policy_salient *s = NULL;
    bool outer = r->salient;
    if (r->rc != RC_OK || (r->rc = open_salient(r->admitted, &r->how, op->tokens, op->newest, &s, r->e)) != RC_OK)
        return;
    r->salient = true;
    render_items(r, op, policy_salient_list(s));
    r->salient = outer;
    policy_salient_close(s);
}

static void render_each(struct render *r, const struct op *op)
{
    const struct policy_node *list = resolve(r, op->path);
    if (list && list->kind == ADMITTED_LIST)
        render_items(r, op, list);
    else if (!list && strcmp(op->path, SALIENT) == 0)
        render_salient(r, op);
}

static void add_value(struct render *r, const struct policy_node *v)
{
    for (size_t i = 0; i < v->n_pieces; i++) {
        const struct policy_piece *piece = &v->pieces[i];
        if (piece->slot)
            add(r, SEGMENT_SLOT, piece->bytes, piece->n);
        else
            add_data(r, piece->bytes, piece->n);
    }
}

/* A long text is cut down to its salient sentences; what was chosen as salient already is not chosen from again. */
static void render_value(struct render *r, const struct policy_node *v)
{
    struct policy_room room = {.max = r->how.text_bytes * r->how.percent / 100};
    bool chosen = r->salient && (strcmp(v->name, "text") == 0 || strcmp(v->name, "old") == 0);
    struct policy_salient *s = NULL;
    size_t n = 0;
    for (size_t i = 0; i < v->n_pieces; i++)
        n += v->pieces[i].n;
    if (chosen || n <= room.max) {
        add_value(r, v);
        return;
    }
    if (r->rc != RC_OK || (r->rc = policy_condense(r->admitted, v, &room, &s, r->e)) != RC_OK)
        return;
    const struct policy_node *item = policy_salient_list(s)->first;
    if (item)
        add_value(r, item->first);
    policy_salient_close(s);
}

static void render_step(struct render *r, const struct step_output *o)
{
    if (r->without_steps)
        add(r, SEGMENT_TEMPLATE, "\n", 1);
    for (size_t i = 0, written = 0; i < (r->without_steps ? 0 : o->n); i++) {
        if (!*o->texts[i])
            continue;
        if (written++)
            add(r, SEGMENT_TEMPLATE, "\n", 1);
        add(r, SEGMENT_DATA, o->texts[i], strlen(o->texts[i])); /* the model's words are data as well */
    }
}

static void render_ops(struct render *r, const struct op *op)
{
    for (; op; op = op->next) {
        r->line_had_tag = r->line_had_tag || op->kind != OP_TEXT;
        switch (op->kind) {
        case OP_TEXT: add_template_text(r, op->text, op->n); break;
        case OP_STEP: render_step(r, &r->outputs[op->step]); break;
        case OP_IF: render_ops(r, holds(r, op) ? op->then : op->otherwise); break;
        case OP_EACH: render_each(r, op); break;
        case OP_VALUE: {
            const struct policy_node *v = resolve(r, op->path);
            if (v && v->kind == ADMITTED_VALUE)
                render_value(r, v);
            break;
        }
        }
        r->line_had_tag = r->line_had_tag || op->kind != OP_TEXT;
    }
}

/* Hand the rendered text over as segments, white space at both ends dropped. */
static enum rc finish(struct render *r, struct prompt *out, struct err *e)
{
    memset(out, 0, sizeof(*out));
    enum rc rc = buf_check(&r->text, "prompt", e);
    if (rc == RC_OK && r->failed)
        rc = err_set(e, RC_NOMEM, "prompt: out of memory");
    if (r->rc != RC_OK)
        rc = r->rc;
    if (rc != RC_OK)
        goto out;
    size_t from = 0, to = r->text.len;
    while (to > from && strchr(" \n", r->text.data[to - 1]))
        to--;
    while (from < to && strchr(" \n", r->text.data[from]))
        from++;
    cut_back(r, to);
    struct segment *segments = calloc(r->n_spans + 1, sizeof(*segments));
    char *bytes = segments ? buf_take(&r->text, NULL) : NULL;
    if (!bytes) {
        free(segments);
        rc = err_set(e, RC_NOMEM, "prompt: out of memory");
        goto out;
    }
    memmove(bytes, bytes + from, to - from);
    bytes[to - from] = '\0';
    for (size_t i = 0; i < r->n_spans; i++) {
        size_t start = r->spans[i].start > from ? r->spans[i].start - from : 0;
        size_t end = r->spans[i].end > from ? r->spans[i].end - from : 0;
        if (end > start)
            segments[out->n_segments++] = (struct segment){r->spans[i].kind, bytes + start, end - start};
    }
    out->bytes = bytes;
    out->n = to - from;
    out->segments = segments;
out:
    buf_wipe(&r->text);
    free(r->spans);
    return rc;
}

static struct reading reading_of(const struct reading *how)
{
    struct reading r = how ? *how : (struct reading){0};
    r.text_bytes = r.text_bytes ? r.text_bytes : TEMPLATE_TEXT_BYTES;
    r.percent = r.percent ? r.percent : 100;
    return r;
}

static enum rc render(const struct op *ops, const struct policy_admitted *a, const struct policy_node *item,
                      const struct step_output *outputs, const struct reading *how, bool salient, struct prompt *out, struct err *e)
{
    struct render r = {.root = policy_admitted_root(a), .item = item, .outputs = outputs,
                       .admitted = a, .how = reading_of(how), .salient = salient, .e = e};
    buf_init(&r.text, PROMPT_MAX_BYTES);
    render_ops(&r, ops);
    end_line(&r);
    return finish(&r, out, e);
}

/* All parts of the output, less what the steps wrote. */
static enum rc render_code(const struct template *t, const struct policy_admitted *a, const struct step_output *outputs, char **out,
                           struct err *e)
{
    const struct op *const parts[] = {t->subject, t->body, t->bullets};
    struct render r = {.root = policy_admitted_root(a), .outputs = outputs, .without_steps = true,
                       .admitted = a, .how = reading_of(NULL), .e = e};
    struct prompt p;
    buf_init(&r.text, PROMPT_MAX_BYTES);
    for (size_t i = 0; i < COUNT_OF(parts); i++) {
        render_ops(&r, parts[i]);
        end_line(&r);
    }
    enum rc rc = finish(&r, &p, e);
    if (rc != RC_OK)
        return rc;
    *out = p.bytes;
    p.bytes = NULL;
    prompt_clear(&p);
    return RC_OK;
}

enum rc prompt_render(const struct template *t, size_t step, const struct policy_admitted *a,
                      const struct policy_node *item, const struct step_output *outputs, const struct reading *how,
                      struct prompt *system, struct prompt *user, struct err *e)
{
    const struct step *s = &t->steps[step];
    bool salient = s->about.each && strcmp(s->about.each, SALIENT) == 0;
    enum rc rc = render(s->system, a, item, outputs, how, salient, system, e);
    if (rc != RC_OK)
        return rc;
    rc = render(s->user, a, item, outputs, how, salient, user, e);
    if (rc != RC_OK)
        prompt_clear(system);
    return rc;
}

/* The document as it is: nothing of it is a tag. */
static enum rc fields_render(const struct step_output *last, struct composition *out, struct err *e)
{
    const char *text = last->n ? last->texts[0] : "";
    out->subject.bytes = str_dup("");
    out->bullets.bytes = str_dup("");
    out->body.bytes = str_dup(text);
    out->body.n = strlen(text);
    if (out->subject.bytes && out->bullets.bytes && out->body.bytes)
        return RC_OK;
    composition_clear(out);
    return err_set(e, RC_NOMEM, "template: out of memory");
}

enum rc output_render(const struct template *t, const struct policy_admitted *a, const struct step_output *outputs,
                      struct composition *out, struct err *e)
{
    memset(out, 0, sizeof(*out));
    if (t->schema)
        return fields_render(&outputs[t->n_steps - 1], out, e);
    enum rc rc = render(t->subject, a, NULL, outputs, NULL, false, &out->subject, e);
    if (rc == RC_OK)
        rc = render(t->body, a, NULL, outputs, NULL, false, &out->body, e);
    if (rc == RC_OK)
        rc = render(t->bullets, a, NULL, outputs, NULL, false, &out->bullets, e);
    if (rc == RC_OK)
        rc = render_code(t, a, outputs, &out->by_code, e);
    if (rc != RC_OK)
        composition_clear(out);
    return rc;
}

void prompt_clear(struct prompt *p)
{
    if (p->bytes)
        crypto_wipe(p->bytes, p->n);
    free(p->bytes);
    free(p->segments);
    memset(p, 0, sizeof(*p));
}

void composition_clear(struct composition *c)
{
    prompt_clear(&c->subject);
    prompt_clear(&c->body);
    prompt_clear(&c->bullets);
    free(c->by_code);
    c->by_code = NULL;
}

const struct policy_node *template_value(const struct policy_admitted *a, const struct policy_node *item, const char *path)
{
    const struct policy_node *found = item ? look_up(item, path) : NULL;
    return found ? found : look_up(policy_admitted_root(a), path);
}

enum rc template_items_open(const struct template_step *s, const struct policy_admitted *a, const struct reading *how,
                            struct template_items *out, struct err *e)
{
    const struct policy_node *list = s->each ? look_up(policy_admitted_root(a), s->each) : NULL;
    struct reading r = reading_of(how);
    enum rc rc = RC_OK;
    memset(out, 0, sizeof(*out));
    if (!list && s->each && strcmp(s->each, SALIENT) == 0) {
        rc = open_salient(a, &r, s->tokens, s->newest, &out->salient, e);
        list = rc == RC_OK ? policy_salient_list(out->salient) : NULL;
    }
    if (!list || list->kind != ADMITTED_LIST)
        return rc;
    out->n = list->count < s->newest ? list->count : s->newest;
    out->first = list->first;
    return RC_OK;
}

void template_items_close(struct template_items *items)
{
    policy_salient_close(items->salient);
    memset(items, 0, sizeof(*items));
}
