/* BatchNormalization with constant statistics is an affine function of each channel: it goes into the weights of the
 * operator in front of it, or becomes a product and a sum. */
#include <math.h>
#include "passes/channel_affine.h"
#include "passes/pipeline.h"

static bool is_foldable(const hn_node *node, int64_t *n) {
    if (node->op->id != HN_OP_batch_normalization || hn_attrs_int(node->attrs, "training_mode", 0)) return false;
    if (!hn_only_first_output(node) || hn_value_dtype(node->in[0]) != HONE_FLOAT32) return false;
    for (int i = 1; i < 5; i++) {
        const hn_value *v = node->in[i];
        if (!hn_ir_is_constant(v) || hn_value_dtype(v) != HONE_FLOAT32 || v->info.data->rank != 1) return false;
        *n = v->info.data->dim[0];
        if (i > 1 && *n != node->in[1]->info.data->dim[0]) return false;
    }
    return *n > 0;
}

static bool read_affine(hn_rewrite *r, const hn_node *node, int64_t n, hn_channel_affine *f) {
    const float *parameter[4];
    const double epsilon = hn_attrs_float(node->attrs, "epsilon", 1e-5f);
    for (int i = 0; i < 4; i++) parameter[i] = node->in[i + 1]->info.data->data;
    if (!hn_affine_init(r, n, f)) return false;
    for (int64_t c = 0; c < n; c++) {
        f->scale[c] = parameter[0][c] / sqrt(parameter[3][c] + epsilon);
        f->shift[c] = parameter[1][c] - f->scale[c] * parameter[2][c];
    }
    return true;
}

/* A constant of shape [n, 1, 1 ...] that broadcasts along dimension 1 of a tensor of `rank`. */
static hn_value *channel_constant(hn_rewrite *r, hn_node *node, const char *suffix, const double *value, int64_t n,
                                  int rank) {
    float *data = HN_NEW_ARRAY(&r->model->arena, float, n);
    const char *name = hn_arena_format(&r->model->arena, "%s_%s", node->name, suffix);
    int64_t dim[HONE_MAX_RANK] = {n};
    if (!data || !name) return NULL;
    for (int i = 1; i < rank - 1; i++) dim[i] = 1;
    for (int64_t c = 0; c < n; c++) data[c] = (float)value[c];
    return hn_rewrite_floats(r, node->graph, name, rank - 1, dim, data);
}

static hone_status split(hn_rewrite *r, hn_node *node, const hn_channel_affine *f) {
    const int rank = node->in[0]->info.shape.rank;
    if (rank < 2 || r->model->for_file) return HONE_OK;
    hn_value *in[2] = {node->in[0], channel_constant(r, node, "scale", f->scale, f->n, rank)};
    hn_value *shift = channel_constant(r, node, "shift", f->shift, f->n, rank);
    if (!in[1] || !shift) return HONE_OUT_OF_MEMORY;
    const char *name = hn_arena_format(&r->model->arena, "%s_scaled", node->name);
    HN_TRY_ALLOC(name);
    HN_TRY(hn_rewrite_insert(r, node, HN_OP_mul, name, (hn_attrs){0}, 2, in, &in[0]));
    in[1] = shift;
    return hn_rewrite_morph(r, node, HN_OP_add, (hn_attrs){0}, 2, in);
}

static hone_status fold(hn_rewrite *r, hn_node *node) {
    int64_t n, channels;
    int axis;
    hn_channel_affine f;
    if (!is_foldable(node, &n)) return HONE_OK;
    if (!read_affine(r, node, n, &f)) return HONE_OUT_OF_MEMORY;
    hn_node *anchor = hn_affine_anchor(node->in[0], &channels, &axis);
    if (!anchor || channels != n) return split(r, node, &f);
    HN_TRY(hn_affine_absorb(r, anchor, node, &f));
    return node->op->id == HN_OP_batch_normalization ? split(r, node, &f) : HONE_OK;
}

hone_status hn_pass_bn_fold(hn_model *model, bool *changed, hn_diag *diag) {
    return hn_rewrite_nodes(model, changed, diag, fold);
}
