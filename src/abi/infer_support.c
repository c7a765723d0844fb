/* What inference functions of operators share: reading inputs, setting outputs, broadcasting, unifying. */
#include "abi/object.h"
#include "abi/operator.h"

#include "base/dtype.h"

bool hn_infer_has(const hn_infer *infer, int i) {
    return i >= 0 && i < infer->n_in && infer->in[i].type && infer->in[i].type->kind != HN_KIND_NONE;
}

int hn_infer_rank(const hn_infer *infer, int i) { return hn_infer_has(infer, i) ? infer->in[i].shape.rank : -1; }

hone_dtype hn_infer_dtype(const hn_infer *infer, int i) {
    bool tensor = hn_infer_has(infer, i) && infer->in[i].type->kind == HN_KIND_TENSOR;
    return tensor ? infer->in[i].type->dtype : HONE_NO_DTYPE;
}

void hn_infer_set(hn_infer *infer, int out, hone_dtype dtype, const hn_shape *shape) {
    if (out >= infer->n_out) return;
    infer->out[out].type = hn_type_tensor(dtype);
    infer->out[out].shape = shape ? *shape : hn_shape_unknown();
}

hone_status hn_infer_like(hn_infer *infer, int i) {
    if (infer->n_out < 1) return HONE_OK;
    infer->out[0].type = hn_infer_has(infer, i) ? infer->in[i].type : NULL;
    infer->out[0].shape = hn_infer_has(infer, i) ? infer->in[i].shape : hn_shape_unknown();
    return HONE_OK;
}

/* Number of elements of input i as its shape tells, -1 when unknown. */
static hone_status vector_length(const hn_infer *infer, int i, int max, int *n) {
    const hn_shape *shape = &infer->in[i].shape;
    *n = -1;
    if (shape->rank > 1)
        HN_FAIL(infer->diag, HONE_INVALID_MODEL, "input %d has rank %d where a list of numbers is needed", i,
                shape->rank);
    if (shape->rank == 0) *n = 1;
    if (shape->rank != 1 || !hn_dim_is_const(shape->dim[0])) return HONE_OK;
    int64_t length = shape->dim[0].value;
    if (length < 0 || length > max)
        HN_FAIL(infer->diag, HONE_INVALID_MODEL, "input %d lists %lld numbers where %d are the most", i,
                (long long)length, max);
    *n = (int)length;
    return HONE_OK;
}

hone_status hn_infer_elements(const hn_infer *infer, int i, int max, hn_dim *out, int *n) {
    *n = -1;
    if (!hn_infer_has(infer, i)) return HONE_OK;
    const hn_info *info = &infer->in[i];
    int length;
    HN_TRY(vector_length(infer, i, max, &length));
    if (length > max) HN_FAIL(infer->diag, HONE_INVALID_MODEL, "input %d must not list any number", i);
    bool integer = info->data && (hn_dtype_is_int(info->data->dtype) || info->data->dtype == HONE_BOOL);
    if (length < 0 || (!integer && !info->element)) return HONE_OK;
    if (integer && hn_tensor_count(info->data) != length)
        HN_FAIL(infer->diag, HONE_INTERNAL, "data of input %d do not fit its shape", i);
    for (int k = 0; k < length; k++) out[k] = integer ? hn_dim_const(hn_tensor_int(info->data, k)) : info->element[k];
    *n = length;
    return HONE_OK;
}

static hone_status check_kinds(const hn_infer *infer, const hn_info *info, int n, const char *what) {
    for (int i = 0; i < n; i++) {
        if (!info[i].type || info[i].type->kind <= HN_KIND_TENSOR) continue;
        hn_str text;
        hn_arena scratch;
        hn_arena_init(&scratch, NULL);
        hn_str_init(&text, &scratch);
        hn_type_print(&text, info[i].type);
        const char *printed = hn_str_text(&text);
        const hone_status status =
            hn_diag_add(infer->diag, HONE_ERROR, HONE_INVALID_MODEL, "%s %d is %s; a tensor is needed", what, i,
                        printed ? printed : "no tensor");
        hn_arena_free(&scratch);
        return status;
    }
    return HONE_OK;
}

hone_status hn_infer_run(hn_infer *infer) {
    const bool tensors_only = !(infer->op->facts & (HN_OBJECTS | HN_CONTROL));
    if (tensors_only) HN_TRY(check_kinds(infer, infer->in, infer->n_in, "input"));
    HN_TRY(infer->op->infer(infer));
    return tensors_only ? check_kinds(infer, infer->out, infer->n_out, "output") : HONE_OK;
}

void hn_infer_set_object(hn_infer *infer, int out, const hn_type *type) {
    infer->out[out].type = type;
    infer->out[out].shape.rank = 0;
}

const hn_object *hn_infer_object(const hn_infer *infer, int i) {
    const hn_tensor *data = hn_infer_has(infer, i) ? infer->in[i].data : NULL;
    return data && data->dtype == HN_DTYPE_OBJECT ? hn_object_in(data) : NULL;
}

hone_status hn_infer_axis(const hn_infer *infer, int64_t axis, int rank, int *out) {
    if (axis < -(int64_t)rank || axis >= rank)
        HN_FAIL(infer->diag, HONE_INVALID_MODEL, "axis %lld is not in [%d, %d) of a tensor of rank %d", (long long)axis,
                -rank, rank, rank);
    *out = (int)(axis < 0 ? axis + rank : axis);
    return HONE_OK;
}

const char *hn_infer_shape_text(const hn_infer *infer, const hn_shape *s) {
    hn_str text;
    if (!infer->diag) return "";
    hn_str_init(&text, &infer->diag->arena);
    hn_shape_print(&text, s, infer->exprs);
    const char *printed = hn_str_text(&text);
    return printed ? printed : "";
}

static int64_t low_bound(const hn_infer *infer, hn_dim d) {
    int64_t low, high;
    if (hn_dim_is_const(d)) return d.value;
    hn_dim_range(infer->exprs, d, &low, &high);
    return low;
}

/* True when b is 1 wherever the symbol a is: a min(sequence, 512) beside a sequence. */
static bool follows(hn_expr_pool *exprs, hn_dim a, hn_dim b) {
    enum { MOST = 64 };
    hn_dim with[MOST];
    bool is_symbol = false;
    const int symbols = hn_expr_symbol_count(exprs), n = symbols < MOST ? symbols : MOST;
    for (int i = 0; i < n; i++) {
        bool same = hn_dim_same(hn_expr_symbol(exprs, hn_expr_symbol_name(exprs, i)), a);
        with[i] = same ? hn_dim_const(1) : HN_UNKNOWN_DIM;
        is_symbol |= same;
    }
    return is_symbol && hn_dim_is(hn_dim_substitute(exprs, b, with, n), 1);
}

/* True when the two broadcast to a, whatever the values: sizes are not negative, so max(a, 0) is a; and where b is 1
 * whenever a is, the larger of the two is a. */
static bool covers(hn_expr_pool *exprs, hn_dim a, hn_dim b) {
    return hn_dim_same(hn_dim_max(exprs, a, hn_dim_const(0)), b) || follows(exprs, a, b);
}

/* What two dims broadcast to; false when they cannot. A dim that may be 1 yields to one that cannot. */
static bool broadcast_dim(const hn_infer *infer, hn_dim a, hn_dim b, hn_dim *out) {
    *out = a;
    if (hn_dim_is(b, 1) || hn_dim_same(a, b)) return true;
    if (hn_dim_is(a, 1)) {
        *out = b;
        return true;
    }
    if (hn_dim_is_const(a)) return !hn_dim_is_const(b);
    if (hn_dim_is_const(b)) {
        *out = b;
        return true;
    }
    if (hn_dim_is_unknown(a) || hn_dim_is_unknown(b)) *out = HN_UNKNOWN_DIM;
    else if (covers(infer->exprs, a, b)) *out = a;
    else if (covers(infer->exprs, b, a)) *out = b;
    else if (low_bound(infer, a) <= 1)
        *out = low_bound(infer, b) > 1
                   ? b
                   : hn_dim_select(infer->exprs, hn_dim_equal(infer->exprs, a, hn_dim_const(1)), b, a);
    return true;
}

hone_status hn_infer_broadcast(const hn_infer *infer, const hn_shape *a, const hn_shape *b, hn_shape *out) {
    if (a->rank < 0 || b->rank < 0) {
        *out = hn_shape_unknown();
        return HONE_OK;
    }
    hn_shape result = {.rank = a->rank > b->rank ? a->rank : b->rank};
    for (int i = 0; i < result.rank; i++) {
        int from_a = i - (result.rank - a->rank), from_b = i - (result.rank - b->rank);
        hn_dim one = hn_dim_const(1), da = from_a < 0 ? one : a->dim[from_a], db = from_b < 0 ? one : b->dim[from_b];
        if (!broadcast_dim(infer, da, db, &result.dim[i]))
            HN_FAIL(infer->diag, HONE_INVALID_MODEL, "shapes %s and %s do not broadcast", hn_infer_shape_text(infer, a),
                    hn_infer_shape_text(infer, b));
    }
    *out = result;
    return HONE_OK;
}

hone_status hn_infer_unify(const hn_infer *infer, hn_dim a, hn_dim b, const char *what, hn_dim *out) {
    if (hn_dim_is_const(a) && hn_dim_is_const(b) && a.value != b.value)
        HN_FAIL(infer->diag, HONE_INVALID_MODEL, "%s is both %lld and %lld", what, (long long)a.value,
                (long long)b.value);
    *out = hn_dim_is_unknown(a) || (hn_dim_is_const(b) && !hn_dim_is_const(a)) ? b : a;
    return HONE_OK;
}
