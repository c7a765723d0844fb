/* References of the Gather and Scatter operators. Every index is checked. */
#include <string.h>
#include "ops/block.h"
#include "ops/index/index.h"
#include "ops/parts.h"
#include "ops/registry.h"

int hn_index_axis(const hn_call *call, int64_t otherwise, int rank) {
    const int64_t axis = hn_attrs_int(call->attrs, "axis", otherwise);
    return (int)(axis < 0 ? axis + rank : axis);
}

int64_t hn_index_extent(const hn_tensor *t, int first, int last) {
    int64_t count = 1;
    for (int i = first; i < last; i++) count *= t->dim[i];
    return count;
}

hone_status hn_index_get(hn_call *call, const hn_tensor *indices, int64_t i, int axis, int64_t size, int64_t *out) {
    const int64_t index =
        indices->dtype == HONE_INT64 ? ((const int64_t *)indices->data)[i] : hn_tensor_int(indices, i);
    *out = index < 0 ? index + size : index;
    if (*out >= 0 && *out < size) return HONE_OK;
    HN_FAIL(call->diag, HONE_INVALID_ARGUMENT, "index %lld is outside of axis %d, which has %lld elements",
            (long long)index, axis, (long long)size);
}

/* ---- Gather ---- */

hone_status hn_ops_ref_gather(hn_call *call) {
    const hn_tensor *data = call->in[0], *indices = call->in[1];
    hn_tensor *out = call->out[0];
    if (!out || hn_tensor_count(out) == 0) return HONE_OK;
    const int axis = hn_index_axis(call, 0, data->rank);
    const int64_t size = data->dim[axis], n = hn_tensor_count(indices);
    const size_t row = (size_t)hn_index_extent(data, axis + 1, data->rank) * hn_element_size(data->dtype);
    const int64_t outer = hn_index_extent(data, 0, axis);
    int64_t *index = HN_NEW_ARRAY(call->scratch, int64_t, n);
    HN_TRY_ALLOC(index);
    for (int64_t i = 0; i < n; i++) HN_TRY(hn_index_get(call, indices, i, axis, size, &index[i]));
    const char *from = data->data;
    char *to = out->data;
    for (int64_t o = 0; o < outer; o++, from += (size_t)size * row)
        for (int64_t i = 0; i < n; i++, to += row) memcpy(to, from + (size_t)index[i] * row, row);
    return HONE_OK;
}

/* ---- GatherElements, ScatterElements ---- */

static hone_status check_reach(hn_call *call, const hn_tensor *data, const hn_tensor *indices, int axis) {
    bool fits = data->rank == indices->rank;
    for (int i = 0; fits && i < data->rank; i++) fits = i == axis || indices->dim[i] <= data->dim[i];
    if (fits) return HONE_OK;
    HN_FAIL(call->diag, HONE_INVALID_ARGUMENT, "indices reach beyond data");
}

hone_status hn_index_elements(hn_call *call, const hn_tensor *data, const hn_tensor *indices, int axis, int64_t **out) {
    const int64_t n = hn_tensor_count(indices);
    int64_t place[HONE_MAX_RANK] = {0}, base = 0; /* base: offset of `place` in data, without `axis` */
    HN_TRY(check_reach(call, data, indices, axis));
    *out = HN_NEW_ARRAY(call->scratch, int64_t, n);
    HN_TRY_ALLOC(*out);
    for (int64_t i = 0; i < n; i++) {
        int64_t index;
        HN_TRY(hn_index_get(call, indices, i, axis, data->dim[axis], &index));
        (*out)[i] = base + index * data->stride[axis];
        for (int d = data->rank - 1; d >= 0; d--) {
            const int64_t stride = d == axis ? 0 : data->stride[d];
            base += stride;
            if (++place[d] < indices->dim[d]) break;
            base -= place[d] * stride;
            place[d] = 0;
        }
    }
    return HONE_OK;
}

hone_status hn_ops_ref_gather_elements(hn_call *call) {
    const hn_tensor *data = call->in[0], *indices = call->in[1];
    int64_t *from;
    if (!call->out[0]) return HONE_OK;
    HN_TRY(hn_index_elements(call, data, indices, hn_index_axis(call, 0, data->rank), &from));
    hn_move_pick(call->out[0]->data, data->data, from, hn_tensor_count(indices), hn_element_size(data->dtype));
    return HONE_OK;
}

/* ---- GatherND, ScatterND ---- */

static hone_status check_tuples(hn_call *call, const hn_tensor *data, const hn_tensor *indices, int batch_dims) {
    bool fits = indices->rank > batch_dims && data->rank > batch_dims;
    for (int i = 0; fits && i < batch_dims; i++) fits = data->dim[i] == indices->dim[i];
    if (fits) fits = indices->dim[indices->rank - 1] >= 1 && indices->dim[indices->rank - 1] <= data->rank - batch_dims;
    if (fits) return HONE_OK;
    HN_FAIL(call->diag, HONE_INVALID_ARGUMENT, "tuples of indices do not point into data");
}

hone_status hn_index_tuples(hn_call *call, const hn_tensor *data, const hn_tensor *indices, int batch_dims,
                            hn_index_slices *out) {
    HN_TRY(check_tuples(call, data, indices, batch_dims));
    const int length = (int)indices->dim[indices->rank - 1];
    const int64_t batch = hn_index_extent(data, batch_dims, data->rank);
    const int64_t per_batch = hn_index_extent(indices, batch_dims, indices->rank - 1);
    out->n = hn_index_extent(indices, 0, indices->rank - 1);
    out->count = hn_index_extent(data, batch_dims + length, data->rank);
    out->first = HN_NEW_ARRAY(call->scratch, int64_t, out->n);
    HN_TRY_ALLOC(out->first);
    for (int64_t i = 0; i < out->n; i++) {
        int64_t at = i / per_batch * batch;
        for (int k = 0; k < length; k++) {
            const int axis = batch_dims + k;
            int64_t index;
            HN_TRY(hn_index_get(call, indices, i * length + k, axis, data->dim[axis], &index));
            at += index * data->stride[axis];
        }
        out->first[i] = at;
    }
    return HONE_OK;
}

hone_status hn_ops_ref_gather_nd(hn_call *call) {
    const hn_tensor *data = call->in[0];
    hn_index_slices slices;
    if (!call->out[0]) return HONE_OK;
    const size_t size = hn_element_size(data->dtype);
    HN_TRY(hn_index_tuples(call, data, call->in[1], (int)hn_attrs_int(call->attrs, "batch_dims", 0), &slices));
    const size_t bytes = (size_t)slices.count * size;
    for (int64_t i = 0; bytes && i < slices.n; i++)
        memcpy((char *)call->out[0]->data + (size_t)i * bytes,
               (const char *)data->data + (size_t)slices.first[i] * size, bytes);
    return HONE_OK;
}

/* ---- updates ---- */

enum { TAKE, ADD, MUL, MAX, MIN };
const char *const hn_index_reductions[] = {"none", "add", "mul", "max", "min", NULL};

/* Of two values neither of which is greater, as with NaN, the newer one stays. */
#define COMBINE(type, arithmetic)                                                                                      \
    static type combine_##type(int reduction, type a, type b) {                                                        \
        switch (reduction) {                                                                                           \
        case ADD:                                                                                                      \
            return (type)((arithmetic)a + (arithmetic)b);                                                              \
        case MUL:                                                                                                      \
            return (type)((arithmetic)a * (arithmetic)b);                                                              \
        case MAX:                                                                                                      \
            return a > b ? a : b;                                                                                      \
        default:                                                                                                       \
            return a < b ? a : b;                                                                                      \
        }                                                                                                              \
    }
COMBINE(double, double)
COMBINE(int64_t, uint64_t)
COMBINE(uint64_t, uint64_t)

#define UPDATE(type, suffix)                                                                                           \
    do {                                                                                                               \
        type old[HN_BLOCK], new[HN_BLOCK];                                                                             \
        hn_block_load_##suffix(old, out, at, n);                                                                       \
        hn_block_load_##suffix(new, updates, from, n);                                                                 \
        for (int i = 0; i < n; i++) old[i] = combine_##type(reduction, old[i], new[i]);                                \
        hn_block_store_##suffix(out, at, old, n);                                                                      \
    } while (0)

/* Complex numbers have sums and products only. */
static void update_complex(hn_tensor *out, int64_t at, const hn_tensor *updates, int64_t from, int reduction) {
    double a[2], b[2];
    for (int part = 0; part < 2; part++) {
        hn_part_load(&a[part], out, part, at, 1);
        hn_part_load(&b[part], updates, part, from, 1);
    }
    const double product[] = {a[0] * b[0] - a[1] * b[1], a[0] * b[1] + a[1] * b[0]}, sum[] = {a[0] + b[0], a[1] + b[1]};
    for (int part = 0; part < 2; part++)
        hn_part_store(out, part, at, 1, reduction == MUL ? &product[part] : &sum[part]);
}

static void update_block(hn_tensor *out, int64_t at, const hn_tensor *updates, int64_t from, int n, int reduction) {
    if (hn_parts_of(out->dtype) == 2) {
        for (int i = 0; i < n; i++) update_complex(out, at + i, updates, from + i, reduction);
        return;
    }
    switch (hn_block_kind_of(out->dtype)) {
    case HN_BLOCK_F64:
        UPDATE(double, f64);
        break;
    case HN_BLOCK_U64:
        UPDATE(uint64_t, u64);
        break;
    default:
        UPDATE(int64_t, i64);
        break;
    }
}

static void update(hn_tensor *out, int64_t at, const hn_tensor *updates, int64_t from, int64_t n, int reduction) {
    const size_t size = hn_element_size(out->dtype);
    if (reduction == TAKE) {
        memcpy((char *)out->data + (size_t)at * size, (const char *)updates->data + (size_t)from * size,
               (size_t)n * size);
        return;
    }
    for (int64_t done = 0; done < n; done += HN_BLOCK)
        update_block(out, at + done, updates, from + done, n - done < HN_BLOCK ? (int)(n - done) : HN_BLOCK, reduction);
}

static hone_status check_updates(hn_call *call, int64_t wanted) {
    const int64_t have = hn_tensor_count(call->in[2]);
    if (have == wanted) return HONE_OK;
    HN_FAIL(call->diag, HONE_INVALID_ARGUMENT, "%lld updates are given for %lld elements", (long long)have,
            (long long)wanted);
}

hone_status hn_ops_ref_scatter_elements(hn_call *call) {
    const hn_tensor *indices = call->in[1];
    hn_tensor *out = call->out[0];
    int reduction;
    int64_t *at;
    if (!out) return HONE_OK;
    HN_TRY(hn_ops_word(call->attrs, "reduction", hn_index_reductions, &reduction, call->diag));
    hn_tensor_copy(out, call->in[0]);
    HN_TRY(check_updates(call, hn_tensor_count(indices)));
    HN_TRY(hn_index_elements(call, out, indices, hn_index_axis(call, 0, out->rank), &at));
    for (int64_t i = 0; i < hn_tensor_count(indices); i++) update(out, at[i], call->in[2], i, 1, reduction);
    return HONE_OK;
}

hone_status hn_ops_ref_scatter_nd(hn_call *call) {
    hn_tensor *out = call->out[0];
    int reduction;
    hn_index_slices slices;
    if (!out) return HONE_OK;
    HN_TRY(hn_ops_word(call->attrs, "reduction", hn_index_reductions, &reduction, call->diag));
    hn_tensor_copy(out, call->in[0]);
    HN_TRY(hn_index_tuples(call, out, call->in[1], 0, &slices));
    HN_TRY(check_updates(call, slices.n * slices.count));
    for (int64_t i = 0; i < slices.n; i++)
        update(out, slices.first[i], call->in[2], i * slices.count, slices.count, reduction);
    return HONE_OK;
}
