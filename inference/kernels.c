/* kernels.c: which kernels this processor can run. */
#include "kernels.h"

#include <stdlib.h>
#include "../base/str.h"

enum rc kernels_choose(enum cpu_path path, const struct kernels **out, struct err *e)
{
    static const char *const names[] = {"auto", "scalar", "avx2", "avx512"};
    const struct kernels *found[] = {NULL, &kernels_scalar, kernels_avx2(), kernels_avx512()};
    const char *wanted = getenv("BRIEFD_CPU");

    if (path == CPU_AUTO && wanted && *wanted) {
        for (size_t i = 0; i < COUNT_OF(names); i++)
            if (str_eq(wanted, names[i])) path = (enum cpu_path)i;
        if (path == CPU_AUTO && !str_eq(wanted, "auto"))
            return err_set(e, RC_BAD, "BRIEFD_CPU is '%.40s', not auto, scalar, avx2 or avx512", wanted);
    }
    if (path == CPU_AUTO) {
        *out = found[CPU_AVX512] ? found[CPU_AVX512] : found[CPU_AVX2] ? found[CPU_AVX2] : &kernels_scalar;
        return RC_OK;
    }
    if (!found[path]) return err_set(e, RC_BAD, "this processor cannot run the %s kernels", names[path]);
    *out = found[path];
    return RC_OK;
}

const struct weight_format *kernels_format(const struct kernels *k, uint32_t type)
{
    for (size_t i = 0; i < k->n_formats; i++)
        if (k->formats[i].type == type) return &k->formats[i];
    return NULL;
}
