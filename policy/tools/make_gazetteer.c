/* make_gazetteer: writes the table of words (policy/gazetteer_table.h) as C, from the lists in etc/names.
 *
 * usage: make_gazetteer NAMES WORDS BUSINESS CUES > gazetteer_table.c */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../base/str.h"
#include "../gazetteer.h"
#include "../gazetteer_table.h"
#include "../words.h"

static uint32_t slots[GAZETTEER_SLOTS], tags_at[GAZETTEER_SLOTS];
static uint64_t hash_at[GAZETTEER_SLOTS];
static uint32_t sets[GAZETTEER_SETS];
static size_t n_words, n_sets;

static void fail(const char *what, const char *where)
{
    fprintf(stderr, "make_gazetteer: %s: %s\n", what, where);
    exit(1);
}

static void add(const char *word, uint32_t tags)
{
    struct words w;
    struct err e;

    if (words_split(word, strlen(word), &w, &e) != RC_OK) fail(e.msg, word);
    for (size_t i = 0; i < w.n; i++) {
        uint32_t at = gazetteer_place(w.items[i].hash);

        if (!w.items[i].letters) fail("a word with a digit, which nobody looks up", word);
        while (tags_at[at] && hash_at[at] != w.items[i].hash)
            at = (at + 1) % GAZETTEER_SLOTS;
        if (!tags_at[at] && ++n_words > GAZETTEER_SLOTS / 4 * 3) fail("the table is too small", word);
        hash_at[at] = w.items[i].hash;
        tags_at[at] |= tags;
    }
    words_clear(&w);
}

static const struct {
    const char *name;
    uint32_t tag;
} cue_tags[] = {{"title", TAG_TITLE},
                {"greeting", TAG_GREETING},
                {"closing", TAG_CLOSING},
                {"header", TAG_HEADER},
                {"legal", TAG_LEGAL},
                {"upper_legal", TAG_UPPER_LEGAL},
                {"dotted_legal", TAG_DOTTED_LEGAL},
                {"particle", TAG_PARTICLE},
                {"nobody", TAG_NOBODY},
                {"ask", TAG_ASK},
                {"speak", TAG_SPEAK},
                {"link", TAG_LINK},
                {"act", TAG_ACT},
                {"act_person", TAG_ACT_PERSON},
                {"role", TAG_ROLE},
                {"thing", TAG_THING},
                {"street", TAG_STREET},
                {"and", TAG_AND},
                {"weak_link", TAG_WEAK_LINK},
                {"place", TAG_PLACE},
                {"german", TAG_GERMAN},
                {"english", TAG_ENGLISH},
                {"month", TAG_MONTH},
                {"article", TAG_ARTICLE}};

static uint32_t cue_tag(const char *name)
{
    for (size_t i = 0; i < COUNT_OF(cue_tags); i++)
        if (str_eq(cue_tags[i].name, name)) return cue_tags[i].tag;
    fail("unknown tag", name);
    return 0;
}

static uint32_t name_tags(const char *flags)
{
    uint32_t tags = 0;

    for (; flags && *flags; flags++)
        tags |= *flags == 'f' ? TAG_FIRST : *flags == 'l' ? TAG_LAST : *flags == 'p' ? TAG_CITY : TAG_DOUBT;
    return tags;
}

enum list { NAMES, WORDS, BUSINESS, CUES };

static void read_line(char *line, enum list list)
{
    char *save = NULL, *first = strtok_r(line, " \n", &save);
    uint32_t tag;

    if (!first || *first == '#') return;
    if (list == NAMES) {
        add(first, name_tags(strtok_r(NULL, " \n", &save)));
    } else if (list == WORDS) {
        add(first, TAG_COMMON);
    } else if (list == BUSINESS) {
        for (char *word = first; word; word = strtok_r(NULL, " \n", &save))
            add(word, TAG_COMMON | TAG_BUSINESS);
    } else {
        first[strcspn(first, ":")] = '\0';
        tag = cue_tag(first);
        for (char *word; (word = strtok_r(NULL, " \n", &save));)
            add(word, tag);
    }
}

static void read_list(const char *path, enum list list)
{
    char line[4096];
    FILE *f = fopen(path, "r");

    if (!f) fail("can't be opened", path);
    while (fgets(line, sizeof(line), f))
        read_line(line, list);
    fclose(f);
}

/* The number of a set of tags. */
static uint32_t set_of(uint32_t tags)
{
    for (size_t i = 0; i < n_sets; i++)
        if (sets[i] == tags) return (uint32_t)i;
    if (n_sets == GAZETTEER_SETS) fail("too many sets of tags", "cues");
    sets[n_sets] = tags;
    return (uint32_t)n_sets++;
}

static void write_array(const char *name, const char *size, const uint32_t *values, size_t n)
{
    printf("const uint32_t %s[%s] = {", name, size);
    for (size_t i = 0; i < n; i++)
        printf("%s%u,", i % 16 ? "" : "\n", values[i]);
    printf("};\n");
}

int main(int argc, char **argv)
{
    if (argc != 5) {
        fprintf(stderr, "usage: make_gazetteer NAMES WORDS BUSINESS CUES\n");
        return 2;
    }
    read_list(argv[1], NAMES);
    read_list(argv[2], WORDS);
    read_list(argv[3], BUSINESS);
    read_list(argv[4], CUES);
    for (size_t i = 0; i < GAZETTEER_SLOTS; i++)
        if (tags_at[i]) slots[i] = gazetteer_mark(hash_at[i]) << GAZETTEER_SET_BITS | set_of(tags_at[i]);
    printf("/* Made by make_gazetteer from etc/names. */\n#include \"gazetteer_table.h\"\n\n");
    write_array("gazetteer_slots", "GAZETTEER_SLOTS", slots, GAZETTEER_SLOTS);
    write_array("gazetteer_sets", "GAZETTEER_SETS", sets, GAZETTEER_SETS);
    return fflush(stdout) == 0 && !ferror(stdout) ? 0 : 1;
}
