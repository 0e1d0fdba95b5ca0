/* Any bytes as a line of `audit checkpoint`: what is taken has one spelling, and none is signed by a key of ours. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../../policy/policy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t seed[KEY_SIZE] = {1};
    struct ed25519_key key;
    struct audit_checkpoint c;
    char line[AUDIT_CHECKPOINT_SIZE], *text = malloc(size + 1);

    if (!text) return 0;
    memcpy(text, data, size);
    text[size] = '\0';
    if (audit_checkpoint_parse(text, &c)) {
        audit_checkpoint_format(&c, line);
        if (strncmp(line, text, strlen(line)) != 0) abort();
        if (ed25519_from_seed(seed, &key, NULL) != RC_OK || audit_checkpoint_valid(key.public_key, &c)) abort();
    }
    free(text);
    return 0;
}
