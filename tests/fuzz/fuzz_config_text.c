/* Any YAML as a configuration to be kept: the masked text is YAML again and says the same when masked once more. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../../daemon/config_text.h"

static void mask(const struct yaml *y, struct buf *out)
{
    buf_init(out, (size_t)64 << 20);
    config_text(yaml_root(y), out);
    if (out->failed != RC_OK) abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct yaml *y = NULL, *again = NULL;
    struct buf once, twice;

    if (yaml_parse("briefd.yaml", (const char *)data, size, &y, NULL) != RC_OK) return 0;
    mask(y, &once);
    yaml_close(y);
    if (yaml_parse("kept", once.data, once.len, &again, NULL) == RC_OK) {
        mask(again, &twice);
        if (once.len != twice.len || memcmp(once.data, twice.data, once.len) != 0) abort();
        buf_clear(&twice);
    } else
        abort();
    yaml_close(again);
    buf_clear(&once);
    return 0;
}
