/* `sources:` of a configuration from any YAML: mappings of every connector type, checked but not opened. */
#include <stdint.h>
#include "../../base/arena.h"
#include "../../connectors/connector.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    struct yaml *y = NULL;
    struct arena a;
    struct err e;
    const struct source_config *sources = NULL;

    if (yaml_parse("fuzz", (const char *)bytes, n, &y, &e) != RC_OK) return 0;
    arena_init(&a, (size_t)16 << 20);
    const struct yaml_node *root = yaml_root(y);
    const struct yaml_node *map = root->kind == YAML_MAP ? yaml_get(root, "sources") : NULL;
    enum rc rc = map ? sources_parse(y, map, false, &a, &sources, &e) : RC_BAD;
    for (const struct source_config *s = sources; rc == RC_OK && s; s = s->next)
        if (!connector_type_named(s->type) || !s->objects) __builtin_trap(); /* a valid one has both */
    arena_clear(&a);
    yaml_close(y);
    return 0;
}
