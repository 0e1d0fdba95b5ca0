/* Any bytes as header fields, and as an answer whose unreadable strings are mended. */
#include <stdlib.h>
#include <string.h>

#include "../../base/str.h"
#include "../../connectors/http_fields.h"
#include "../../connectors/rest.h"

static void check(int ok)
{
    if (!ok) abort();
}

/* Mended text is UTF-8, mending it again changes nothing, and JSON stays JSON. */
static void mend(const char *bytes, size_t n)
{
    struct buf once, twice;
    cJSON *doc = NULL;

    buf_init(&once, 6 * n + 16);
    buf_init(&twice, 6 * n + 16);
    rest_mend(bytes, n, &once);
    rest_mend(once.data, once.len, &twice);
    check(once.failed == RC_OK && twice.failed == RC_OK);
    check(utf8_valid_prefix(once.data, once.len) == once.len);
    check(once.len == twice.len && memcmp(once.data, twice.data, once.len) == 0);
    if (json_parse(bytes, n, JSON_NUMBERS_DIGITS, &doc, NULL) == RC_OK) {
        check(once.len == n && memcmp(once.data, bytes, n) == 0);
        cJSON_Delete(doc);
    }
    buf_clear(&once);
    buf_clear(&twice);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);
    struct buf out;
    int64_t v;

    check(text != NULL);
    memcpy(text, data, size);
    text[size] = '\0';
    buf_init(&out, size + 1);
    if (http_link(text, "next", &out)) check(out.failed == RC_OK && strstr(text, out.data) != NULL);
    buf_reset(&out);
    if (http_date(text, INT64_C(1780000000), &v)) check(v > INT64_C(-63000000000) && v < INT64_C(260000000000));
    if (http_retry_after(text, INT64_C(1780000000), &v)) check(v >= 0 && v <= INT64_C(365) * 86400000);
    mend((const char *)data, size);
    buf_clear(&out);
    free(text);
    return 0;
}
