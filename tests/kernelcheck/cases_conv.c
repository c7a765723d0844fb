/* Cases of f32_conv and f32_depthwise. */
#include "kc_epilogue.h"

/* A convolution; spatial sizes, kernel and so on in model order. */
typedef struct conv_case {
    int spatial;
    int64_t batch, channels, filters, group; /* channels and filters in all */
    int64_t in[3], kernel[3], stride[3], dilation[3], pad[6];
    const char *auto_pad; /* NULL: explicit */
    bool bias, dense;
    int epilogue;
} conv_case;

static void build(kc_case *c, const conv_case *v) {
    int rank = v->spatial + 2;
    int64_t x_dim[5] = {v->batch, v->channels}, w_dim[5] = {v->filters, v->channels / v->group};
    for (int i = 0; i < v->spatial; i++) x_dim[i + 2] = v->in[i], w_dim[i + 2] = v->kernel[i];
    int x = kc_input(c, HN_LAYOUT_CHANNELS_LAST, rank, x_dim), w = kc_const(c, rank, w_dim);
    int bias = v->bias ? kc_const(c, 1, &v->filters) : -1;
    kc_int(c, "group", v->group);
    kc_ints(c, "strides", v->spatial, v->stride);
    kc_ints(c, "dilations", v->spatial, v->dilation);
    if (v->auto_pad) kc_text(c, "auto_pad", v->auto_pad);
    else kc_ints(c, "pads", 2 * v->spatial, v->pad);
    int y = kc_op(c, HN_OP_conv, 3, (int[]){x, w, bias});
    if (v->dense) c->query.val[x].layout = HN_LAYOUT_DENSE;
    kc_epilogue(c, v->epilogue, y, 1);
}

/* Random window in which the output is not empty. */
static void random_window(kc_suite *s, conv_case *v, int largest) {
    static const char *const pads[] = {"SAME_UPPER", "SAME_LOWER", "VALID"};
    v->auto_pad = kc_random(s, 0, 4) == 0 ? pads[kc_random(s, 0, 2)] : NULL;
    for (int i = 0; i < v->spatial; i++) {
        v->kernel[i] = kc_random(s, 0, 2) == 0 ? 1 : kc_random(s, 1, 5);
        v->stride[i] = kc_random(s, 0, 1) ? 1 : kc_random(s, 1, 3);
        v->dilation[i] = kc_random(s, 0, 2) ? 1 : kc_random(s, 1, 3);
        int64_t extent = (v->kernel[i] - 1) * v->dilation[i] + 1;
        v->in[i] = extent + kc_random(s, 0, largest);
        v->pad[i] = kc_random(s, 0, (int)extent);
        v->pad[v->spatial + i] = kc_random(s, 0, (int)extent);
        if (v->auto_pad && v->auto_pad[0] == 'S') v->dilation[i] = 1;
    }
    v->bias = kc_random(s, 0, 1);
}

static void dense_conv(kc_suite *s, int epilogue) {
    static const int64_t sizes[] = {1, 2, 3, 4, 5, 8, 15, 16, 17, 24, 33, 64, 70, 130};
    conv_case v = {.spatial = kc_random(s, 0, 3) ? 2 : kc_random(s, 1, 3),
                   .batch = kc_random(s, 1, 2),
                   .group = 1,
                   .epilogue = epilogue};
    random_window(s, &v, v.spatial == 1 ? 60 : v.spatial == 2 ? 12 : 4);
    if (kc_random(s, 0, 4) == 0) v.group = kc_random(s, 2, 4);
    v.channels = sizes[kc_random(s, 0, v.spatial == 3 ? 8 : 13)] * v.group;
    v.filters = sizes[kc_random(s, 0, 12)] * v.group;
    v.dense = v.group == 1 && v.channels <= 4 && kc_random(s, 0, 1);
    kc_case *c = kc_begin(s, "%d-D %lld>%lld/%lld kernel %lldx%lldx%lld stride %lld pads %s%s epilogue %d", v.spatial,
                          (long long)v.channels, (long long)v.filters, (long long)v.group, (long long)v.kernel[0],
                          (long long)v.kernel[1], (long long)v.kernel[2], (long long)v.stride[v.spatial - 1],
                          v.auto_pad ? v.auto_pad : "explicit", v.dense ? " dense" : "", epilogue);
    c->dynamic = kc_random(s, 0, 1);
    c->integers = epilogue < 3 && kc_random(s, 0, 1);
    build(c, &v);
    kc_check(c, "f32_conv");
}

static void depthwise(kc_suite *s, int epilogue) {
    static const int64_t sizes[] = {1, 2, 3, 8, 15, 16, 17, 24, 33, 64, 72, 96};
    conv_case v = {
        .spatial = kc_random(s, 0, 3) ? 2 : kc_random(s, 1, 3), .batch = kc_random(s, 1, 2), .epilogue = epilogue};
    random_window(s, &v, v.spatial == 3 ? 8 : 30);
    v.group = v.channels = v.filters = sizes[kc_random(s, 0, 11)];
    kc_case *c = kc_begin(s, "%d-D depthwise %lld kernel %lldx%lldx%lld epilogue %d", v.spatial, (long long)v.channels,
                          (long long)v.kernel[0], (long long)v.kernel[1], (long long)v.kernel[2], epilogue);
    c->dynamic = kc_random(s, 0, 1);
    build(c, &v);
    kc_check(c, "f32_depthwise");
}

/* Large enough for several tasks and blocks. */
static void large(kc_suite *s) {
    conv_case v = {.spatial = 2,
                   .batch = 2,
                   .channels = 40,
                   .filters = 200,
                   .group = 1,
                   .in = {31, 29},
                   .kernel = {3, 3},
                   .stride = {1, 1},
                   .dilation = {1, 1},
                   .pad = {1, 1, 1, 1},
                   .bias = true,
                   .epilogue = 15};
    for (int i = 0; i < 4; i++) {
        kc_case *c = kc_begin(s, "large %d", i);
        if (i == 1) v.group = 4, v.channels = 80;
        if (i == 2)
            v = (conv_case){.spatial = 2,
                            .batch = 1,
                            .channels = 300,
                            .filters = 520,
                            .group = 1,
                            .in = {7, 7},
                            .kernel = {3, 3},
                            .stride = {1, 1},
                            .dilation = {1, 1},
                            .pad = {1, 1, 1, 1},
                            .epilogue = 11};
        if (i == 3)
            v = (conv_case){.spatial = 2,
                            .batch = 1,
                            .channels = 3,
                            .filters = 64,
                            .group = 1,
                            .in = {99, 101},
                            .kernel = {7, 7},
                            .stride = {2, 2},
                            .dilation = {1, 1},
                            .pad = {3, 3, 3, 3},
                            .dense = true,
                            .bias = true,
                            .epilogue = 1};
        build(c, &v);
        kc_check(c, "f32_conv");
    }
    v = (conv_case){.spatial = 2,
                    .batch = 2,
                    .channels = 144,
                    .filters = 144,
                    .group = 144,
                    .in = {40, 41},
                    .kernel = {5, 5},
                    .stride = {1, 1},
                    .dilation = {1, 1},
                    .pad = {2, 2, 2, 2},
                    .bias = true,
                    .epilogue = 8};
    kc_case *c = kc_begin(s, "large depthwise");
    build(c, &v);
    kc_check(c, "f32_depthwise");
}

static void refusals(kc_suite *s) {
    conv_case v = {.spatial = 2,
                   .batch = 1,
                   .channels = 8,
                   .filters = 8,
                   .group = 1,
                   .in = {5, 5},
                   .kernel = {3, 3},
                   .stride = {1, 1},
                   .dilation = {1, 1}};
    kc_case *c = kc_begin(s, "dense input with many channels");
    v.dense = true;
    build(c, &v);
    kc_check_refused(c, "f32_conv");
    c = kc_begin(s, "not depthwise");
    v.dense = false;
    build(c, &v);
    kc_check_refused(c, "f32_depthwise");
    c = kc_begin(s, "dense output");
    build(c, &v);
    c->query.val[c->query.op[0].out[0]].layout = HN_LAYOUT_DENSE;
    kc_check_refused(c, "f32_conv");
}

/* One layer of a network: size of the square input, channels, filters, kernel, stride, group. */
typedef struct layer {
    int64_t size, channels, filters, kernel, stride, group;
    int epilogue;
} layer;

static void bench(kc_suite *s) {
    static const layer layers[] = {
        {224, 3, 64, 7, 2, 1, 1},     {56, 64, 64, 1, 1, 1, 1},     {56, 64, 64, 3, 1, 1, 1},
        {56, 64, 256, 1, 1, 1, 15},   {56, 256, 64, 1, 1, 1, 1},    {56, 128, 128, 3, 2, 1, 1},
        {28, 128, 128, 3, 1, 1, 1},   {28, 128, 512, 1, 1, 1, 15},  {28, 512, 128, 1, 1, 1, 1},
        {56, 256, 512, 1, 2, 1, 0},   {14, 256, 256, 3, 1, 1, 1},   {14, 256, 1024, 1, 1, 1, 15},
        {14, 1024, 256, 1, 1, 1, 1},  {7, 512, 512, 3, 1, 1, 1},    {7, 512, 2048, 1, 1, 1, 15},
        {7, 2048, 512, 1, 1, 1, 1},   {112, 16, 96, 1, 1, 1, 2},    {56, 144, 24, 1, 1, 1, 0},
        {14, 576, 96, 1, 1, 1, 0},    {7, 960, 160, 1, 1, 1, 0},    {112, 32, 32, 3, 1, 32, 2},
        {112, 96, 96, 3, 2, 96, 2},   {56, 144, 144, 3, 1, 144, 2}, {28, 192, 192, 3, 1, 192, 2},
        {14, 384, 384, 3, 1, 384, 2}, {7, 960, 960, 3, 1, 960, 2},  {14, 480, 480, 5, 1, 480, 8},
        {56, 128, 128, 3, 1, 32, 1},
    };
    for (size_t i = 0; i < sizeof layers / sizeof layers[0]; i++) {
        const layer *l = &layers[i];
        int64_t p = l->kernel / 2;
        conv_case v = {.spatial = 2,
                       .batch = 1,
                       .channels = l->channels,
                       .filters = l->filters,
                       .group = l->group,
                       .in = {l->size, l->size},
                       .kernel = {l->kernel, l->kernel},
                       .stride = {l->stride, l->stride},
                       .dilation = {1, 1},
                       .pad = {p, p, p, p},
                       .bias = true,
                       .epilogue = l->epilogue};
        kc_case *c = kc_begin(s, "%lldx%lld %lld>%lld k%lld s%lld g%lld e%d", (long long)l->size, (long long)l->size,
                              (long long)l->channels, (long long)l->filters, (long long)l->kernel, (long long)l->stride,
                              (long long)l->group, l->epilogue);
        build(c, &v);
        double out = (double)((l->size + l->stride - 1) / l->stride);
        c->operations = 2 * out * out * (double)(l->filters * l->kernel * l->kernel * l->channels / l->group);
        kc_check(c, l->group == l->channels ? "f32_depthwise" : "f32_conv");
    }
}

void kc_cases_conv(kc_suite *s) {
    if (s->bench) {
        bench(s);
        return;
    }
    for (int i = 0; i < 5 * KC_EPILOGUES; i++) dense_conv(s, i % KC_EPILOGUES);
    for (int i = 0; i < 3 * KC_EPILOGUES; i++) depthwise(s, i % KC_EPILOGUES);
    large(s);
    refusals(s);
}
