/* Prompt templates from any bytes: the parser that users' own files go through. */
#include <stdint.h>
#include "../../daemon/template.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    struct template *t = NULL;
    struct err e;
    const struct template_step *steps;

    if (template_parse("fuzz", (const char *)bytes, n, &t, &e) == RC_OK) {
        if (template_steps(t, &steps) == 0 || !steps[0].name) __builtin_trap(); /* a valid one has a step with a name */
        template_close(t);
    }
    return 0;
}
