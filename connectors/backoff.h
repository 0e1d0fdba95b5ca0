/* backoff.h: how long to wait before trying again. */
#ifndef CONNECTORS_BACKOFF_H
#define CONNECTORS_BACKOFF_H

#include <stdint.h>

#define BACKOFF_FIRST_MS 250
#define BACKOFF_MAX_MS 30000

/* Milliseconds before attempt number `attempt` (2 for the first retry): BACKOFF_FIRST_MS doubled each time up to
 * BACKOFF_MAX_MS, of which the second half is random, so that many clients do not come back at once. Never less
 * than floor_ms (a server's Retry-After), to which the random part is then added. */
int64_t backoff_ms(int attempt, int64_t floor_ms);
/* Milliseconds before attempt number `attempt` with full jitter: a share noise / 2^32 of first_ms doubled for each
 * retry after the first, up to max_ms, on top of floor_ms (a server's Retry-After). */
int64_t backoff_full_ms(int attempt, int64_t first_ms, int64_t max_ms, int64_t floor_ms, uint32_t noise);
void backoff_sleep(int64_t ms);

#endif
