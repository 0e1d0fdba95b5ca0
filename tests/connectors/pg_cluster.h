/* pg_cluster.h: a private PostgreSQL cluster for one test program: in a directory of its own, on a Unix socket there,
 * gone with cluster_stop(). PostgreSQL refuses to run as root, so then its own user runs it. */
#ifndef TESTS_CONNECTORS_PG_CLUSTER_H
#define TESTS_CONNECTORS_PG_CLUSTER_H

#include <glob.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct cluster {
    char bin[256];  /* where initdb and pg_ctl are */
    char dir[64];
    char as[64];    /* "runuser -u postgres -- " or "" */
    char dsn[160];  /* of its database "postgres" */
};

static inline bool cluster_shell(const char *command)
{
    return system(command) == 0;
}

static inline bool cluster_has_server(const char *bin)
{
    char path[512];

    snprintf(path, sizeof(path), "%s/initdb", bin);
    return access(path, X_OK) == 0;
}

/* The newest version in Debian's place, else what pg_config names. */
static inline bool cluster_find(struct cluster *c)
{
    glob_t g = {0};
    FILE *p;

    c->bin[0] = '\0';
    if (glob("/usr/lib/postgresql/*/bin", 0, NULL, &g) == 0) snprintf(c->bin, sizeof(c->bin), "%s", g.gl_pathv[g.gl_pathc - 1]);
    globfree(&g);
    if (cluster_has_server(c->bin)) return true;
    p = popen("pg_config --bindir 2>/dev/null", "r");
    if (p && fgets(c->bin, sizeof(c->bin), p)) c->bin[strcspn(c->bin, "\n")] = '\0';
    if (p) pclose(p);
    return cluster_has_server(c->bin);
}

static inline bool cluster_start(struct cluster *c)
{
    char command[1024];

    snprintf(command, sizeof(command),
             "cd / && %s%s/pg_ctl -D %s/data -l %s/log -w -t 60 -o \"-k %s -c listen_addresses='' -c fsync=off"
             " -c log_statement=all\" start >/dev/null 2>&1", c->as, c->bin, c->dir, c->dir, c->dir);
    return cluster_shell(command);
}

/* mode: fast or immediate */
static inline bool cluster_halt(struct cluster *c, const char *mode)
{
    char command[1024];

    snprintf(command, sizeof(command), "cd / && %s%s/pg_ctl -D %s/data -w -m %s stop >/dev/null 2>&1", c->as, c->bin,
             c->dir, mode);
    return cluster_shell(command);
}

static inline void cluster_stop(struct cluster *c)
{
    char command[128];

    cluster_halt(c, "immediate");
    snprintf(command, sizeof(command), "rm -rf %s", c->dir);
    if (!cluster_shell(command)) fprintf(stderr, "%s could not be removed\n", c->dir);
}

/* False, saying why, if there is no server to start: then the test is to be skipped. */
static inline bool cluster_make(struct cluster *c)
{
    struct passwd *postgres = getpwnam("postgres");
    char command[1024];

    if (!cluster_find(c) || (geteuid() == 0 && !postgres)) {
        printf("SKIP: no PostgreSQL server is installed (Debian: postgresql)\n");
        return false;
    }
    strcpy(c->dir, "/tmp/briefd-pg-XXXXXX");
    if (!mkdtemp(c->dir)) return false;
    c->as[0] = '\0';
    if (geteuid() == 0) {
        strcpy(c->as, "runuser -u postgres -- ");
        if (chown(c->dir, postgres->pw_uid, postgres->pw_gid) != 0) return false;
    }
    snprintf(c->dsn, sizeof(c->dsn), "host=%s dbname=postgres user=briefd", c->dir);
    snprintf(command, sizeof(command),
             "cd / && %s%s/initdb -D %s/data -U briefd -A trust -E UTF8 --locale=C --no-sync >/dev/null 2>&1", c->as,
             c->bin, c->dir);
    if (cluster_shell(command) && cluster_start(c)) return true;
    printf("SKIP: a PostgreSQL cluster could not be started with %s\n", c->bin);
    cluster_stop(c);
    return false;
}

/* Statements that the server has logged so far. */
static inline long cluster_statements(const struct cluster *c)
{
    char path[128], line[4096];
    long n = 0;
    FILE *f;

    snprintf(path, sizeof(path), "%s/log", c->dir);
    f = fopen(path, "r");
    while (f && fgets(line, sizeof(line), f))
        n += strstr(line, "execute <unnamed>:") != NULL;
    if (f) fclose(f);
    return n;
}

#endif
