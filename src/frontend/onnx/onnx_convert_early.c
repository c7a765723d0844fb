/* Conversions of the operators of before opset 7: operands in attributes, broadcasting that had to be asked for, test
 * modes. */
#include "frontend/onnx/onnx_convert.h"

#include <string.h>

static hone_status need_rank(const hn_onnx_node *node) {
    HN_FAIL(node->scope->import->diag, HONE_UNSUPPORTED,
            "the rank of an input of %s is not known, which opset %lld needs to align its operands", node->type,
            (long long)node->opset);
}

/* Input `i` gets `count` dimensions of 1 behind its last one. */
static hone_status add_trailing(hn_onnx_node *node, size_t i, int count) {
    int64_t axes[HONE_MAX_RANK];
    hn_value *in[2] = {hn_onnx_in(node, i), NULL}, *out;
    const int rank = hn_onnx_rank(in[0]);
    if (count <= 0) return HONE_OK;
    for (int k = 0; k < count; k++) axes[k] = rank + k;
    HN_TRY(hn_onnx_ints(node, "trailing", axes, count, &in[1]));
    HN_TRY(hn_onnx_emit(node, "aligned", HN_OP_unsqueeze, NULL, 0, 2, in, &out));
    return hn_onnx_set_in(node, i, out);
}

/* Add, Mul, Equal, ...: with broadcast = 1 the first dimension of B lies at `axis` of A; without `axis` the last ones
 * agree, as they do today. */
hone_status hn_onnx_aligned_at_axis(hn_onnx_node *node) {
    const hn_attr *taken = hn_onnx_take_attr(node, "broadcast");
    const bool broadcast = taken && taken->i != 0;
    taken = hn_onnx_take_attr(node, "axis");
    if (!broadcast || !taken) return HONE_OK;
    const int rank = hn_onnx_rank(hn_onnx_in(node, 0)), rank_b = hn_onnx_rank(hn_onnx_in(node, 1));
    if (rank < 0 || rank_b < 0) return need_rank(node);
    const int64_t axis = taken->i < 0 ? taken->i + rank : taken->i;
    if (axis < 0 || axis > rank - rank_b)
        HN_FAIL(node->scope->import->diag, HONE_INVALID_MODEL,
                "axis %lld does not place an operand of rank %d inside one of rank %d", (long long)taken->i, rank_b,
                rank);
    return add_trailing(node, 1, rank - (int)axis - rank_b);
}

/* PRelu: one slope, or a vector with one for each channel. */
hone_status hn_onnx_slope_per_channel(hn_onnx_node *node) {
    const int rank = hn_onnx_rank(hn_onnx_in(node, 0)), rank_slope = hn_onnx_rank(hn_onnx_in(node, 1));
    if (rank < 0 || rank_slope < 0) return need_rank(node);
    return rank_slope == 1 ? add_trailing(node, 1, rank - 2) : HONE_OK;
}

hone_status hn_onnx_gemm_1(hn_onnx_node *node) {
    hn_onnx_take_attr(node, "broadcast");
    return HONE_OK;
}

static hone_status set_training(hn_onnx_node *node) {
    static const int64_t yes = 1;
    const hn_attr to = hn_attr_of_int("to", HONE_BOOL);
    hn_value *value;
    HN_TRY(hn_onnx_ints(node, "yes", &yes, -1, &value));
    HN_TRY(hn_onnx_emit(node, "training", HN_OP_cast, &to, 1, 1, &value, &value));
    return hn_onnx_set_in(node, 2, value);
}

/* Training was the default. The ratio has to be given before the mode. */
hone_status hn_onnx_dropout_1(hn_onnx_node *node) {
    const hn_attr *is_test = hn_onnx_take_attr(node, "is_test");
    if (is_test && is_test->i) return hn_onnx_dropout_mask(node);
    HN_TRY(hn_onnx_dropout_ratio(node));
    HN_TRY(set_training(node));
    return hn_onnx_dropout_typed_mask(node);
}

/* Training shows by the number of outputs. */
hone_status hn_onnx_batch_norm_1(hn_onnx_node *node) {
    hn_onnx_take_attr(node, "is_test");
    return hn_onnx_batch_norm_7(node);
}

/* `to` was the name of a type. */
hone_status hn_onnx_cast_1(hn_onnx_node *node) {
    static const char *const names[] = {"",      "FLOAT",  "UINT8", "INT8",    "UINT16", "INT16",  "INT32",
                                        "INT64", "STRING", "BOOL",  "FLOAT16", "DOUBLE", "UINT32", "UINT64"};
    const hn_attr *to = hn_onnx_take_attr(node, "to");
    if (!to) return HONE_OK;
    for (int i = 1; i < (int)(sizeof names / sizeof *names); i++)
        if (to->s.n == strlen(names[i]) && memcmp(to->s.data, names[i], to->s.n) == 0)
            return hn_onnx_set_attr(node, hn_attr_of_int("to", i));
    HN_FAIL(node->scope->import->diag, HONE_INVALID_MODEL, "attribute 'to' is '%s', which is no element type",
            hn_onnx_shown(node->scope->import, to->s));
}

hone_status hn_onnx_concat_1(hn_onnx_node *node) {
    return hn_onnx_get_attr(node, "axis") ? HONE_OK : hn_onnx_set_attr(node, hn_attr_of_int("axis", 1));
}

hone_status hn_onnx_pad_1(hn_onnx_node *node) {
    const hn_attr *attr = hn_onnx_take_attr(node, "paddings");
    if (attr) {
        hn_attr pads = *attr;
        pads.name = "pads";
        HN_TRY(hn_onnx_set_attr(node, pads));
    }
    return hn_onnx_pad_inputs(node);
}

hone_status hn_onnx_reshape_1(hn_onnx_node *node) {
    HN_TRY(hn_onnx_one_input(node));
    return hn_onnx_ints_to_input(node, "shape", 1);
}

/* The sizes could be an input already. */
hone_status hn_onnx_split_1(hn_onnx_node *node) {
    if (!hn_onnx_in(node, 1)) return hn_onnx_split_input(node);
    hn_onnx_take_attr(node, "split");
    return HONE_OK;
}

/* Input `i`, a scalar of any number type, as int64. */
static hone_status as_int64(hn_onnx_node *node, const char *suffix, size_t i, hn_value **out) {
    const hn_attr to = hn_attr_of_int("to", HONE_INT64);
    hn_value *value = hn_onnx_in(node, i);
    return hn_onnx_emit(node, suffix, HN_OP_cast, &to, 1, 1, &value, out);
}

/* X, tiles, axis: `tiles` copies along one axis. Repeats are tiles where the number of the dimension is `axis`, else 1.
 */
hone_status hn_onnx_tile_1(hn_onnx_node *node) {
    static const int64_t zero = 0, one = 1;
    hn_value *x = hn_onnx_in(node, 0), *in[3], *which, *tiles, *repeats;
    if (node->in.n != 3 || !x || !node->in.at[1] || !node->in.at[2])
        HN_FAIL(node->scope->import->diag, HONE_INVALID_MODEL, "Tile has %zu inputs; in opset %lld it takes 3",
                node->in.n, (long long)node->opset);
    HN_TRY(hn_onnx_emit(node, "shape", HN_OP_shape, NULL, 0, 1, &x, &in[1]));
    HN_TRY(hn_onnx_emit(node, "rank", HN_OP_size, NULL, 0, 1, &in[1], &in[1]));
    HN_TRY(hn_onnx_ints(node, "zero", &zero, -1, &in[0]));
    HN_TRY(hn_onnx_ints(node, "one", &one, -1, &in[2]));
    HN_TRY(hn_onnx_emit(node, "number", HN_OP_range, NULL, 0, 3, in, &in[0]));
    HN_TRY(as_int64(node, "axis", 2, &in[1]));
    HN_TRY(hn_onnx_emit(node, "chosen", HN_OP_equal, NULL, 0, 2, in, &which));
    HN_TRY(as_int64(node, "tiles", 1, &tiles));
    hn_value *choice[3] = {which, tiles, in[2]};
    HN_TRY(hn_onnx_emit(node, "repeats", HN_OP_where, NULL, 0, 3, choice, &repeats));
    node->in.n = 2;
    return hn_onnx_set_in(node, 1, repeats);
}

hone_status hn_onnx_upsample_1(hn_onnx_node *node) {
    const hn_attr *height = hn_onnx_take_attr(node, "height_scale"), *width = hn_onnx_take_attr(node, "width_scale");
    if (!height || !width) return HONE_OK; /* required: the fault is known */
    const float scales[4] = {1, 1, height->f, width->f};
    hn_value *value;
    HN_TRY(hn_onnx_one_input(node));
    HN_TRY(hn_onnx_floats(node, "scales", scales, 4, &value));
    HN_TRY(hn_onnx_set_in(node, 1, value));
    return hn_onnx_upsample_9(node);
}

/* `p` was a float. */
hone_status hn_onnx_lp_pool_1(hn_onnx_node *node) {
    const hn_attr *p = hn_onnx_take_attr(node, "p");
    if (!p) return HONE_OK;
    const float power = p->f;
    if (!(power >= 1 && power <= 64) || power != (float)(int)power)
        HN_FAIL(node->scope->import->diag, HONE_UNSUPPORTED, "p is %g; whole numbers from 1 to 64 are supported",
                (double)power);
    return hn_onnx_set_attr(node, hn_attr_of_int("p", (int64_t)power));
}

static hone_status set_default(hn_onnx_node *node, const char *name, float value) {
    return hn_onnx_get_attr(node, name) ? HONE_OK : hn_onnx_set_attr(node, hn_attr_of_float(name, value));
}

/* The defaults had fewer digits. */
hone_status hn_onnx_selu_1(hn_onnx_node *node) {
    HN_TRY(set_default(node, "alpha", 1.6732f));
    return set_default(node, "gamma", 1.0507f);
}
