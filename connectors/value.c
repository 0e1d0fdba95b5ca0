#include "value.h"

#include "../base/clock.h"
#include "../base/str.h"

bool value_key_ok(const char *text, size_t n)
{
    if (!text || n == 0 || n > VALUE_MAX_KEY_BYTES) return false;
    if (utf8_valid_prefix(text, n) != n) return false;
    for (size_t i = 0; i < n; i++) {
        if ((unsigned char)text[i] < 0x20 || text[i] == 0x7f) return false;
    }
    return true;
}

bool value_deleted(const char *text)
{
    static const char *const no[] = {"", "0", "f", "false", "n", "no", "off"};

    if (!text) return false;
    for (size_t i = 0; i < sizeof(no) / sizeof(no[0]); i++) {
        if (str_eq_nocase(text, no[i])) return false;
    }
    return true;
}

bool value_stamp(const char *text, int64_t *us)
{
    int32_t days;

    if (timestamp_parse(text, us)) return true;
    if (!date_parse(text, &days)) return false;
    *us = days * CLOCK_DAY_US;
    return true;
}
