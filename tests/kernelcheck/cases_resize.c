/* Cases of f32_resize. */
#include <math.h>
#include "kernelcheck.h"

/* Input 2 are scales or input 3 sizes; the last axes are resized, or all. */
static void resize(kc_suite *s, int i) {
    static const char *const modes[] = {"nearest", "linear", "cubic"};
    static const char *const nearests[] = {"round_prefer_floor", "round_prefer_ceil", "floor", "ceil"};
    static const char *const coordinates[] = {"half_pixel", "half_pixel_symmetric", "pytorch_half_pixel",
                                              "align_corners", "asymmetric"};
    const char *mode = modes[i % 3], *coordinate = coordinates[kc_random(s, 0, 4)];
    const int rank = kc_random(s, 0, 2) ? 4 : kc_random(s, 3, 5), largest = rank == 5 ? 4 : 9;
    kc_case *c = kc_begin(s, "resize %d: %s, %s, rank %d", i, mode, coordinate, rank);
    int64_t dim[5] = {kc_random(s, 1, 2), kc_random(s, 1, 40)}, size[5];
    for (int k = 2; k < rank; k++) dim[k] = kc_random(s, 1, largest);
    const bool odd = kc_random(s, 0, 7) == 0; /* batch and channels are resized as well */
    for (int k = 0; k < rank; k++) size[k] = k >= 2 || odd ? kc_random(s, 1, 2 * largest) : dim[k];
    c->dynamic = kc_random(s, 0, 1);
    int x = kc_input(c, HN_LAYOUT_CHANNELS_LAST, rank, dim);
    if (kc_random(s, 0, 3) == 0) ((float *)c->tensor[x].data)[0] = INFINITY;
    kc_text(c, "mode", mode);
    kc_text(c, "coordinate_transformation_mode", coordinate);
    if (i % 3 == 0) kc_text(c, "nearest_mode", nearests[kc_random(s, 0, 3)]);
    if (kc_random(s, 0, 2) == 0) kc_int(c, "exclude_outside", 1);
    int skip = odd ? 0 : kc_random(s, 0, 2), scales = -1, sizes = -1;
    const int64_t axes[5] = {0, 1, 2, 3, 4};
    if (skip) kc_ints(c, "axes", rank - skip, axes + skip);
    if (kc_random(s, 0, 1)) {
        const int64_t n = rank - skip;
        scales = kc_const(c, 1, &n);
        for (int k = skip; k < rank; k++)
            ((float *)c->tensor[scales].data)[k - skip] = ((float)size[k] + 0.25f) / (float)dim[k];
        for (int k = skip; k < 2 && !odd; k++) ((float *)c->tensor[scales].data)[k - skip] = 1;
    } else {
        sizes = kc_const_ints(c, rank - skip, size + skip);
    }
    kc_op(c, HN_OP_resize, 4, (int[]){x, -1, scales, sizes});
    kc_check(c, "f32_resize");
}

void kc_cases_resize(kc_suite *s) {
    if (s->bench) return;
    for (int i = 0; i < 120; i++) resize(s, i);
}
