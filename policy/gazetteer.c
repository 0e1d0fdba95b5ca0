/* gazetteer.c: see gazetteer.h. The table is gazetteer_table.c, which tools/make_gazetteer.c writes at build time. */
#include "gazetteer.h"

#include "gazetteer_table.h"

uint32_t gazetteer_tags(uint64_t hash)
{
    uint32_t mark = gazetteer_mark(hash);

    for (uint32_t at = gazetteer_place(hash);; at = (at + 1) % GAZETTEER_SLOTS) {
        uint32_t slot = gazetteer_slots[at];

        if (slot == 0) return 0;
        if (slot >> GAZETTEER_SET_BITS == mark) return gazetteer_sets[slot & (GAZETTEER_SETS - 1)];
    }
}
