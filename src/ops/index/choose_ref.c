/* References of OneHot, Compress and NonZero. */
#include <string.h>
#include "base/dtype.h"
#include "ops/block.h"
#include "ops/index/index.h"
#include "ops/registry.h"
#include "ops/shape/shape.h"

/* ---- OneHot ---- */

/* `row` holds, for `inner` neighbours, the class of each; places of no class keep the off value. */
static void mark(char *to, const int64_t *row, int64_t inner, int64_t depth, const char *on, size_t size) {
    for (int64_t i = 0; i < inner; i++) {
        int64_t index = row[i] < 0 ? row[i] + depth : row[i];
        if (index >= 0 && index < depth) memcpy(to + (size_t)(index * inner + i) * size, on, size);
    }
}

hone_status hn_ops_ref_one_hot(hn_call *call) {
    const hn_tensor *indices = call->in[0], *values = call->in[2];
    hn_tensor *out = call->out[0];
    if (!out || hn_tensor_count(out) == 0) return HONE_OK;
    if (hn_tensor_count(values) != 2) HN_FAIL(call->diag, HONE_INVALID_ARGUMENT, "values are not two");
    const int axis = hn_index_axis(call, -1, out->rank);
    const int64_t depth = out->dim[axis], inner = hn_index_extent(out, axis + 1, out->rank);
    const int64_t count = hn_tensor_count(indices);
    const size_t size = hn_element_size(out->dtype);
    const char *off = values->data;
    int64_t *row = HN_NEW_ARRAY(call->scratch, int64_t, inner);
    HN_TRY_ALLOC(row);
    for (int64_t i = 0; i < count * depth; i++) memcpy((char *)out->data + (size_t)i * size, off, size);
    for (int64_t first = 0; first < count; first += inner) {
        for (int64_t i = 0; i < inner; i++) hn_block_load_i64(&row[i], indices, first + i, 1);
        mark((char *)out->data + (size_t)(first * depth) * size, row, inner, depth, off + size, size);
    }
    return HONE_OK;
}

/* ---- NonZero, Compress ---- */

static bool is_set_complex(const hn_tensor *t, int64_t i) {
    if (t->dtype == HONE_COMPLEX64)
        return ((const float *)t->data)[2 * i] != 0 || ((const float *)t->data)[2 * i + 1] != 0;
    return ((const double *)t->data)[2 * i] != 0 || ((const double *)t->data)[2 * i + 1] != 0;
}

bool hn_index_is_set(const hn_tensor *t, int64_t i) {
    if (t->dtype == HONE_COMPLEX64 || t->dtype == HONE_COMPLEX128) return is_set_complex(t, i);
    if (t->dtype == HONE_STRING) return ((const hn_bytes *)t->data)[i].n != 0;
    return hn_dtype_is_float(t->dtype) ? hn_tensor_real(t, i) != 0 : hn_tensor_int(t, i) != 0;
}

int64_t hn_index_count_set(const hn_tensor *t, int64_t n) {
    const int64_t count = hn_tensor_count(t);
    int64_t set = 0;
    for (int64_t i = 0; i < count && i < n; i++) set += hn_index_is_set(t, i);
    return set;
}

hone_status hn_ops_ref_non_zero(hn_call *call) {
    const hn_tensor *in = call->in[0];
    if (!call->out[0]) return HONE_OK;
    const int64_t count = hn_tensor_count(in), set = hn_index_count_set(in, count);
    const int rank = in->rank ? in->rank : 1;
    HN_TRY(call->resize(call, 0, 2, (const int64_t[]){rank, set}));
    int64_t *to = call->out[0]->data;
    for (int64_t i = 0, column = 0; i < count; i++) {
        if (!hn_index_is_set(in, i)) continue;
        int64_t rest = i;
        for (int d = rank - 1; d >= 0; d--) {
            const int64_t size = in->rank ? in->dim[d] : 1;
            to[d * set + column] = rest % size;
            rest /= size;
        }
        column++;
    }
    return HONE_OK;
}

/* Without an axis the input counts as one long row. A condition longer than the row is cut off, as ONNX Runtime does.
 */
hone_status hn_ops_ref_compress(hn_call *call) {
    const hn_tensor *in = call->in[0], *condition = call->in[1];
    int64_t dim[HONE_MAX_RANK] = {0}, outer = 1, size = hn_tensor_count(in);
    size_t row = hn_element_size(in->dtype);
    int rank = 1, axis = 0;
    if (!call->out[0]) return HONE_OK;
    if (hn_attrs_find(call->attrs, "axis")) {
        axis = hn_index_axis(call, 0, in->rank);
        rank = in->rank;
        memcpy(dim, in->dim, (size_t)rank * sizeof *dim);
        outer = hn_index_extent(in, 0, axis);
        size = in->dim[axis];
        row *= (size_t)hn_index_extent(in, axis + 1, in->rank);
    }
    dim[axis] = hn_index_count_set(condition, size);
    const int64_t length = hn_tensor_count(condition);
    HN_TRY(call->resize(call, 0, rank, dim));
    char *to = call->out[0]->data;
    for (int64_t o = 0; row && o < outer; o++)
        for (int64_t i = 0; i < length && i < size; i++)
            if (hn_index_is_set(condition, i)) {
                memcpy(to, (const char *)in->data + (size_t)(o * size + i) * row, row);
                to += row;
            }
    return HONE_OK;
}
