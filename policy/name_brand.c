/* name_brand.c: well-known companies and brands that are written like a person: "Morgan Stanley", "Hugo Boss", "Ernst & Young". */
#include "name_context.h"

#include "../base/err.h"
#include "name_rules.h"

/* First and second word, folded; "&" and "and" between them are passed over. */
static const struct {
    const char *first, *second;
} brands[] = {
    {"morgan", "stanley"},   {"charles", "schwab"},    {"hugo", "boss"},         {"harley", "davidson"},  {"ernst", "young"},
    {"eli", "lilly"},        {"merrill", "lynch"},     {"estee", "lauder"},      {"elizabeth", "arden"},  {"levi", "strauss"},
    {"fred", "perry"},       {"ted", "baker"},         {"john", "deere"},        {"john", "lewis"},       {"thomas", "cook"},
    {"raymond", "james"},    {"edward", "jones"},      {"booz", "allen"},        {"mary", "kay"},         {"rolls", "royce"},
    {"aston", "martin"},     {"alfa", "romeo"},        {"mercedes", "benz"},     {"baker", "hughes"},     {"baker", "mckenzie"},
    {"clifford", "chance"},  {"allen", "overy"},       {"smith", "nephew"},      {"arthur", "andersen"},  {"russell", "reynolds"},
    {"marsh", "mclennan"},   {"willis", "towers"},     {"jones", "lang"},        {"marks", "spencer"},    {"johnson", "johnson"},
    {"procter", "gamble"},   {"wells", "fargo"},       {"jack", "daniels"},      {"philip", "morris"},    {"calvin", "klein"},
    {"tommy", "hilfiger"},   {"ralph", "lauren"},      {"louis", "vuitton"},     {"yves", "rocher"},      {"christian", "dior"},
    {"jack", "wolfskin"},    {"jil", "sander"},        {"carl", "zeiss"},        {"robert", "bosch"},     {"robert", "half"},
    {"michael", "page"},     {"robert", "walters"},    {"max", "mara"},          {"black", "decker"},     {"jimmy", "choo"},
    {"michael", "kors"},     {"tom", "tailor"},        {"peek", "cloppenburg"},  {"ben", "jerry"},        {"ben", "jerrys"},
    {"franklin", "templeton"}, {"grant", "thornton"},  {"dean", "foster"},       {"vera", "bradley"},     {"betty", "barclay"},
    {"gerry", "weber"},      {"marc", "jacobs"},       {"kate", "spade"},        {"tory", "burch"},       {"jack", "jones"},
};

static bool pair(const struct word *a, const struct word *b)
{
    for (size_t i = 0; i < COUNT_OF(brands); i++)
        if (word_is(a, brands[i].first) && word_is(b, brands[i].second)) return true;
    return false;
}

/* Do words a and b stand side by side, with no more than " & " between? */
static bool beside(const struct name_text *t, size_t a, size_t b)
{
    if (t->w->items[b].start - t->w->items[a].end > sizeof(" and ") - 1) return false;
    for (size_t at = t->w->items[a].end; at < t->w->items[b].start; at++)
        if (t->text[at] == '\n' || t->text[at] == ',' || t->text[at] == '.') return false;
    return true;
}

bool name_rule_brand(const struct name_text *t, size_t i)
{
    for (size_t gap = 1; gap <= 2; gap++) {
        if (i + gap < t->w->n && (gap == 1 || t->w->items[i + 1].tags & TAG_AND) && beside(t, i, i + gap) &&
            pair(&t->w->items[i], &t->w->items[i + gap]))
            return true;
        if (i >= gap && (gap == 1 || t->w->items[i - 1].tags & TAG_AND) && beside(t, i - gap, i) &&
            pair(&t->w->items[i - gap], &t->w->items[i]))
            return true;
    }
    return false;
}
