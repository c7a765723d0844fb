/* f32_conv_transpose: ConvTranspose over channels-last tensors. The outputs whose position leaves the same remainder by
 * the stride on every axis (a class) meet the same kernel positions, so each class is a convolution of stride 1, run
 * line by line on the GEMM core; classes interleave in the output. */
#include <string.h>
#include "kernels/cpu/gemm/gemm_core.h"

enum { AXES = 3, SIZE_LIMIT = 1 << 20, STRIDE_LIMIT = 64, TAPS_MOST = 1024, TABLE_ENTRIES = 4096 };

typedef struct transposed {
    int8_t x, w, bias; /* value numbers; bias -1: none */
    uint8_t spatial;
    int32_t channels, filters;
    int32_t kernel[AXES], stride[AXES], dilation[AXES], pad[AXES];
    hn_epilogue epilogue;
} transposed;
_Static_assert(sizeof(transposed) <= HN_CONFIG_BYTES, "config");

/* Kernel positions of one axis that outputs of remainder r meet. */
typedef struct axis_taps {
    int n;
    int at[TAPS_MOST];
} axis_taps;

static void find_taps(const transposed *t, int axis, int r, axis_taps *out) {
    out->n = 0;
    for (int64_t k = 0; k < t->kernel[axis]; k++)
        if (k * t->dilation[axis] % t->stride[axis] == r) out->at[out->n++] = (int)k;
}

/* ---- the query ---- */

static bool parse_axes(hn_attrs attrs, const hn_qval *w, transposed *t) {
    const int n = t->spatial, lead = AXES - n;
    int64_t stride[AXES], dilation[AXES], pad[2 * AXES], kernel[AXES], taps = 1;
    if (hn_attrs_ints_exact(attrs, "strides", n, 1, stride, NULL) != HONE_OK ||
        hn_attrs_ints_exact(attrs, "dilations", n, 1, dilation, NULL) != HONE_OK ||
        hn_attrs_ints_exact(attrs, "pads", 2 * n, 0, pad, NULL) != HONE_OK ||
        hn_attrs_ints_exact(attrs, "kernel_shape", n, -1, kernel, NULL) != HONE_OK)
        return false;
    for (int i = 0; i < AXES; i++) t->kernel[i] = t->stride[i] = t->dilation[i] = 1;
    for (int i = 0; i < n; i++) {
        const int64_t size = w->dim[i + 2].min;
        if (kernel[i] != -1 && kernel[i] != size) return false;
        if (size > TAPS_MOST || (taps *= size) > TAPS_MOST || stride[i] < 1 || stride[i] > STRIDE_LIMIT ||
            dilation[i] < 1 || dilation[i] > SIZE_LIMIT || pad[i] < 0 || pad[i] > SIZE_LIMIT)
            return false;
        t->kernel[lead + i] = (int32_t)size, t->stride[lead + i] = (int32_t)stride[i];
        t->dilation[lead + i] = (int32_t)dilation[i], t->pad[lead + i] = (int32_t)pad[i];
    }
    return true;
}

/* Automatic padding and given output sizes decide the padding later than this kernel wants to know it. */
static bool parse_attrs(const hn_query *q, const hn_qval *w, transposed *t) {
    hn_arena scratch;
    hn_attrs attrs;
    hn_arena_init(&scratch, NULL);
    const bool ok = hn_query_attrs(q, 0, &scratch, &attrs, NULL) == HONE_OK &&
                    hn_attrs_text_is(attrs, "auto_pad", "NOTSET", "NOTSET") && !hn_attrs_find(attrs, "output_shape") &&
                    hn_attrs_int(attrs, "group", 1) == 1 && parse_axes(attrs, w, t);
    hn_arena_free(&scratch);
    return ok;
}

static bool is_weight(const hn_qval *w) {
    int64_t count = 1;
    if (w->role != HN_ROLE_CONST || w->dtype != HONE_FLOAT32 || w->rank < 3 || w->rank > 5) return false;
    for (int i = 0; i < w->rank; i++) {
        if (w->dim[i].min != w->dim[i].max || w->dim[i].min < 1) return false;
        if (__builtin_mul_overflow(count, w->dim[i].min, &count) || count > INT32_MAX) return false;
    }
    return true;
}

static bool is_bias(const hn_qval *b, int64_t n) {
    return b->role == HN_ROLE_CONST && b->dtype == HONE_FLOAT32 && b->rank == 1 && b->dim[0].min == n &&
           b->dim[0].max == n;
}

/* Every class needs a kernel position. */
static bool classes_have_taps(const transposed *t) {
    axis_taps taps;
    for (int i = 0; i < AXES; i++)
        for (int r = 0; r < t->stride[i]; r++) {
            find_taps(t, i, r, &taps);
            if (taps.n == 0) return false;
        }
    return true;
}

static bool parse(const hn_query *q, transposed *t) {
    memset(t, 0, sizeof *t);
    if (q->n_op < 1 || q->op[0].op != HN_OP_conv_transpose || q->op[0].n_in < 2) return false;
    const hn_qop *op = &q->op[0];
    t->x = op->in[0], t->w = op->in[1], t->bias = op->n_in > 2 ? op->in[2] : -1;
    if (t->x < 0 || t->w < 0) return false;
    const hn_qval *x = &q->val[t->x], *w = &q->val[t->w], *y = &q->val[op->out[0]];
    if (!is_weight(w) || x->dtype != HONE_FLOAT32 || x->role == HN_ROLE_CONST) return false;
    if (x->rank != w->rank || y->rank != w->rank) return false;
    if (x->layout != HN_LAYOUT_CHANNELS_LAST || y->layout != HN_LAYOUT_CHANNELS_LAST) return false;
    t->spatial = (uint8_t)(w->rank - 2);
    t->channels = (int32_t)w->dim[0].min, t->filters = (int32_t)w->dim[1].min;
    if (t->bias >= 0 && !is_bias(&q->val[t->bias], t->filters)) return false;
    return parse_attrs(q, w, t) && classes_have_taps(t) && hn_epilogue_parse(q, 1, &t->epilogue);
}

static bool supports(const hn_query *q) {
    transposed t;
    return parse(q, &t);
}

static hone_status prepare(const hn_query *q, void *config, hn_diag *diag) {
    transposed t;
    if (!parse(q, &t)) HN_FAIL(diag, HONE_INTERNAL, "f32_conv_transpose was given a query that it does not support");
    memcpy(config, &t, sizeof t);
    return HONE_OK;
}

static int64_t taps_of(const transposed *t) { return (int64_t)t->kernel[0] * t->kernel[1] * t->kernel[2]; }

static double cost(const hn_query *q) {
    transposed t;
    if (!parse(q, &t)) return 1;
    double in = 1;
    for (int i = 0; i < q->val[t.x].rank; i++) in *= (double)q->val[t.x].dim[i].opt;
    const double columns = (double)hn_panel_count((size_t)t.filters) * HN_PANEL * (double)taps_of(&t);
    return hn_gemm_seconds(in * columns, 4 * in);
}

/* ---- weights: class after class, each [panel][tap][channel][16] ---- */

typedef struct class_walk {
    int r[AXES];
    axis_taps taps[AXES];
    int64_t n; /* taps of the class */
} class_walk;

static void class_set(const transposed *t, const int *r, class_walk *c) {
    c->n = 1;
    for (int i = 0; i < AXES; i++) {
        c->r[i] = r[i];
        find_taps(t, i, r[i], &c->taps[i]);
        c->n *= c->taps[i].n;
    }
}

static int64_t class_tap(const transposed *t, const class_walk *c, int64_t tap, int *k) {
    for (int i = AXES - 1; i >= 0; i--) k[i] = c->taps[i].at[tap % c->taps[i].n], tap /= c->taps[i].n;
    return ((int64_t)k[0] * t->kernel[1] + k[1]) * t->kernel[2] + k[2];
}

/* Taps on axis `axis` of the remainders below r. */
static int64_t taps_below(const transposed *t, int axis, int r) {
    int64_t n = 0;
    for (int64_t k = 0; k < t->kernel[axis]; k++) n += k * t->dilation[axis] % t->stride[axis] < r;
    return n;
}

/* Classes are ordered by their remainders, the last axis varying fastest. */
static int64_t taps_before(const transposed *t, const class_walk *c) {
    return taps_below(t, 0, c->r[0]) * t->kernel[1] * t->kernel[2] +
           c->taps[0].n * (taps_below(t, 1, c->r[1]) * t->kernel[2] + c->taps[1].n * taps_below(t, 2, c->r[2]));
}

static size_t tap_floats(const transposed *t) { return hn_panel_floats((size_t)t->channels, (size_t)t->filters); }

static size_t packed_size(const hn_query *q, const void *config, int val) {
    (void)q;
    const transposed *t = config;
    return val == t->w ? tap_floats(t) * (size_t)taps_of(t) * sizeof(float) : 0;
}

static void pack_class(const transposed *t, const class_walk *c, const hn_tensor *from, float *to) {
    const int64_t filter = from->stride[1], depth = t->channels;
    for (int64_t panel = 0; panel < (int64_t)hn_panel_count((size_t)t->filters); panel++)
        for (int64_t tap = 0; tap < c->n; tap++) {
            int k[AXES];
            const float *weights = (const float *)from->data + panel * HN_PANEL * filter + class_tap(t, c, tap, k);
            const int64_t columns = t->filters - panel * HN_PANEL;
            hn_gemm_pack(to + (panel * c->n + tap) * depth * HN_PANEL, weights, (size_t)depth,
                         columns < HN_PANEL ? (size_t)columns : HN_PANEL, from->stride[0], filter, 1);
        }
}

static void pack(const hn_query *q, const void *config, int val, const hn_tensor *from, void *to) {
    (void)q, (void)val;
    const transposed *t = config;
    class_walk c;
    int r[AXES];
    for (r[0] = 0; r[0] < t->stride[0]; r[0]++)
        for (r[1] = 0; r[1] < t->stride[1]; r[1]++)
            for (r[2] = 0; r[2] < t->stride[2]; r[2]++) {
                class_set(t, r, &c);
                pack_class(t, &c, from, (float *)to + (size_t)taps_before(t, &c) * tap_floats(t));
            }
}

/* ---- one call ---- */

typedef struct job {
    const transposed *t;
    int64_t in[AXES], out[AXES], x_axis[AXES], y_axis[AXES], x_batch, y_batch;
    const float *x, *panels, *zeros;
    const float **table;
    hn_gemm_fn *run;
    hn_gemm gemm;
} job;

/* Output lines: all but the last axis. */
static int64_t lines_of(const hn_tensor *y) {
    int64_t n = y->dim[0];
    for (int i = 2; i + 1 < y->rank; i++) n *= y->dim[i];
    return n;
}

static hn_gemm_split split_of(const transposed *t, const hn_args *args) {
    const hn_tensor *y = &args->val[t->epilogue.out];
    const int64_t reduction = t->channels * taps_of(t) / (t->stride[0] * t->stride[1] * t->stride[2]);
    return hn_gemm_split_for(lines_of(y) * y->dim[y->rank - 1], 1, reduction * t->filters + 1, args->query->threads);
}

static int tasks(const hn_args *args, int phase) {
    (void)phase;
    const transposed *t = args->config;
    return hn_tensor_count(&args->val[t->epilogue.out]) == 0 ? 0 : split_of(t, args).row_parts;
}

static size_t zero_bytes(const transposed *t) { return ((size_t)t->channels * sizeof(float) + 63) / 64 * 64; }

static void workspace(const hn_args *args, size_t *shared, size_t *per_worker) {
    *shared = 0;
    *per_worker = zero_bytes(args->config) + TABLE_ENTRIES * sizeof(float *);
}

/* Row pointers of one tap: outputs first, first + stride, ... of a line. */
static void fill_tap(const job *j, int64_t batch, const int64_t *at, const int *k, int rows, const float **to) {
    const transposed *t = j->t;
    const float *line = j->x + batch * j->x_batch;
    int64_t i[AXES];
    bool inside = true;
    for (int a = 0; a < AXES; a++) {
        const int64_t scaled = at[a] + t->pad[a] - (int64_t)k[a] * t->dilation[a];
        i[a] = scaled / t->stride[a];
        if (a + 1 == AXES) break;
        inside = inside && scaled >= 0 && i[a] < j->in[a];
        line += i[a] * j->x_axis[a];
    }
    for (int n = 0; n < rows; n++, i[2]++)
        to[n] = inside && i[2] >= 0 && i[2] < j->in[2] ? line + i[2] * j->x_axis[2] : j->zeros;
}

/* The outputs of one line whose class is c, the first at `at`. */
static void run_class(job *j, const class_walk *c, int64_t batch, const int64_t *first) {
    const transposed *t = j->t;
    const int most = (int)(TABLE_ENTRIES / c->n < HN_GEMM_ROWS ? TABLE_ENTRIES / c->n : HN_GEMM_ROWS);
    int64_t at[AXES] = {first[0], first[1], first[2]};
    j->gemm.taps = (int)c->n;
    j->gemm.row_stride = (size_t)most;
    j->gemm.panels = j->panels + (size_t)taps_before(t, c) * tap_floats(t);
    while (at[2] < j->out[2]) {
        const int64_t left = (j->out[2] - at[2] + t->stride[2] - 1) / t->stride[2];
        const int rows = left < most ? (int)left : most;
        for (int64_t tap = 0; tap < c->n; tap++) {
            int k[AXES];
            class_tap(t, c, tap, k);
            fill_tap(j, batch, at, k, rows, j->table + tap * most);
        }
        j->gemm.rows = rows;
        j->gemm.offset =
            (size_t)(batch * j->y_batch + at[0] * j->y_axis[0] + at[1] * j->y_axis[1] + at[2] * j->y_axis[2]);
        j->gemm.stride = (size_t)(t->stride[2] * j->y_axis[2]);
        j->gemm.row = j->table;
        j->run(&j->gemm);
        at[2] += (int64_t)rows * t->stride[2];
    }
}

static void run_line(job *j, int64_t line) {
    const transposed *t = j->t;
    const int64_t at[AXES - 1] = {line / j->out[1] % j->out[0], line % j->out[1]};
    const int64_t batch = line / j->out[1] / j->out[0];
    for (int64_t x = 0; x < t->stride[2] && x < j->out[2]; x++) {
        class_walk c;
        const int r[AXES] = {(int)((at[0] + t->pad[0]) % t->stride[0]), (int)((at[1] + t->pad[1]) % t->stride[1]),
                             (int)((x + t->pad[2]) % t->stride[2])};
        class_set(t, r, &c);
        run_class(j, &c, batch, (int64_t[]){at[0], at[1], x});
    }
}

static hone_status start(const hn_args *args, job *j) {
    const transposed *t = j->t;
    const hn_tensor *x = &args->val[t->x], *y = &args->val[t->epilogue.out];
    const int lead = AXES - t->spatial;
    if (x->dim[0] != y->dim[0] || x->dim[1] != t->channels || y->dim[1] != t->filters) return HONE_INVALID_ARGUMENT;
    for (int i = 0; i < AXES; i++) {
        j->in[i] = i < lead ? 1 : x->dim[i - lead + 2], j->x_axis[i] = i < lead ? 0 : x->stride[i - lead + 2];
        j->out[i] = i < lead ? 1 : y->dim[i - lead + 2], j->y_axis[i] = i < lead ? 0 : y->stride[i - lead + 2];
    }
    j->x_batch = x->stride[0], j->y_batch = y->stride[0];
    j->x = x->data, j->panels = args->packed[t->w];
    char *scratch = args->worker;
    memset(scratch, 0, zero_bytes(t));
    j->zeros = (const float *)(void *)scratch;
    j->table = (const float **)(void *)(scratch + zero_bytes(t));
    j->gemm.depth = t->channels, j->gemm.n = t->filters, j->gemm.c = y->data;
    return HONE_OK;
}

static hone_status run(const hn_args *args, hn_gemm_fn *core) {
    const transposed *t = args->config;
    job j = {.t = t, .run = core};
    hn_epilogue_run epilogue;
    HN_TRY(start(args, &j));
    HN_TRY(hn_epilogue_bind(&t->epilogue, args, t->bias >= 0 ? args->val[t->bias].data : NULL, &epilogue));
    j.gemm.epilogue = &epilogue;
    int64_t line, end;
    hn_gemm_part(lines_of(&args->val[t->epilogue.out]), 1, split_of(t, args).row_parts, args->task, &line, &end);
    for (; line < end; line++) run_line(&j, line);
    return HONE_OK;
}

HN_GEMM_BODIES(bodies, run);

const hn_kernel hn_kernel_f32_conv_transpose = {
    .name = "f32_conv_transpose",
    .version = 1,
    .supports = supports,
    .cost = cost,
    .prepare = prepare,
    .packed_size = packed_size,
    .pack = pack,
    .workspace = workspace,
    .tasks = tasks,
    .body = bodies,
    .n_body = HN_KERNEL_BODY_COUNT(bodies),
};
