/* Any bytes as a text: put into slots, sealed, opened and put back they are the same bytes, in both languages. */
#include <stdint.h>

#include "../policy/slotted_texts.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct policy *p;
    char *text = malloc(size + 1);
    struct buf slotted;

    if (!p) p = slotted_policy();
    if (!p || !text) abort();
    if (size) memcpy(text, data, size);
    text[size] = '\0';
    buf_init(&slotted, (size_t)16 << 20);
    if (slotted_fault(p, text, "en", &slotted) || slotted_fault(p, text, "de", &slotted)) abort();
    buf_clear(&slotted);
    free(text);
    return 0;
}
