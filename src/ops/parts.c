/* The two parts of complex elements, and the one of all others. */
#include "ops/parts.h"
#include "ops/matmul/panel.h"

int hn_parts_of(hone_dtype dtype) { return dtype == HONE_COMPLEX64 || dtype == HONE_COMPLEX128 ? 2 : 1; }

void hn_part_load(double *to, const hn_tensor *t, int part, int64_t first, int64_t n) {
    const float *narrow = t->data;
    const double *wide = t->data;
    if (hn_parts_of(t->dtype) == 1) hn_panel_load(to, t, first, n);
    else if (t->dtype == HONE_COMPLEX64)
        for (int64_t i = 0; i < n; i++) to[i] = narrow[2 * (first + i) + part];
    else
        for (int64_t i = 0; i < n; i++) to[i] = wide[2 * (first + i) + part];
}

void hn_part_store(hn_tensor *t, int part, int64_t first, int64_t n, const double *from) {
    float *narrow = t->data;
    double *wide = t->data;
    if (hn_parts_of(t->dtype) == 1) hn_panel_store(t, first, n, from);
    else if (t->dtype == HONE_COMPLEX64)
        for (int64_t i = 0; i < n; i++) narrow[2 * (first + i) + part] = (float)from[i];
    else
        for (int64_t i = 0; i < n; i++) wide[2 * (first + i) + part] = from[i];
}
