/* Prompt templates from any bytes: the parser that users' own files go through. */
#include <stdint.h>
#include "../../daemon/template.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    struct template *t = NULL;
    struct err e;
    const struct template_step *steps;
    size_t n_steps;

    if (template_parse("fuzz", (const char *)bytes, n, &t, &e) == RC_OK) {
        n_steps = template_steps(t, &steps);
        if (n_steps == 0 && template_schema(t)) __builtin_trap(); /* without a step only an output can be written */
        for (size_t i = 0; i < n_steps; i++)
            if (!steps[i].name) __builtin_trap();
        template_close(t);
    }
    return 0;
}
