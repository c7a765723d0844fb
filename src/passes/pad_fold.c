/* A Pad with zeros in front of a convolution, or of an average that counts padding, becomes part of it. */
#include "passes/pipeline.h"
#include "passes/rewrite.h"

#define MOST_PADS (2 * HONE_MAX_RANK)

typedef struct padding {
    int rank;
    int64_t begin[HONE_MAX_RANK], end[HONE_MAX_RANK];
} padding;

static bool is_zero_pad(const hn_node *pad) {
    const hn_value *fill = hn_node_input(pad, 2);
    return hn_attrs_text_is(pad->attrs, "mode", "constant", "constant") && (!fill || hn_constant_all(fill, 0));
}

/* What the Pad adds to each dimension, when it is constant. */
static bool read_padding(const hn_node *pad, padding *out) {
    int64_t list[MOST_PADS], axes[HONE_MAX_RANK];
    int n, n_axes = 0;
    *out = (padding){.rank = pad->in[0] ? pad->in[0]->info.shape.rank : -1};
    if (out->rank < 0 || !hn_constant_ints(pad->in[1], MOST_PADS, list, &n)) return false;
    if (hn_node_input(pad, 3)) {
        if (!hn_constant_ints(pad->in[3], HONE_MAX_RANK, axes, &n_axes)) return false;
    } else {
        for (; n_axes < out->rank; n_axes++) axes[n_axes] = n_axes;
    }
    if (n != 2 * n_axes) return false;
    for (int i = 0; i < n_axes; i++) {
        const int64_t axis = axes[i] < 0 ? axes[i] + out->rank : axes[i];
        if (axis < 0 || axis >= out->rank) return false;
        out->begin[axis] = list[i];
        out->end[axis] = list[n_axes + i];
    }
    return true;
}

/* Nothing is cut off, and batch and channels stay. */
static bool is_spatial(const padding *p) {
    if (p->rank < 3 || p->begin[0] || p->end[0] || p->begin[1] || p->end[1]) return false;
    for (int i = 2; i < p->rank; i++)
        if (p->begin[i] < 0 || p->end[i] < 0 || p->begin[i] > INT32_MAX || p->end[i] > INT32_MAX) return false;
    return true;
}

static bool own_padding_is_zero(const hn_attrs attrs) {
    int n;
    const int64_t *pads = hn_attrs_ints(attrs, "pads", &n);
    for (int i = 0; i < n; i++)
        if (pads[i]) return false;
    return true;
}

static bool takes_padding(const hn_node *node) {
    if (!hn_attrs_text_is(node->attrs, "auto_pad", "NOTSET", "NOTSET")) return false;
    if (node->op->id == HN_OP_conv) return true;
    if (node->op->id != HN_OP_average_pool || hn_attrs_int(node->attrs, "ceil_mode", 0)) return false;
    return hn_attrs_int(node->attrs, "count_include_pad", 0) || own_padding_is_zero(node->attrs);
}

static hone_status fold(hn_rewrite *r, hn_node *node) {
    padding p;
    const hn_node *pad = node->n_in ? hn_made_by(node->in[0], HN_OP_pad) : NULL;
    if (!pad || !takes_padding(node) || !is_zero_pad(pad) || !read_padding(pad, &p) || !is_spatial(&p)) return HONE_OK;
    const int spatial = p.rank - 2;
    int64_t own[MOST_PADS];
    if (hn_attrs_ints_exact(node->attrs, "pads", 2 * spatial, 0, own, NULL) != HONE_OK) return HONE_OK;
    int64_t *sum = HN_NEW_ARRAY(&r->model->arena, int64_t, 2 * spatial);
    HN_TRY_ALLOC(sum);
    for (int i = 0; i < spatial; i++) {
        if (__builtin_add_overflow(own[i], p.begin[i + 2], &sum[i]) ||
            __builtin_add_overflow(own[spatial + i], p.end[i + 2], &sum[spatial + i]))
            return HONE_OK;
    }
    hn_attrs attrs = hn_rewrite_attr(r, node->attrs, hn_attr_of_ints("pads", sum, 2 * spatial));
    if (node->op->id == HN_OP_average_pool) attrs = hn_rewrite_attr(r, attrs, hn_attr_of_int("count_include_pad", 1));
    hn_value **in = hn_arena_copy(&r->scratch, node->in, (size_t)node->n_in * sizeof *in);
    HN_TRY_ALLOC(in);
    in[0] = pad->in[0];
    return hn_rewrite_morph(r, node, node->op->id, attrs, node->n_in, in);
}

hone_status hn_pass_pad_fold(hn_model *model, bool *changed, hn_diag *diag) {
    return hn_rewrite_nodes(model, changed, diag, fold);
}
