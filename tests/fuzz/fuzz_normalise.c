/* Any bytes normalised: the result is valid UTF-8, at most four times as long, and its edits walk the input in order. */
#include <stdint.h>
#include <stdlib.h>

#include "../../base/str.h"
#include "../../policy/normalise.h"
#include "../../policy/values.h"
#include "../../policy/words.h"

static void check(int ok)
{
    if (!ok) abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const entities[] = {"MONEY", "DATE_TIME", "NUMBER"};
    struct normalised t;
    struct words w;
    struct value_locale l;

    check(normalise((const char *)data, size, 1 << 20, &t, NULL) == RC_OK);
    check(t.n <= 4 * size + 4 && utf8_valid_prefix(t.text, t.n) == t.n);
    for (size_t i = 0, before = 0; i < t.n; i++) {
        size_t start, end;

        normalise_span(&t, i, i + 1, &start, &end);
        check(start < end && end <= size && before <= start);
        before = start;
    }
    check(words_split(t.text, t.n, &w, NULL) == RC_OK);
    for (size_t i = 0; i < w.n; i++)
        check(w.items[i].start < w.items[i].end && w.items[i].end <= t.n);
    words_clear(&w);
    normalise_clear(&t);
    value_locale_init(&l, size && data[0] & 1 ? "de" : "en-US");
    l.today = 20000;
    for (size_t i = 0; i < 3; i++) {
        struct value v;
        struct buf b;

        value_parse(entities[i], (const char *)data, size, &l, &v);
        buf_init(&b, 1000);
        value_key(&v, &b);
        value_format(&v, "de", &b);
        buf_clear(&b);
    }
    return 0;
}
