/* Cases of f32_instance_norm. */
#include <math.h>
#include "kernelcheck.h"

/* Channels that lose digits or are not finite; kind 0 leaves them as they are. */
static void special_numbers(kc_case *c, int x, int kind) {
    float *data = c->tensor[x].data;
    for (int64_t i = 0; i < hn_tensor_count(&c->tensor[x]); i++) {
        if (kind == 1) data[i] = 1000.1f;
        if (kind == 2) data[i] += 300;
    }
    if (kind == 3) data[0] = kc_random(c->suite, 0, 1) ? NAN : INFINITY;
}

static void normalize(kc_suite *s, int i, bool grouped) {
    const int rank = kc_random(s, 3, 5);
    const int64_t groups = grouped ? kc_random(s, 1, 4) : 1, channels = groups * kc_random(s, 1, 20);
    kc_case *c = kc_begin(s, "%s normalization %d, numbers %d", grouped ? "group" : "instance", i, i % 4);
    int64_t dim[5] = {kc_random(s, 1, 2), channels, kc_random(s, 1, 40), kc_random(s, 1, 11), kc_random(s, 1, 3)};
    if (i % 8 == 0) dim[2] = kc_random(s, 600, 900);
    c->dynamic = kc_random(s, 0, 1);
    const bool last = !grouped && kc_random(s, 0, 1);
    int x = kc_input(c, last ? HN_LAYOUT_CHANNELS_LAST : HN_LAYOUT_DENSE, rank, dim);
    special_numbers(c, x, i % 4);
    int scale = kc_const(c, 1, &channels), bias = kc_const(c, 1, &channels);
    if (kc_random(s, 0, 1)) kc_float(c, "epsilon", 1e-3f);
    if (grouped) kc_int(c, "num_groups", groups);
    kc_op(c, grouped ? HN_OP_group_normalization : HN_OP_instance_normalization, 3, (int[]){x, scale, bias});
    kc_check(c, "f32_instance_norm");
}

void kc_cases_instance(kc_suite *s) {
    if (s->bench) return;
    for (int i = 0; i < 40; i++) normalize(s, i, false);
    for (int i = 0; i < 20; i++) normalize(s, i, true);
}
