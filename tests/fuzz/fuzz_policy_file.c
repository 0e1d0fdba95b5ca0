/* Any bytes as a policy file: an error with a place, or a policy that answers. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../../policy/policy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static int fd = -1;
    char path[64];
    struct policy *p = NULL;
    struct err e = {""};
    enum rc rc;

    if (fd < 0) fd = memfd_create("policy", 0);
    if (fd < 0 || ftruncate(fd, 0) != 0 || pwrite(fd, data, size, 0) != (ssize_t)size) abort();
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    rc = policy_open(path, NULL, &p, &e);
    if (rc == RC_OK) {
        struct viewer v = {.role = "reader", .identity = "x"};
        (void)policy_may(p, &v, MAY_SEE, "x", NULL);
        (void)policy_wants_field(p, "opportunity", "account.name", "account", NULL);
    } else if (!*e.msg) {
        abort();
    }
    policy_close(p);
    return 0;
}
