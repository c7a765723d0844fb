/* Cases of f32_reduce. */
#include <math.h>
#include "kernelcheck.h"

static void reduce(kc_suite *s, int i) {
    static const hn_op_id ops[] = {HN_OP_reduce_sum, HN_OP_reduce_mean, HN_OP_reduce_max, HN_OP_reduce_min};
    static const int64_t extents[] = {1, 2, 3, 5, 8, 15, 16, 17, 33};
    const int rank = kc_random(s, 1, 5);
    kc_case *c = kc_begin(s, "%s %d", hn_op_at(ops[i % 4])->name, i);
    int64_t dim[5], axes[5], left = 20000;
    int n = 0;
    for (int k = 0; k < rank; k++) {
        dim[k] = extents[kc_random(s, 0, 8)];
        if (dim[k] > left) dim[k] = 1;
        left /= dim[k];
        if (kc_random(s, 0, 1)) axes[n++] = kc_random(s, 0, 1) ? k : k - rank;
    }
    if (i % 10 == 0) dim[kc_random(s, 0, rank - 1)] = kc_random(s, 500, 1500);
    c->dynamic = kc_random(s, 0, 1);
    int x = kc_input(c, rank >= 3 && kc_random(s, 0, 1) ? HN_LAYOUT_CHANNELS_LAST : HN_LAYOUT_DENSE, rank, dim);
    if (kc_random(s, 0, 3) == 0) ((float *)c->tensor[x].data)[0] = kc_random(s, 0, 1) ? NAN : -INFINITY;
    const int keep = kc_random(s, 0, 1);
    kc_int(c, "keepdims", keep);
    if (kc_random(s, 0, 3) == 0) kc_int(c, "noop_with_empty_axes", 1);
    const bool given = n > 0 || kc_random(s, 0, 1);
    int y = kc_op(c, ops[i % 4], given ? 2 : 1, (int[]){x, given ? kc_const_ints(c, n, axes) : -1});
    if (c->tensor[y].rank < rank || kc_random(s, 0, 1)) c->query.val[y].layout = HN_LAYOUT_DENSE;
    kc_check(c, "f32_reduce");
}

void kc_cases_reduce(kc_suite *s) {
    if (s->bench) return;
    for (int i = 0; i < 160; i++) reduce(s, i);
}
