/* nfc.h: Unicode normalisation form C, where the model's own tokenizer applies it. */
#ifndef INFERENCE_NFC_H
#define INFERENCE_NFC_H

#include <stddef.h>
#include "../base/err.h"

/* If text[n] is in NFC, *out is NULL. Otherwise *out (free it) has *n_out bytes: each stretch of valid UTF-8 in NFC,
 * invalid bytes as they are. Source: Unicode Standard Annex 15. RC_NOMEM; RC_LIMIT over 2^30 bytes. */
MUST_USE enum rc nfc(const char *text, size_t n, char **out, size_t *n_out, struct err *e);

#endif
