/* gazetteer.c: see gazetteer.h. The table is gazetteer_table.c, which tools/make_gazetteer.c writes at build time. */
#include "gazetteer.h"

#include "gazetteer_table.h"

uint32_t gazetteer_tags(uint64_t hash)
{
    return gazetteer_find(hash);
}
