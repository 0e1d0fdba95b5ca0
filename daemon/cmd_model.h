/* cmd_model.h: the commands of briefctl on one GGUF file. Commands of cli.h; none needs a daemon or a configuration.
 * Results are JSON on stdout (generate: text, as it comes), errors one line on stderr. */
#ifndef DAEMON_CMD_MODEL_H
#define DAEMON_CMD_MODEL_H

#include <stdbool.h>
#include "../inference/inference.h"

/* "auto", "off" or a number as engine_options.draft; false if it is none of these. */
bool cmd_draft_option(const char *text, int *out);
#define DRAFT_WRONG "--draft is auto, off or 1 to 15" /* what to say then */
/* "f16" or "q8"; false if it is none of these. */
bool cmd_kv_option(const char *text, enum kv_type *out);
#define KV_WRONG "--kv-type is f16 or q8"

int cmd_tokenize(const char *config, int argc, char **argv);
int cmd_logits(const char *config, int argc, char **argv);
int cmd_generate(const char *config, int argc, char **argv);
int cmd_bench(const char *config, int argc, char **argv);
int cmd_model(const char *config, int argc, char **argv);

#endif
