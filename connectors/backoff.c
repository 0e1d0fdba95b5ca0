#include "backoff.h"

#include <time.h>

#include "../base/crypto.h"

int64_t backoff_ms(int attempt, int64_t floor_ms)
{
    int64_t whole = BACKOFF_FIRST_MS, half;
    uint32_t noise = 0;

    for (int i = 2; i < attempt && whole < BACKOFF_MAX_MS; i++)
        whole *= 2;
    if (whole > BACKOFF_MAX_MS) whole = BACKOFF_MAX_MS;
    half = whole / 2;
    if (random_bytes(&noise, sizeof(noise), NULL) != RC_OK) noise = 0; /* then all wait the shortest time */
    return (half > floor_ms ? half : floor_ms) + (int64_t)(noise % (uint32_t)(half + 1));
}

int64_t backoff_full_ms(int attempt, int64_t first_ms, int64_t max_ms, int64_t floor_ms, uint32_t noise)
{
    int64_t whole = first_ms;

    for (int i = 2; i < attempt && whole < max_ms; i++)
        whole *= 2;
    if (whole > max_ms) whole = max_ms;
    return floor_ms + (int64_t)(((uint64_t)whole * noise) >> 32);
}

void backoff_sleep(int64_t ms)
{
    struct timespec t = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};

    nanosleep(&t, NULL); /* a signal ends it early, which is welcome: the program may be about to stop */
}
