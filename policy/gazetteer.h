/* gazetteer.h: what is known of a word: whether it is a first or last name somewhere, an ordinary word, or a word that
 * stands around names. One constant table, made at build time from etc/names (see its README.md for the sources). */
#ifndef POLICY_GAZETTEER_H
#define POLICY_GAZETTEER_H

#include <stdint.h>

enum gazetteer_tag {
    TAG_FIRST = 1 << 0,         /* a first name */
    TAG_LAST = 1 << 1,          /* a last name */
    TAG_DOUBT = 1 << 2,         /* a name, but as well an ordinary word, a place or a company */
    TAG_COMMON = 1 << 3,        /* an ordinary word of English, German or French */
    TAG_TITLE = 1 << 4,         /* Herr, Mrs, Dr */
    TAG_GREETING = 1 << 5,      /* Dear, Hallo */
    TAG_CLOSING = 1 << 6,       /* Regards, LG: the last word of a closing */
    TAG_HEADER = 1 << 7,        /* From, Attendees: a name behind its colon */
    TAG_LEGAL = 1 << 8,         /* GmbH, Inc */
    TAG_UPPER_LEGAL = 1 << 9,   /* AG, SE: a legal form only in capitals */
    TAG_DOTTED_LEGAL = 1 << 10, /* may begin S.p.A., Sp. z o.o. */
    TAG_PARTICLE = 1 << 11,     /* von, de la */
    TAG_NOBODY = 1 << 12,       /* follows a greeting, is nobody's name: team */
    TAG_ASK = 1 << 13,          /* told, asked: somebody follows */
    TAG_SPEAK = 1 << 14,        /* spoke, Gespräch: somebody follows its "with" */
    TAG_LINK = 1 << 15,         /* with, von: somebody may follow */
    TAG_ACT = 1 << 16,          /* said, wants: somebody or a company before it */
    TAG_ACT_PERSON = 1 << 17,   /* texted, laughed: somebody before it */
    TAG_ROLE = 1 << 18,         /* CFO, Einkauf */
    TAG_THING = 1 << 19,        /* Street, Bank, module: what stands before it is no person */
    TAG_STREET = 1 << 20,       /* Street, rue, Platz */
    TAG_AND = 1 << 21,
    TAG_WEAK_LINK = 1 << 22, /* from, bei: somebody or a company may follow */
    TAG_PLACE = 1 << 23,     /* in, until: a place or a time follows */
    TAG_GERMAN = 1 << 24,    /* frequent in German, where every noun has a capital */
    TAG_ENGLISH = 1 << 25,
    TAG_MONTH = 1 << 26,    /* or a season */
    TAG_ARTICLE = 1 << 27,  /* the, der */
    TAG_BUSINESS = 1 << 28, /* a word of business notes, or a well-known company */
    TAG_CITY = 1 << 30,     /* a name that is a city's as well */
    TAG_GENITIVE = 1 << 29  /* set by name_rules_tag(): the tags are those of the word without its last letter, an s */
};

/* Tags of the folded word whose hash this is (word_hash() in words.h); 0: nothing known. Two words may share one entry
 * with a chance below 1 in 100,000. */
uint32_t gazetteer_tags(uint64_t hash);

#endif
