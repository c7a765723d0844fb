/* Cases of f32_conv_transpose. */
#include "kc_epilogue.h"

/* Whether each remainder by the stride meets a kernel position; the kernel leaves other strides to the reference. */
static bool covers(int64_t kernel, int64_t dilation, int64_t stride) {
    for (int64_t r = 0; r < stride; r++) {
        bool met = false;
        for (int64_t k = 0; k < kernel; k++) met = met || k * dilation % stride == r;
        if (!met) return false;
    }
    return true;
}

static void transposed(kc_suite *s, int i) {
    const int n = kc_random(s, 0, 3) ? 2 : kc_random(s, 1, 3);
    static const int64_t sizes[] = {1, 2, 3, 5, 8, 15, 16, 17, 24, 33, 48, 70};
    int64_t channels = sizes[kc_random(s, 0, 11)], filters = sizes[kc_random(s, 0, 11)];
    int64_t x_dim[5] = {kc_random(s, 1, 2), channels}, w_dim[5] = {channels, filters};
    int64_t stride[3], dilation[3], pad[6], extra[3];
    for (int k = 0; k < n; k++) {
        w_dim[k + 2] = kc_random(s, 1, n == 3 ? 3 : 5);
        dilation[k] = kc_random(s, 0, 2) ? 1 : kc_random(s, 2, 3);
        stride[k] = kc_random(s, 1, 4);
        if (!covers(w_dim[k + 2], dilation[k], stride[k])) stride[k] = 1;
        x_dim[k + 2] = kc_random(s, 2, n == 1 ? 300 : n == 2 ? 12 : 4);
        const int extent = (int)((w_dim[k + 2] - 1) * dilation[k]) + 1, most = extent / 2;
        pad[k] = kc_random(s, 0, most), pad[n + k] = kc_random(s, 0, most);
        extra[k] = kc_random(s, 0, (int)stride[k] - 1);
        if (stride[k] * (x_dim[k + 2] - 1) + extent + extra[k] - pad[k] - pad[n + k] < 1) pad[k] = pad[n + k] = 0;
    }
    kc_case *c =
        kc_begin(s, "%d: %d-D %lld>%lld kernel %lld stride %lld dilation %lld", i, n, (long long)channels,
                 (long long)filters, (long long)w_dim[n + 1], (long long)stride[n - 1], (long long)dilation[n - 1]);
    c->dynamic = kc_random(s, 0, 1);
    const int epilogue = i < KC_EPILOGUES ? i : 0;
    c->integers = epilogue < 3 && kc_random(s, 0, 1);
    int x = kc_input(c, HN_LAYOUT_CHANNELS_LAST, n + 2, x_dim), w = kc_const(c, n + 2, w_dim);
    int bias = kc_random(s, 0, 1) ? kc_const(c, 1, &filters) : -1;
    kc_ints(c, "strides", n, stride);
    kc_ints(c, "dilations", n, dilation);
    kc_ints(c, "pads", 2 * n, pad);
    if (kc_random(s, 0, 1)) kc_ints(c, "output_padding", n, extra);
    kc_epilogue(c, epilogue, kc_op(c, HN_OP_conv_transpose, 3, (int[]){x, w, bias}), 1);
    kc_check(c, "f32_conv_transpose");
}

static void refusals(kc_suite *s) {
    const int64_t dim[] = {1, 4, 5, 5}, kernel[] = {4, 4, 2, 2}, stride[] = {3, 3};
    kc_case *c = kc_begin(s, "outputs that no input reaches");
    int x = kc_input(c, HN_LAYOUT_CHANNELS_LAST, 4, dim), w = kc_const(c, 4, kernel);
    kc_ints(c, "strides", 2, stride);
    kc_op(c, HN_OP_conv_transpose, 2, (int[]){x, w});
    kc_check_refused(c, "f32_conv_transpose");
}

void kc_cases_conv_transpose(kc_suite *s) {
    if (s->bench) return;
    for (int i = 0; i < 90; i++) transposed(s, i);
    refusals(s);
}
