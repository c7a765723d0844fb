/* What is suspicious in a model that breaks no rule: it would run, but probably not as it was meant. */
#include <math.h>
#include <string.h>
#include "base/dtype.h"
#include "builder/report.h"
#include "passes/rewrite.h"

#define LARGE_BYTES    (64u << 10)
#define COMPARED_FIRST 4096u

typedef struct audit {
    hn_diag *diag;
    size_t n; /* findings so far */
} audit;

/* A finding at a node; true when it is to be written. */
static bool begin(audit *a) { return ++a->n <= HN_AUDIT_MOST; }

#define FIND(a, node, hint, ...)                                                                                       \
    do {                                                                                                               \
        const size_t first_ = (a)->diag ? (a)->diag->n : 0;                                                            \
        if (!begin(a)) break;                                                                                          \
        hn_diag_add((a)->diag, HONE_WARNING, HONE_OK, __VA_ARGS__);                                                    \
        hn_diag_place((a)->diag, first_, (node)->name, (node)->op->name, NULL);                                        \
        hn_diag_hint((a)->diag, first_, "%s", hint);                                                                   \
    } while (0)

static const hn_tensor *constant(const hn_node *node, int i) {
    const hn_value *value = hn_node_input(node, i);
    return hn_ir_is_constant(value) && hn_dtype_is_float(value->info.data->dtype) ? value->info.data : NULL;
}

static bool is_quantized(const hn_value *value) {
    const hone_dtype dtype = hn_value_dtype(value);
    return dtype == HONE_INT8 || dtype == HONE_UINT8 || dtype == HONE_INT4 || dtype == HONE_UINT4;
}

/* ---- quantization ---- */

static void check_scale(audit *a, const hn_node *node) {
    const hn_node *q = hn_made_by(hn_node_input(node, 0), HN_OP_quantize_linear);
    const hn_tensor *scale = q && q->in[1] == node->in[1] ? NULL : constant(node, 1); /* one finding for a pair */
    const int64_t n = scale ? hn_tensor_count(scale) : 0;
    for (int64_t i = 0; i < n; i++) {
        const double s = hn_tensor_real(scale, i);
        const bool turned = s < 0 && !q; /* weights in few bits are stored with a scale of either sign */
        if ((s > 0 || turned) && isfinite(s)) continue;
        FIND(a, node, "calibrate again: a scale is a positive number",
             "the scale '%s' is %g at element %lld: everything it applies to is lost", node->in[1]->name, s,
             (long long)i);
        return;
    }
}

static bool same_constant(const hn_value *a, const hn_value *b) {
    if (a == b || !hn_ir_is_constant(a) || !hn_ir_is_constant(b)) return true; /* nothing can be said */
    const int64_t n = hn_tensor_count(a->info.data);
    if (n != hn_tensor_count(b->info.data)) return false;
    for (int64_t i = 0; i < n; i++) {
        const double x = hn_tensor_real(a->info.data, i), y = hn_tensor_real(b->info.data, i);
        if (!(x == y) && !(isnan(x) && isnan(y))) return false;
    }
    return true;
}

/* What QuantizeLinear made and DequantizeLinear reads with another scale has another size than before. */
static void check_pair(audit *a, const hn_node *node) {
    const hn_node *q = hn_made_by(hn_node_input(node, 0), HN_OP_quantize_linear);
    if (!q) return;
    if (!same_constant(hn_node_input(q, 1), hn_node_input(node, 1)))
        FIND(a, node, "a pair of QuantizeLinear and DequantizeLinear shares its scale and zero point",
             "the scale '%s' differs from '%s', with which '%s' quantized the same tensor", node->in[1]->name,
             q->in[1]->name, q->name);
    else if (hn_node_input(q, 2) && hn_node_input(node, 2) && !same_constant(q->in[2], node->in[2]))
        FIND(a, node, "a pair of QuantizeLinear and DequantizeLinear shares its scale and zero point",
             "the zero point '%s' differs from '%s', with which '%s' quantized the same tensor", node->in[2]->name,
             q->in[2]->name, q->name);
}

static bool is_dense(const hn_node *node) {
    switch (node->op->id) {
    case HN_OP_conv:
    case HN_OP_conv_transpose:
    case HN_OP_gemm:
    case HN_OP_matmul:
        return true;
    default:
        return false;
    }
}

static void check_weights(audit *a, const hn_node *node) {
    const hn_value *weights = hn_node_input(node, 1);
    const hn_node *cast = hn_made_by(weights, HN_OP_cast);
    const hn_value *from = cast ? hn_node_input(cast, 0) : NULL;
    if (from && hn_ir_is_constant(from) && is_quantized(from))
        FIND(a, node, "export the weights with DequantizeLinear, which carries their scale",
             "the weights '%s' are %s and become floats without a scale (by '%s')", from->name,
             hone_dtype_name(hn_value_dtype(from)), cast->name);
    if (hn_made_by(hn_node_input(node, 0), HN_OP_dequantize_linear) && hn_ir_is_constant(weights))
        FIND(a, node, "quantize the weights as well, or leave out the pair in front of this node",
             "the input is quantized, but the weights '%s' are not: the node runs in %s and only loses precision",
             weights->name, hone_dtype_name(hn_value_dtype(weights)));
}

/* ---- numbers that cannot be meant ---- */

static void check_limits(audit *a, const hn_node *node) {
    double low, high;
    if (!hn_constant_scalar(hn_node_input(node, 1), &low) || !hn_constant_scalar(hn_node_input(node, 2), &high)) return;
    if (low > high)
        FIND(a, node, "exchange the limits", "the min %g is above the max %g: every element becomes %g", low, high,
             high);
}

static void check_variance(audit *a, const hn_node *node) {
    const hn_tensor *variance = constant(node, 4);
    const double epsilon = hn_attrs_float(node->attrs, "epsilon", 1e-5f);
    const int64_t n = variance ? hn_tensor_count(variance) : 0;
    for (int64_t i = 0; i < n; i++) {
        const double v = hn_tensor_real(variance, i);
        if (v + epsilon > 0) continue;
        FIND(a, node, "the statistics of the training are damaged: export again",
             "the variance '%s' is %g at channel %lld: its outputs are no numbers", node->in[4]->name, v, (long long)i);
        return;
    }
}

static void check_indices(audit *a, const hn_node *node) {
    const hn_value *data = hn_node_input(node, 0), *indices = hn_node_input(node, 1);
    const int rank = data ? data->info.shape.rank : -1;
    int64_t axis = hn_attrs_int(node->attrs, "axis", 0);
    axis += axis < 0 ? rank : 0;
    if (!hn_ir_is_constant(indices) || !hn_dtype_is_int(hn_value_dtype(indices)) || axis < 0 || axis >= rank) return;
    const hn_dim extent = data->info.shape.dim[axis];
    const int64_t n = hn_tensor_count(indices->info.data);
    for (int64_t i = 0; i < n && hn_dim_is_const(extent); i++) {
        const int64_t index = hn_tensor_int(indices->info.data, i);
        if (index >= -extent.value && index < extent.value) continue;
        FIND(a, node, "correct the indices: running this node fails",
             "the index %lld of '%s' is outside axis %lld of '%s', which has %lld elements", (long long)index,
             indices->name, (long long)axis, data->name, (long long)extent.value);
        return;
    }
}

static void check_node(audit *a, const hn_node *node) {
    switch (node->op->id) {
    case HN_OP_dequantize_linear:
        check_pair(a, node);
        check_scale(a, node);
        break;
    case HN_OP_quantize_linear:
        check_scale(a, node);
        break;
    case HN_OP_clip:
        check_limits(a, node);
        break;
    case HN_OP_batch_normalization:
        check_variance(a, node);
        break;
    case HN_OP_gather:
        check_indices(a, node);
        break;
    default:
        if (is_dense(node)) check_weights(a, node);
        break;
    }
}

static void check_graph(audit *a, const hn_graph *graph) {
    for (const hn_node *node = graph->first; node; node = node->next) {
        check_node(a, node);
        for (int i = 0; i < node->n_body; i++) check_graph(a, node->body[i]);
    }
}

/* ---- the model ---- */

static void check_unread(audit *a, const hn_model *model) {
    for (size_t i = 0; i < model->unread.n; i++) {
        const hn_value *value = model->unread.at[i];
        const size_t first = a->diag ? a->diag->n : 0;
        if (!begin(a)) continue;
        hn_diag_add(a->diag, HONE_WARNING, HONE_OK, "nothing reads the initializer '%s' (%zu bytes)", value->name,
                    hn_tensor_bytes(value->info.data));
        hn_diag_place(a->diag, first, value->name, "initializer", NULL);
        hn_diag_hint(a->diag, first, "remove it from the file, or look for the node that should read it");
    }
}

/* Large constants by type, size and beginning. */
typedef struct twins {
    hn_arena arena;
    hn_map seen;
    size_t n, bytes; /* that are there once more */
    const char *first, *second;
} twins;

static void note_twin(twins *t, const hn_value *value) {
    const hn_tensor *data = value->info.data;
    const size_t bytes = hn_tensor_bytes(data);
    struct {
        uint64_t bytes, hash, dtype;
    } key = {bytes, 0, (uint64_t)data->dtype};
    if (bytes < LARGE_BYTES || data->dtype == HONE_STRING) return;
    key.hash = hn_hash(data->data, COMPARED_FIRST, key.dtype);
    const hn_value *other = hn_map_get(&t->seen, &key, sizeof key);
    if (!other) (void)hn_map_put(&t->seen, &key, sizeof key, (void *)(uintptr_t)value); /* without memory: no finding */
    if (!other || other == value || memcmp(other->info.data->data, data->data, bytes) != 0) return;
    if (!t->n++) t->first = other->name, t->second = value->name;
    t->bytes += bytes;
}

static void find_twins(twins *t, const hn_graph *graph, hn_map *visited) {
    for (const hn_node *node = graph->first; node; node = node->next) {
        for (int i = 0; i < node->n_in; i++) {
            const hn_value *v = node->in[i];
            if (!hn_ir_is_constant(v) || hn_map_get(visited, &v->id, sizeof v->id)) continue;
            if (hn_map_put(visited, &v->id, sizeof v->id, t)) note_twin(t, v);
        }
        for (int i = 0; i < node->n_body; i++) find_twins(t, node->body[i], visited);
    }
}

/* The same weights under several names make the file larger, and the plan too. */
static void check_twins(audit *a, const hn_model *model) {
    twins t = {.n = 0};
    hn_map visited;
    hn_arena_init(&t.arena, model->arena.allocator);
    hn_map_init(&t.seen, &t.arena);
    hn_map_init(&visited, &t.arena);
    find_twins(&t, model->main, &visited);
    const size_t first = a->diag ? a->diag->n : 0;
    if (t.n) {
        hn_diag_add(a->diag, HONE_INFO, HONE_OK,
                    "%zu initializer%s (%zu bytes) repeat%s another one: '%s' is '%s' again", t.n, t.n == 1 ? "" : "s",
                    t.bytes, t.n == 1 ? "s" : "", t.second, t.first);
        hn_diag_place(a->diag, first, t.second, "initializer", NULL);
        hn_diag_hint(a->diag, first, "`hone simplify` stores them once");
    }
    hn_arena_free(&t.arena);
}

void hn_build_audit(const hn_model *model, hn_diag *diag) {
    audit a = {.diag = diag};
    check_unread(&a, model);
    check_twins(&a, model);
    check_graph(&a, model->main);
    if (a.n > HN_AUDIT_MOST)
        hn_diag_add(diag, HONE_INFO, HONE_OK, "%zu more findings of this kind are not shown", a.n - HN_AUDIT_MOST);
}
