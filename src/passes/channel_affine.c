/* New weights and biases from old ones. */
#include "passes/channel_affine.h"

#include <math.h>

/* Where the channel of each weight is found: channel = group * per_group + i / inner % per_group, where group counts
 * runs of `group_size` weights. */
typedef struct weight_order {
    int64_t inner, per_group, group_size;
} weight_order;

static bool is_f32_constant(const hn_value *value) {
    return hn_ir_is_constant(value) && hn_value_dtype(value) == HONE_FLOAT32;
}

static int64_t product(const int64_t *dim, int from, int to) {
    int64_t n = 1;
    for (int i = from; i < to; i++) n *= dim[i];
    return n;
}

/* Channels of the anchor's output; 0 when its weights are not as expected. */
static int64_t describe(const hn_node *anchor, weight_order *order) {
    const hn_tensor *w = anchor->in[1]->info.data;
    const int64_t group = hn_attrs_int(anchor->attrs, "group", 1);
    if (hn_tensor_count(w) <= 0) return 0;
    switch (anchor->op->id) {
    case HN_OP_conv:
        if (w->rank < 3) return 0;
        *order = (weight_order){product(w->dim, 1, w->rank), w->dim[0], hn_tensor_count(w)};
        return w->dim[0];
    case HN_OP_conv_transpose:
        if (w->rank < 3 || group < 1 || w->dim[0] % group) return 0;
        *order = (weight_order){product(w->dim, 2, w->rank), w->dim[1], hn_tensor_count(w) / group};
        return w->dim[1] * group;
    case HN_OP_gemm:
    case HN_OP_matmul: {
        if (w->rank != 2) return 0;
        const bool transposed = hn_attrs_int(anchor->attrs, "transB", 0) != 0;
        const int64_t n = w->dim[transposed ? 0 : 1];
        *order = (weight_order){transposed ? w->dim[1] : 1, n, hn_tensor_count(w)};
        return n;
    }
    default:
        return 0;
    }
}

static int64_t channel_of(const weight_order *order, int64_t i) {
    return i / order->group_size * order->per_group + i / order->inner % order->per_group;
}

/* One element, or one per channel in the last dimension. */
static bool fits_channels(const hn_value *bias, int64_t n) {
    if (!is_f32_constant(bias)) return false;
    const hn_tensor *t = bias->info.data;
    const int64_t count = hn_tensor_count(t);
    return count == 1 || (count == n && t->dim[t->rank - 1] == n);
}

hn_node *hn_affine_anchor(const hn_value *value, int64_t *n, int *axis) {
    hn_node *anchor = value && value->uses.n == 1 && value->uses.at[0].node ? value->producer : NULL;
    weight_order order;
    if (!anchor || anchor->n_in < 2 || !anchor->in[0] || !is_f32_constant(anchor->in[1])) return NULL;
    if (hn_value_dtype(value) != HONE_FLOAT32 || value->info.shape.rank < 2) return NULL;
    *n = describe(anchor, &order);
    if (*n <= 0 || (hn_node_input(anchor, 2) && !fits_channels(anchor->in[2], *n))) return NULL;
    if (anchor->op->id == HN_OP_matmul && value->info.shape.rank != 2) return NULL;
    *axis = 1;
    return anchor;
}

bool hn_affine_init(hn_rewrite *r, int64_t n, hn_channel_affine *out) {
    *out = (hn_channel_affine){n, HN_NEW_ARRAY(&r->scratch, double, n), HN_NEW_ARRAY(&r->scratch, double, n)};
    for (int64_t i = 0; out->scale && i < n; i++) out->scale[i] = 1;
    return out->scale && out->shift;
}

static bool scales_nothing(const hn_channel_affine *f) {
    for (int64_t i = 0; i < f->n; i++)
        if (f->scale[i] != 1) return false;
    return true;
}

/* Scaled weights; *ok is false when one is not finite any more. */
static hn_value *scaled_weights(hn_rewrite *r, const hn_node *anchor, const hn_channel_affine *f, bool *ok) {
    const hn_tensor *w = anchor->in[1]->info.data;
    weight_order order;
    *ok = true;
    if (scales_nothing(f)) return anchor->in[1];
    (void)describe(anchor, &order);
    const int64_t count = hn_tensor_count(w);
    float *to = hn_arena_alloc_aligned(&r->model->arena, (size_t)count * sizeof *to, 64);
    if (!to) return NULL;
    const float *from = w->data;
    for (int64_t i = 0; i < count; i++) {
        to[i] = (float)(f->scale[channel_of(&order, i)] * from[i]);
        *ok = *ok && (isfinite(to[i]) || !isfinite(from[i]));
    }
    return hn_rewrite_floats(r, anchor->graph, anchor->in[1]->name, w->rank, w->dim, to);
}

static hn_value *new_bias(hn_rewrite *r, const hn_node *anchor, const hn_channel_affine *f, bool *ok) {
    const hn_value *old = hn_node_input(anchor, 2);
    const hn_tensor *t = old ? old->info.data : NULL;
    const double beta = anchor->op->id == HN_OP_gemm ? (double)hn_attrs_float(anchor->attrs, "beta", 1) : 1;
    const bool single = t && hn_tensor_count(t) == 1;
    float *to = HN_NEW_ARRAY(&r->model->arena, float, f->n);
    if (!to) return NULL;
    for (int64_t c = 0; c < f->n; c++) {
        const double before = t ? beta * ((const float *)t->data)[single ? 0 : c] : 0;
        to[c] = (float)(f->scale[c] * before + f->shift[c]);
        *ok = *ok && isfinite(to[c]);
    }
    const char *name = old ? old->name : hn_arena_format(&r->model->arena, "%s_bias", anchor->name);
    return name ? hn_rewrite_floats(r, anchor->graph, name, 1, &f->n, to) : NULL;
}

hone_status hn_affine_absorb(hn_rewrite *r, hn_node *anchor, hn_node *last, const hn_channel_affine *f) {
    bool ok;
    hn_value *in[3] = {anchor->in[0], scaled_weights(r, anchor, f, &ok), NULL};
    HN_TRY_ALLOC(in[1]);
    in[2] = new_bias(r, anchor, f, &ok);
    HN_TRY_ALLOC(in[2]);
    if (!ok) return HONE_OK;
    in[1]->origin = anchor->in[1]->origin;
    hn_attrs attrs = anchor->attrs;
    hn_op_id op = anchor->op->id;
    if (op == HN_OP_matmul) op = HN_OP_gemm;
    else if (op == HN_OP_gemm && hn_node_input(anchor, 2))
        attrs = hn_rewrite_attr(r, attrs, hn_attr_of_float("beta", 1));
    hn_rewrite_swap_names(last, anchor);
    return hn_rewrite_morph(r, last, op, attrs, 3, in);
}
