/* gazetteer_table.h: the layout of the table of words, shared by its maker and its reader: open addressing with linear
 * probing. A slot holds a mark, which stands for the word, and the number of its set of tags; 0: empty. */
#ifndef POLICY_GAZETTEER_TABLE_H
#define POLICY_GAZETTEER_TABLE_H

#include <stdint.h>

#define GAZETTEER_SLOTS    ((uint32_t)1 << 17)
#define GAZETTEER_SET_BITS 10
#define GAZETTEER_SETS     ((uint32_t)1 << GAZETTEER_SET_BITS)

extern const uint32_t gazetteer_slots[GAZETTEER_SLOTS];
extern const uint32_t gazetteer_sets[GAZETTEER_SETS];

static inline uint32_t gazetteer_place(uint64_t hash)
{
    return (uint32_t)hash % GAZETTEER_SLOTS;
}

/* Never 0, so that no word's slot is. */
static inline uint32_t gazetteer_mark(uint64_t hash)
{
    uint32_t mark = (uint32_t)(hash >> 42);

    return mark ? mark : 1;
}

/* gazetteer_tags(), for loops over many words; gazetteer_ahead() a few words before it fetches the slot. */
static inline uint32_t gazetteer_find(uint64_t hash)
{
    uint32_t mark = gazetteer_mark(hash);

    for (uint32_t at = gazetteer_place(hash);; at = (at + 1) % GAZETTEER_SLOTS) {
        uint32_t slot = gazetteer_slots[at];

        if (slot == 0) return 0;
        if (slot >> GAZETTEER_SET_BITS == mark) return gazetteer_sets[slot & (GAZETTEER_SETS - 1)];
    }
}

static inline void gazetteer_ahead(uint64_t hash)
{
    __builtin_prefetch(&gazetteer_slots[gazetteer_place(hash)]);
}

#endif
