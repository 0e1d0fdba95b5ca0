/* cmd_store.h: the commands of briefctl on the store and the pipeline. Commands of cli.h; each works in-process, by the
 * configuration that -c names. */
#ifndef DAEMON_CMD_STORE_H
#define DAEMON_CMD_STORE_H

int cmd_brief(const char *config, int argc, char **argv);
int cmd_explain(const char *config, int argc, char **argv);
int cmd_briefs(const char *config, int argc, char **argv);
int cmd_sync(const char *config, int argc, char **argv);
int cmd_sources(const char *config, int argc, char **argv);
int cmd_jobs(const char *config, int argc, char **argv);
int cmd_template(const char *config, int argc, char **argv);
int cmd_policy(const char *config, int argc, char **argv);
int cmd_audit_chain(const char *config, int argc, char **argv);
int cmd_subject_report(const char *config, int argc, char **argv);
int cmd_staff_data(const char *config, int argc, char **argv);
int cmd_actors(const char *config, int argc, char **argv);
int cmd_retention(const char *config, int argc, char **argv);
int cmd_status(const char *config, int argc, char **argv);
int cmd_key(const char *config, int argc, char **argv);
int cmd_erase(const char *config, int argc, char **argv);
int cmd_train(const char *config, int argc, char **argv);

#endif
