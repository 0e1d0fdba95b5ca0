/* yaml.h: configuration files. */
#include "../../base/yaml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct yaml *y;
    struct err e;
    if (yaml_parse("fuzz", (const char *)data, size, &y, &e) == RC_OK)
        yaml_close(y);
    return 0;
}
