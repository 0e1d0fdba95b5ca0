/* address.h: postal addresses: a street and a number, and what goes on behind them: flat, postcode, city, state; as the
 * United States, Britain, Ireland, Canada, German-, French-, Dutch- and Scandinavian-speaking countries write them, on
 * one line or several. A street without a number counts only with a postcode behind it. */
#ifndef POLICY_ADDRESS_H
#define POLICY_ADDRESS_H

#include "name_rules.h"

/* An address whose street word is word i. Words must carry their tags. */
bool address_at(const struct name_text *t, size_t i, struct name_found *out);

#endif
