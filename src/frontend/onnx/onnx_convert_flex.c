/* FlexAttention, written out: two products around a softmax, with the node's graphs inlined at either side of it. */
#include "frontend/onnx/onnx_convert.h"

enum { Q, K, V };

typedef struct flex {
    hn_onnx_node *node;
    hn_value *in[3];
    hn_value *kv_heads, *group; /* heads of K and V; heads of Q for each of them */
    hone_dtype type, precision; /* of the inputs; of scores and softmax */
} flex;

/* ---- helpers: one output each, named after what it is ---- */

static hone_status unary(flex *f, const char *name, hn_op_id op, hn_value *x, hn_value **out) {
    return hn_onnx_emit(f->node, name, op, NULL, 0, 1, &x, out);
}

static hone_status binary(flex *f, const char *name, hn_op_id op, hn_value *x, hn_value *y, hn_value **out) {
    return hn_onnx_emit(f->node, name, op, NULL, 0, 2, (hn_value *[]){x, y}, out);
}

/* Dims [start, end) of a value. */
static hone_status dims_of(flex *f, hn_value *x, int64_t start, int64_t end, hn_value **out) {
    const hn_attr range[2] = {hn_attr_of_int("start", start), hn_attr_of_int("end", end)};
    return hn_onnx_emit(f->node, "dims", HN_OP_shape, range, 2, 1, &x, out);
}

static hone_status reshape(flex *f, hn_value *x, int n, hn_value *const *dims, hn_value **out) {
    const hn_attr axis = hn_attr_of_int("axis", 0), exact = hn_attr_of_int("allowzero", 1);
    hn_value *in[2] = {x, NULL};
    HN_TRY(hn_onnx_emit(f->node, "shape", HN_OP_concat, &axis, 1, n, dims, &in[1]));
    return hn_onnx_emit(f->node, "reshape", HN_OP_reshape, &exact, 1, 2, in, out);
}

static hone_status cast(flex *f, hn_value *x, hone_dtype to, hn_value **out) {
    const hn_attr attr = hn_attr_of_int("to", to);
    return hn_onnx_emit(f->node, "cast", HN_OP_cast, &attr, 1, 1, &x, out);
}

/* [batch, kv heads, group, a, b] of a value [batch, heads of Q, a, b]. */
static hone_status split_heads(flex *f, hn_value *x, hn_value *a, hn_value *b, hn_value **out) {
    hn_value *batch;
    HN_TRY(dims_of(f, f->in[Q], 0, 1, &batch));
    return reshape(f, x, 5, (hn_value *[]){batch, f->kv_heads, f->group, a, b}, out);
}

/* [batch, kv heads, 1, length, size] */
static hone_status add_group(flex *f, hn_value *x, hn_value **out) {
    static const int64_t axis = 2;
    hn_value *at;
    HN_TRY(hn_onnx_ints(f->node, "axis", &axis, 1, &at));
    return binary(f, "grouped", HN_OP_unsqueeze, x, at, out);
}

/* ---- stages ---- */

static hone_status read_types(flex *f) {
    const hn_onnx_node *node = f->node;
    const hn_attr *precision = hn_onnx_get_attr(node, "softmax_precision");
    HN_TRY(hn_onnx_infer_now(node));
    const hn_type *type = f->in[Q]->info.type;
    if (!type || type->kind != HN_KIND_TENSOR)
        HN_FAIL(node->scope->import->diag, HONE_UNSUPPORTED,
                "the type of the query of FlexAttention does not follow from the model's inputs");
    f->type = type->dtype;
    f->precision = precision ? (hone_dtype)precision->i : f->type == HONE_FLOAT64 ? HONE_FLOAT64 : HONE_FLOAT32;
    return HONE_OK;
}

/* The square root of the scale, in the type of Q; it goes to Q and to K. */
static hone_status make_scale(flex *f, hn_value **out) {
    const hn_attr *scale = hn_onnx_get_attr(f->node, "scale");
    hn_value *value;
    if (scale) {
        const float given = scale->f;
        HN_TRY(hn_onnx_floats(f->node, "scale", &given, -1, &value));
    } else {
        HN_TRY(dims_of(f, f->in[Q], 3, 4, &value));
        HN_TRY(cast(f, value, HONE_FLOAT32, &value));
        HN_TRY(unary(f, "root", HN_OP_sqrt, value, &value));
        HN_TRY(unary(f, "scale", HN_OP_reciprocal, value, &value));
    }
    HN_TRY(unary(f, "half_scale", HN_OP_sqrt, value, &value));
    return cast(f, value, f->type, out);
}

static hone_status count_heads(flex *f) {
    hn_value *heads;
    HN_TRY(dims_of(f, f->in[Q], 1, 2, &heads));
    HN_TRY(dims_of(f, f->in[K], 1, 2, &f->kv_heads));
    return binary(f, "group", HN_OP_div, heads, f->kv_heads, &f->group);
}

static hone_status make_scores(flex *f, hn_value **out) {
    static const int64_t order[5] = {0, 1, 2, 4, 3};
    const hn_attr perm = hn_attr_of_ints("perm", order, 5);
    hn_value *scale, *q, *k, *length, *size, *dims[2];
    HN_TRY(make_scale(f, &scale));
    HN_TRY(binary(f, "q_scaled", HN_OP_mul, f->in[Q], scale, &q));
    HN_TRY(binary(f, "k_scaled", HN_OP_mul, f->in[K], scale, &k));
    HN_TRY(dims_of(f, f->in[Q], 2, 3, &length));
    HN_TRY(dims_of(f, f->in[Q], 3, 4, &size));
    HN_TRY(split_heads(f, q, length, size, &q));
    HN_TRY(add_group(f, k, &k));
    HN_TRY(hn_onnx_emit(f->node, "k_transposed", HN_OP_transpose, &perm, 1, 1, &k, &k));
    HN_TRY(binary(f, "products", HN_OP_matmul, q, k, &q));
    HN_TRY(dims_of(f, f->in[Q], 0, 3, &dims[0]));
    HN_TRY(dims_of(f, f->in[K], 2, 3, &dims[1]));
    HN_TRY(reshape(f, q, 2, dims, &q));
    return cast(f, q, f->precision, out);
}

/* Puts the graph of attribute `name` between *value and those who come after. */
static hone_status modify(flex *f, const char *name, hn_value **value) {
    const hn_onnx_node *node = f->node;
    const hn_attr *attr = hn_onnx_get_attr(node, name);
    if (!attr) return HONE_OK;
    hn_graph *body = node->bodies.at[attr->i];
    if (body->inputs.n != 1 || body->outputs.n != 1)
        HN_FAIL(node->scope->import->diag, HONE_INVALID_MODEL,
                "the graph %s has %zu inputs and %zu outputs; 1 and 1 are needed", name, body->inputs.n,
                body->outputs.n);
    hn_ir_replace_uses(body->inputs.at[0], *value);
    *value = body->outputs.at[0];
    hn_ir_drop_outputs(body);
    hn_ir_splice(body, node->scope->graph, NULL);
    return HONE_OK;
}

static hone_status make_result(flex *f, hn_value *probabilities, hn_value **out) {
    hn_value *p, *v, *length, *keys, *dims[2];
    HN_TRY(dims_of(f, f->in[Q], 2, 3, &length));
    HN_TRY(dims_of(f, f->in[K], 2, 3, &keys));
    HN_TRY(split_heads(f, probabilities, length, keys, &p));
    HN_TRY(cast(f, f->in[V], f->precision, &v));
    HN_TRY(add_group(f, v, &v));
    HN_TRY(binary(f, "weighted", HN_OP_matmul, p, v, &p));
    HN_TRY(dims_of(f, f->in[Q], 0, 3, &dims[0]));
    HN_TRY(dims_of(f, f->in[V], 3, 4, &dims[1]));
    return reshape(f, p, 2, dims, out);
}

hone_status hn_onnx_flex_attention(hn_onnx_node *node) {
    const hn_attr last = hn_attr_of_int("axis", -1);
    flex f = {.node = node};
    hn_value *value;
    if (node->in.n != 3 || node->n_out != 1)
        HN_FAIL(node->scope->import->diag, HONE_INVALID_MODEL,
                "FlexAttention has %zu inputs and %d outputs; 3 and 1 are needed", node->in.n, node->n_out);
    for (size_t i = 0; i < 3; i++)
        if (!(f.in[i] = hn_onnx_in(node, i)))
            HN_FAIL(node->scope->import->diag, HONE_INVALID_MODEL, "input %zu of FlexAttention is missing", i);
    HN_TRY(read_types(&f));
    HN_TRY(count_heads(&f));
    HN_TRY(make_scores(&f, &value));
    HN_TRY(modify(&f, "score_mod", &value));
    HN_TRY(hn_onnx_emit(node, "softmax", HN_OP_softmax, &last, 1, 1, &value, &value));
    HN_TRY(modify(&f, "prob_mod", &value));
    HN_TRY(make_result(&f, value, &value));
    return cast(&f, value, f.type, &node->result[0]);
}
