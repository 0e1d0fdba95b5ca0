/* make_audit STORE.db MASTER.key N: an audit chain of N entries in an empty store, for tests/bench/audit. */
#include <stdlib.h>
#include "../daemon/audit_fill.h"

int main(int argc, char **argv)
{
    char dsn[4096];
    struct keyring *keys = NULL;
    struct store *s = NULL;
    struct err e = {"usage: make_audit STORE.db MASTER.key N"};
    enum rc rc = argc == 4 ? keyring_open(argv[2], &keys, &e) : RC_BAD;
    if (rc == RC_OK) {
        struct store_options opt = {.keys = keys};
        snprintf(dsn, sizeof(dsn), "sqlite:%s", argv[1]);
        rc = store_open(dsn, &opt, &s, &e);
    }
    if (rc == RC_OK && audit_fill(argv[1], keys, store_now_us(s), atoll(argv[3])) == 0)
        rc = err_set(&e, RC_BAD, "the chain could not be written");
    store_close(s);
    keyring_close(keys);
    if (rc != RC_OK)
        fprintf(stderr, "%s\n", e.msg);
    return rc != RC_OK;
}
