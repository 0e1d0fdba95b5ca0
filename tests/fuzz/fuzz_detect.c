/* Any bytes through detection: spans lie in the input, in order, on no half characters where the input has whole ones. */
#include <stdint.h>
#include <stdlib.h>

#include "../../policy/detect.h"
#include "../../policy/names.h"
#include "../../policy/special.h"
#include "../../policy/suspicious.h"

static struct detect_set *set, *alone; /* with the automaton, and PCRE2 alone */
static struct names *names;
static struct special *special;
static struct suspicious *suspicious;

static void check(int ok)
{
    if (!ok) abort();
}

static void open_all(void)
{
    struct detect_options opt = {.facts = true, .locales = true, .no_context = true};

    check(detect_open(&opt, &set, NULL) == RC_OK);
    opt.pcre2_alone = true;
    check(detect_open(&opt, &alone, NULL) == RC_OK && names_open(&names, NULL) == RC_OK);
    check(special_open(&special, NULL) == RC_OK && suspicious_open(&suspicious, NULL) == RC_OK);
    check(names_add_person(names, 0, "Anna", "Weber", NULL, "Dr.", NULL) == RC_OK);
    check(names_add_person(names, 1, NULL, NULL, "Will van der Berg", NULL, NULL) == RC_OK);
    check(names_add_org(names, 0, "Acme GmbH", NULL) == RC_OK);
}

static void same_alone(const char *text, size_t size, const struct found *f, size_t n)
{
    struct found *g = NULL;
    size_t m = 0;

    check(detect_scan(alone, text, size, &g, &m, NULL) == RC_OK && m == n);
    for (size_t i = 0; i < n; i++)
        check(f[i].start == g[i].start && f[i].end == g[i].end && f[i].detector == g[i].detector && f[i].score == g[i].score);
    free(g);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data;
    struct found *f = NULL;
    struct name_found *nf = NULL;
    struct special_found *sf = NULL;
    size_t n = 0, start = 0, end = 0;
    bool bad = false;
    enum rc rc;

    if (!set) open_all();
    rc = detect_scan(set, text, size, &f, &n, NULL);
    check(rc == RC_OK || rc == RC_LIMIT);
    for (size_t i = 0; i < n; i++)
        check(f[i].start < f[i].end && f[i].end <= size && f[i].score > 0 && f[i].score <= 1);
    if (rc == RC_OK) same_alone(text, size, f, n);
    check(detect_resolve(f, &n, NULL) == RC_OK);
    for (size_t i = 1; i < n; i++)
        check(f[i - 1].end <= f[i].start);
    free(f);
    n = 0;
    check(names_scan(names, text, size, &nf, &n, NULL) == RC_OK);
    for (size_t i = 0; i < n; i++)
        check(nf[i].start < nf[i].end && nf[i].end <= size && (i == 0 || nf[i - 1].end <= nf[i].start));
    free(nf);
    n = 0;
    rc = special_scan(special, text, size, &sf, &n, NULL);
    check(rc == RC_OK || rc == RC_LIMIT);
    for (size_t i = 0; i < n; i++)
        check(sf[i].start < sf[i].end && sf[i].end <= size);
    free(sf);
    rc = suspicious_scan(suspicious, text, size, &bad, &start, &end, NULL);
    check(rc == RC_OK || rc == RC_LIMIT);
    check(!bad || (start < end && end <= size));
    return 0;
}
