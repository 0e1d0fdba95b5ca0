/* licence.h: what is known of a model's licence by its SPDX identifier (https://spdx.org/licenses/). */
#ifndef POLICY_LICENCE_H
#define POLICY_LICENCE_H

#include <stdbool.h>

/* Is it a licence that models come under, by its SPDX identifier or the name that model files use, or "LicenseRef-..."? *approved: by the Open Source
 * Initiative (https://opensource.org/licenses). */
bool licence_known(const char *id, bool *approved);
/* The nearest known one, or NULL. */
const char *licence_near(const char *id);

#endif
