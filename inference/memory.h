/* memory.h: how much memory there is. */
#ifndef INFERENCE_MEMORY_H
#define INFERENCE_MEMORY_H

#include <stddef.h>

/* Bytes that this process can still take without swapping, by the system and by its control group (version 2);
 * SIZE_MAX if the system does not say. */
size_t memory_available(void);

#endif
