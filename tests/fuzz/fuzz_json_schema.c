/* A JSON schema up to a NUL, then an output: no state is a dead end, its bound on the rest holds, and what is accepted
 * parses. */
#include <stdlib.h>
#include <string.h>
#include "../../base/json.h"
#include "../../inference/inference.h"

static void check_state(const struct constraint *c, const struct constraint_state *s)
{
    size_t least = constraint_least(c, s);

    for (int b = 0; b < 256 && least > 0; b++) {
        struct constraint_state next = *s;
        if (constraint_step(c, &next, (uint8_t)b) && constraint_least(c, &next) < least) return;
    }
    if (least > 0 || !constraint_accepts(c, s)) abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const slots[] = {"[A_1]"}, *const words[] = {"Anna"}, *const literals[] = {"net 30"};
    static const struct fact_lock lock = {slots, 1, words, 1, literals, 1, 0, true};
    size_t n = size ? strnlen((const char *)data + 1, size - 1) : 0, at = n + 2;
    struct constraint *c = NULL;
    struct constraint_state s;
    struct err e;

    if (size == 0) return 0;
    if (constraint_json_schema((const char *)data + 1, n, data[0] & 1 ? &lock : NULL, &c, &e) != RC_OK) return 0;
    constraint_start(c, &s);
    for (size_t begin = at;; at++) {
        check_state(c, &s);
        if (constraint_accepts(c, &s) && at > begin) {
            cJSON *j = NULL;
            if (json_parse((const char *)data + begin, at - begin, JSON_NUMBERS_DIGITS, &j, &e) != RC_OK) abort();
            cJSON_Delete(j);
        }
        if (at >= size || !constraint_step(c, &s, data[at])) break;
    }
    constraint_close(c);
    return 0;
}
