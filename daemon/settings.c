#include "settings.h"

#include <stdio.h>
#include <string.h>
#include "../base/clock.h"
#include "../base/str.h"

#define AT(member) offsetof(struct settings, member)
#define SECOND INT64_C(1000000)

const struct setting settings_table[] = {
    {"store", SETTING_TEXT, AT(store), "sqlite:///var/lib/briefd/briefd.db", 0, 0, NULL, false,
     "where briefs, queue and audit live: sqlite:///PATH"},
    {"master_key", SETTING_TEXT, AT(master_key), "file:/etc/briefd/master.key", 0, 0, NULL, false,
     "key that wraps all others; made with mode 0600 at first start; keep it apart from the store's backups"},
    {"listen.address", SETTING_TEXT, AT(address), "127.0.0.1:8650", 0, 0, NULL, false,
     "address of the HTTP API; taken by the configuration, not yet served by this version"},
    {"listen.socket", SETTING_TEXT, AT(socket), "/run/briefd/briefd.sock", 0, 0, NULL, false,
     "Unix socket of the HTTP API; taken by the configuration, not yet served by this version"},
    {"clock", SETTING_TEXT, AT(clock), "system", 0, 0, NULL, true,
     "system, or a date YYYY-MM-DD that everything takes for today"},
    {"policy", SETTING_TEXT, AT(policy), "/etc/briefd/policy.yaml", 0, 0, NULL, true, "the policy file"},
    {"templates", SETTING_TEXT, AT(templates), "/etc/briefd/templates", 0, 0, NULL, true,
     "folder of prompt templates, OBJECT.KIND.tmpl"},
    {"adapters", SETTING_TEXT, AT(adapters), "/var/lib/briefd/adapters", 0, 0, NULL, false,
     "folder of what `briefctl train NAME` makes, NAME.gguf"},
    {"model.path", SETTING_TEXT, AT(model_path), "/usr/share/briefd/models/briefd-moe.gguf", 0, 0, NULL, false,
     "the model, a GGUF file"},
    {"model.threads", SETTING_AUTO_INT, AT(model_threads), "auto", 1, 256, NULL, false,
     "threads that compute; auto: as many as cores"},
    {"model.context", SETTING_INT, AT(model_context), "2048", 128, 1 << 20, NULL, false,
     "most tokens of one prompt with its answer"},
    {"model.sequences", SETTING_AUTO_INT, AT(model_sequences), "auto", 1, 256, NULL, false,
     "most sequences in flight at once; auto: 8"},
    {"model.chunk", SETTING_INT, AT(model_chunk), "256", 16, 4096, NULL, false,
     "most prompt tokens of one step, so that a long prompt does not stall the others"},
    {"model.cpu", SETTING_CHOICE, AT(model_cpu), "auto", 0, 0, "auto|scalar|avx2|avx512", false,
     "kernels to use; auto: the fastest that this processor has"},
    {"model.activations", SETTING_CHOICE, AT(model_activations), "auto", 0, 0, "auto|8|16", false,
     "bits of the integers that quantised weights are multiplied with: 8 is fastest, 16 next to exact; auto: 16 in small models"},
    {"model.kv_type", SETTING_CHOICE, AT(model_kv_type), "f16", 0, 0, "f16|q8", false,
     "numbers that the KV cache holds: half floats, or bytes with scales, in 53 % of the memory"},
    {"model.chat_template", SETTING_TEXT, AT(model_chat_template), "auto", 0, 0, NULL, false,
     "auto: the one that the file names; none: plain prompts; else a family (chatml, llama3, ...) or the template itself"},
    {"model.adapter", SETTING_TEXT, AT(model_adapter), "none", 0, 0, NULL, false,
     "an adapter that stands beside the model, by its name in `adapters`; none"},
    {"model.temperature", SETTING_REAL, AT(temperature), "0", 0, 2000, NULL, true,
     "0 writes the likeliest text; above 0 draws"},
    {"queue.max_attempts", SETTING_INT, AT(max_attempts), "5", 1, 100, NULL, true,
     "tries of a job before it becomes a dead letter"},
    {"queue.lease", SETTING_DURATION, AT(lease_us), "5m", 10 * SECOND, 86400 * SECOND, NULL, true,
     "how long a claimed job is another's business; a crash gives it back after this"},
    {"queue.sync_every", SETTING_DURATION, AT(sync_every_us), "5m", SECOND, 7 * 86400 * SECOND, NULL, true,
     "how often each source is asked for changes"},
    {"queue.reconcile_every", SETTING_DURATION, AT(reconcile_every_us), "24h", 60 * SECOND, 366 * 86400 * SECOND, NULL, true,
     "how often a source's ids and stamps are compared as a whole: finds late commits and deletions"},
    {"queue.pause_percent", SETTING_INT, AT(pause_percent), "20", 1, 100, NULL, true,
     "a run pauses when more of its last 200 briefs than this were refused or quarantined"},
    {"queue.drain", SETTING_DURATION, AT(drain_us), "30s", SECOND, 3600 * SECOND, NULL, true,
     "how long SIGTERM waits for what is in flight"},
    {"vault_lock", SETTING_CHOICE, AT(vault_lock), "required", 0, 0, "required|best_effort", true,
     "what to do when the system refuses locked memory (ulimit -l)"},
    {"sign_in", SETTING_CHOICE, AT(sign_in), "optional", 0, 0, "optional|required", true,
     "required: briefctl works only for people who sign in with a key of their own (briefctl key add, briefctl --as NAME)"},
    {"log.level", SETTING_CHOICE, AT(log_level), "info", 0, 0, "debug|info|warn|error", true, "least level that is logged"},
    {"log.format", SETTING_CHOICE, AT(log_format), "logfmt", 0, 0, "logfmt|json", true, "form of log lines"},
};
const size_t n_settings = COUNT_OF(settings_table);

static bool is_choice(const char *choices, const char *word)
{
    size_t n = strlen(word);
    for (const char *c = choices; *c; c += strcspn(c, "|"), c += *c == '|')
        if (strcspn(c, "|") == n && memcmp(c, word, n) == 0)
            return true;
    return false;
}

/* Write the value `text` into out; false if it is not of the setting's type or range. */
static bool set_value(const struct setting *s, const char *text, struct settings *out)
{
    void *at = (char *)out + s->offset;
    int64_t *number = at;
    double real;
    switch (s->type) {
    case SETTING_TEXT: *(const char **)at = text; return *text != '\0';
    case SETTING_CHOICE: *(const char **)at = text; return is_choice(s->choices, text);
    case SETTING_INT: return str_int64(text, s->lo, s->hi, number);
    case SETTING_AUTO_INT:
        if (strcmp(text, "auto") == 0) {
            *number = 0;
            return true;
        }
        return str_int64(text, s->lo, s->hi, number);
    case SETTING_DURATION: return duration_parse(text, number) && *number >= s->lo && *number <= s->hi;
    case SETTING_REAL:
        if (!str_double(text, (double)s->lo / 1000, (double)s->hi / 1000, &real))
            return false;
        *(double *)at = real;
        return true;
    }
    return false;
}

static void describe(const struct setting *s, char *out, size_t size)
{
    switch (s->type) {
    case SETTING_TEXT: snprintf(out, size, "a text"); break;
    case SETTING_CHOICE: snprintf(out, size, "one of %s", s->choices); break;
    case SETTING_INT: snprintf(out, size, "a whole number from %lld to %lld", (long long)s->lo, (long long)s->hi); break;
    case SETTING_AUTO_INT:
        snprintf(out, size, "auto or a whole number from %lld to %lld", (long long)s->lo, (long long)s->hi);
        break;
    case SETTING_DURATION:
        snprintf(out, size, "a duration from %llds to %llds", (long long)(s->lo / SECOND), (long long)(s->hi / SECOND));
        break;
    case SETTING_REAL: snprintf(out, size, "a number from %g to %g", (double)s->lo / 1000, (double)s->hi / 1000); break;
    }
}

static enum rc read_value(const struct setting *s, const struct yaml *y, const struct yaml_node *n, struct arena *a,
                          struct settings *out, struct err *e)
{
    char expected[96];
    if (n->kind == YAML_SCALAR) {
        const char *text = arena_dup(a, n->text);
        if (!text)
            return err_set(e, RC_NOMEM, "settings: out of memory");
        if (set_value(s, text, out))
            return RC_OK;
    }
    describe(s, expected, sizeof(expected));
    return yaml_bad(y, n, e, "%s: %s was expected here", s->name, expected);
}

/* The part of a setting's name at one level: names under `prefix`, up to the next dot. Returns how many. */
static size_t level_names(const char *prefix, const char *names[], char storage[][32])
{
    size_t n = 0, skip = strlen(prefix);
    for (size_t i = 0; i < n_settings; i++) {
        const char *name = settings_table[i].name;
        if (strncmp(name, prefix, skip) != 0)
            continue;
        size_t len = strcspn(name + skip, ".");
        if (n && strlen(storage[n - 1]) == len && strncmp(storage[n - 1], name + skip, len) == 0)
            continue; /* the table keeps a level together */
        snprintf(storage[n], 32, "%.*s", (int)len, name + skip);
        names[n] = storage[n];
        n++;
    }
    return n;
}

static const struct setting *find(const char *prefix, const char *key)
{
    size_t skip = strlen(prefix);
    for (size_t i = 0; i < n_settings; i++) {
        const char *name = settings_table[i].name;
        if (strncmp(name, prefix, skip) == 0 && strcmp(name + skip, key) == 0)
            return &settings_table[i];
    }
    return NULL;
}

static enum rc read_level(const struct yaml *y, const struct yaml_node *map, const char *prefix,
                          const char *const *others, size_t n_others, struct arena *a, struct settings *out, struct err *e)
{
    const char *names[COUNT_OF(settings_table) + 16];
    char storage[COUNT_OF(settings_table)][32], below[64];
    size_t n = level_names(prefix, names, storage);
    for (size_t i = 0; i < n_others && n < COUNT_OF(names); i++)
        names[n++] = others[i];
    enum rc rc = yaml_only(y, map, names, n, e);
    for (const struct yaml_node *m = map->first; rc == RC_OK && m; m = m->next) {
        const struct setting *s = find(prefix, m->key);
        bool other = false;
        for (size_t i = 0; i < n_others; i++)
            other = other || strcmp(m->key, others[i]) == 0;
        if (other)
            continue;
        snprintf(below, sizeof(below), "%s%s.", prefix, m->key);
        rc = s ? read_value(s, y, m, a, out, e) : read_level(y, m, below, NULL, 0, a, out, e);
    }
    return rc;
}

enum rc settings_parse(const struct yaml *y, const char *const *others, size_t n_others, struct arena *a,
                       struct settings *out, struct err *e)
{
    memset(out, 0, sizeof(*out));
    for (size_t i = 0; i < n_settings; i++)
        if (!set_value(&settings_table[i], settings_table[i].standard, out))
            return err_set(e, RC_INTERNAL, "settings: the default of %s is out of its range", settings_table[i].name);
    return read_level(y, yaml_root(y), "", others, n_others, a, out, e);
}

void settings_print_sample(struct buf *b)
{
    const char *open = "";
    size_t open_len = 0;
    for (size_t i = 0; i < n_settings; i++) {
        const struct setting *s = &settings_table[i];
        const char *dot = strchr(s->name, '.');
        size_t len = dot ? (size_t)(dot - s->name) : 0;
        if (len && (len != open_len || strncmp(open, s->name, len) != 0))
            buf_printf(b, "%.*s:\n", (int)len, s->name);
        open = s->name;
        open_len = len;
        const char *indent = dot ? "  " : "";
        buf_printf(b, "%s# %s%s\n%s%s: %s\n", indent, s->help, s->reloadable ? "" : " (needs a restart)", indent,
                   dot ? dot + 1 : s->name, s->standard);
    }
}

const char *settings_needs_restart(const struct settings *old, const struct settings *new)
{
    for (size_t i = 0; i < n_settings; i++) {
        const struct setting *s = &settings_table[i];
        const void *a = (const char *)old + s->offset, *b = (const char *)new + s->offset;
        bool text = s->type == SETTING_TEXT || s->type == SETTING_CHOICE;
        bool same = text ? strcmp(*(const char *const *)a, *(const char *const *)b) == 0
                         : memcmp(a, b, sizeof(int64_t)) == 0;
        if (!same && !s->reloadable)
            return s->name;
    }
    return NULL;
}
