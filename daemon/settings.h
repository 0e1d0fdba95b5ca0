/* settings.h: the scalar settings of briefd.yaml as one table (name, type, default, range, reloadable, help) that
 * drives parsing, reload, `briefd --check` and the sample that `briefd --sample-config` prints. */
#ifndef DAEMON_SETTINGS_H
#define DAEMON_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "../base/arena.h"
#include "../base/buf.h"
#include "../base/err.h"
#include "../base/yaml.h"

/* Values after parsing. Texts live in the arena given to settings_parse(). Read-only for everybody else. */
struct settings {
    const char *store, *master_key, *address, *socket, *clock, *policy, *templates, *adapters;
    const char *model_path, *model_cpu, *model_activations, *model_chat_template, *model_kv_type, *model_adapter;
    int64_t model_threads;   /* 0: as many as cores */
    int64_t model_context, model_sequences, model_chunk;
    int64_t max_attempts, pause_percent;
    int64_t lease_us, drain_us, sync_every_us, reconcile_every_us;
    double temperature;
    const char *vault_lock, *sign_in, *log_level, *log_format;
};

enum setting_type { SETTING_TEXT, SETTING_CHOICE, SETTING_INT, SETTING_AUTO_INT, SETTING_DURATION, SETTING_REAL };

struct setting {
    const char *name;      /* "model.threads": a dot is one level of the file */
    enum setting_type type;
    size_t offset;         /* in struct settings */
    const char *standard;  /* default as it would be written */
    int64_t lo, hi;        /* INT, AUTO_INT ("auto" is 0), REAL in thousandths, DURATION in microseconds */
    const char *choices;   /* CHOICE: "a|b|c" */
    bool reloadable;       /* takes effect on SIGHUP; others need a restart */
    const char *help;
};
extern const struct setting settings_table[];
extern const size_t n_settings;

/* Read the settings from the root map; `others` are the keys that somebody else reads (sources, jobs, ...).
 * RC_BAD "path:line:column: ..." for unknown keys (with the nearest known one), wrong types and ranges. */
MUST_USE enum rc settings_parse(const struct yaml *y, const char *const *others, size_t n_others, struct arena *a,
                                struct settings *out, struct err *e);

/* A commented sample of every setting with its default, as YAML. */
void settings_print_sample(struct buf *b);

/* The name of the first setting that differs between two and is not reloadable, or NULL. */
const char *settings_needs_restart(const struct settings *old, const struct settings *new);

#endif
