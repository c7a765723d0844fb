/* Weights into the panels of the GEMM core. The form is the same for every instruction set, so a plan moves between
 * them. */
#include <string.h>
#include "kernels/cpu/gemm/gemm_core.h"

void hn_gemm_pack(float *panels, const float *from, size_t depth, size_t n, int64_t stride_k, int64_t stride_n,
                  float scale) {
    for (size_t first = 0; first < n; first += HN_PANEL) {
        size_t columns = n - first < HN_PANEL ? n - first : HN_PANEL;
        for (size_t k = 0; k < depth; k++, panels += HN_PANEL) {
            const float *row = from + (int64_t)k * stride_k + (int64_t)first * stride_n;
            for (size_t j = 0; j < columns; j++) panels[j] = row[(int64_t)j * stride_n] * scale;
            memset(panels + columns, 0, (HN_PANEL - columns) * sizeof(float));
        }
    }
}
