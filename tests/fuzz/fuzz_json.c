/* json.h: the strict pass and the digits that are kept. */
#include "../../base/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cJSON *j;
    struct err e;
    if (json_parse((const char *)data, size, size % 2 ? JSON_NUMBERS_DIGITS : JSON_NUMBERS_DOUBLE, &j, &e) == RC_OK) {
        struct buf b;
        buf_init(&b, (size_t)1 << 24);
        json_print(&b, j);
        buf_clear(&b);
        cJSON_Delete(j);
    }
    return 0;
}
