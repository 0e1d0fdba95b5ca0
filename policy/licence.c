/* licence.c: licences that models and their weights are published under. Identifiers and the OSI column are those of the
 * SPDX licence list; below them stand names that model files use in general.license for terms that have no SPDX
 * identifier. */
#include "licence.h"

#include <stddef.h>
#include "../base/err.h"
#include "../base/str.h"

static const struct {
    const char *id;
    bool approved;
} licences[] = {
    {"Apache-2.0", true},      {"MIT", true},          {"MIT-0", true},          {"BSD-2-Clause", true},
    {"BSD-3-Clause", true},    {"ISC", true},          {"Zlib", true},           {"Unlicense", true},
    {"BSL-1.0", true},         {"MPL-2.0", true},      {"EPL-2.0", true},        {"EUPL-1.2", true},
    {"LGPL-2.1-only", true},   {"LGPL-3.0-only", true}, {"GPL-2.0-only", true},  {"GPL-3.0-only", true},
    {"GPL-3.0-or-later", true}, {"AGPL-3.0-only", true}, {"AGPL-3.0-or-later", true}, {"Artistic-2.0", true},
    {"0BSD", true},            {"UPL-1.0", true},      {"MulanPSL-2.0", true},   {"NCSA", true},
    {"CC0-1.0", false},        {"CC-BY-4.0", false},   {"CC-BY-SA-4.0", false},  {"CC-BY-NC-4.0", false},
    {"CC-BY-NC-SA-4.0", false}, {"CDLA-Permissive-2.0", false}, {"BUSL-1.1", false},
    /* no SPDX identifiers */
    {"llama2", false},         {"llama3", false},      {"llama3.1", false},      {"llama3.2", false},
    {"llama3.3", false},       {"gemma", false},       {"openrail", false},      {"bigscience-openrail-m", false},
};

bool licence_known(const char *id, bool *approved)
{
    *approved = false;
    if (str_starts(id, "LicenseRef-") && id[11]) return true;
    for (size_t i = 0; i < COUNT_OF(licences); i++)
        if (str_eq_nocase(licences[i].id, id)) {
            *approved = licences[i].approved;
            return true;
        }
    return false;
}

const char *licence_near(const char *id)
{
    const char *ids[COUNT_OF(licences)];

    for (size_t i = 0; i < COUNT_OF(licences); i++) ids[i] = licences[i].id;
    return str_nearest(id, ids, COUNT_OF(ids));
}
