/* commands.c: every command of briefctl, in the order in which --help lists them. */
#include "cli.h"
#include "cmd_model.h"
#include "cmd_redact.h"
#include "cmd_store.h"

const struct cli_command cli_commands[] = {
    {"brief", "make or show the brief of one record", cmd_brief},
    {"briefs", "list, show, approve, reject, edit briefs", cmd_briefs},
    {"explain", "a record, what the model saw of it, what came of it", cmd_explain},
    {"jobs", "what runs when; run, preview or watch it", cmd_jobs},
    {"sync", "queue what changed in a source", cmd_sync},
    {"sources", "list and test where records come from", cmd_sources},
    {"template", "render the prompt that the model would get", cmd_template},
    {"train", "an adapter from the briefs that people approved and edited", cmd_train},
    {"policy", "check, sign, compare policies", cmd_policy},
    {"audit", "verify, report, export the audit chain", cmd_audit_chain},
    {"erase", "remove one person from the store", cmd_erase},
    {"subject-report", "what is kept about one person", cmd_subject_report},
    {"staff-data", "what is recorded about employees", cmd_staff_data},
    {"actors", "who is behind a pseudonym of the audit, with two roles' keys", cmd_actors},
    {"retention", "remove what is older than the policy keeps it", cmd_retention},
    {"status", "which policy holds, and what the store holds", cmd_status},
    {"key", "keys of the people who sign in", cmd_key},
    {"redact", "redact JSON lines", cmd_redact},
    {"tokenize", "text to token ids", cmd_tokenize},
    {"logits", "the likeliest next tokens", cmd_logits},
    {"generate", "let a model write", cmd_generate},
    {"bench", "measure a model's speed", cmd_bench},
    {"model", "what a GGUF file is; check it", cmd_model},
};
const size_t n_cli_commands = COUNT_OF(cli_commands);
