/* References of operators that rank elements: TopK, ArgMax, ArgMin. */
#include <math.h>
#include <string.h>
#include "base/dtype.h"
#include "ops/index/index.h"
#include "ops/registry.h"

/* ---- keys and heap ---- */

static uint64_t real_key(double value) {
    uint64_t bits;
    if (isnan(value)) return UINT64_MAX;
    value += 0.0; /* -0 becomes 0 */
    memcpy(&bits, &value, sizeof bits);
    return bits >> 63 ? ~bits : bits | UINT64_C(1) << 63;
}

uint64_t hn_order_key(const hn_tensor *t, int64_t i) {
    if (hn_dtype_is_float(t->dtype)) return real_key(hn_tensor_real(t, i));
    const uint64_t value = (uint64_t)hn_tensor_int(t, i);
    return hn_dtype_is_signed_int(t->dtype) ? value ^ UINT64_C(1) << 63 : value;
}

static bool worse(hn_candidate a, hn_candidate b) { return a.key != b.key ? a.key < b.key : a.index > b.index; }

/* Puts `candidate` into the heap of n entries at place i or below, so that every entry is worse than those below it. */
static void sift(hn_candidate *heap, int64_t n, int64_t i, hn_candidate candidate) {
    for (int64_t below = 2 * i + 1; below < n; below = 2 * i + 1) {
        if (below + 1 < n && worse(heap[below + 1], heap[below])) below++;
        if (!worse(heap[below], candidate)) break;
        heap[i] = heap[below];
        i = below;
    }
    heap[i] = candidate;
}

void hn_best_offer(hn_best *best, hn_candidate candidate) {
    if (best->n < best->capacity) {
        int64_t i = best->n++;
        for (; i > 0 && worse(candidate, best->at[(i - 1) / 2]); i = (i - 1) / 2) best->at[i] = best->at[(i - 1) / 2];
        best->at[i] = candidate;
    } else if (best->n > 0 && worse(best->at[0], candidate)) {
        sift(best->at, best->n, 0, candidate);
    }
}

void hn_best_sort(hn_best *best) {
    for (int64_t n = best->n - 1; n > 0; n--) {
        hn_candidate worst = best->at[0];
        sift(best->at, n, 0, best->at[n]);
        best->at[n] = worst;
    }
}

/* ---- TopK ---- */

/* Rows along an axis: element k of row (o, i) is o * size * inner + k * inner + i. */
typedef struct rows {
    int64_t outer, size, inner;
} rows;

static rows rows_of(const hn_tensor *t, int axis) {
    return (rows){hn_index_extent(t, 0, axis), t->dim[axis], hn_index_extent(t, axis + 1, t->rank)};
}

static void top_of_row(const hn_tensor *in, const rows *r, int64_t first, bool largest, hn_best *best) {
    best->n = 0;
    for (int64_t k = 0; k < r->size; k++) {
        uint64_t key = hn_order_key(in, first + k * r->inner);
        hn_best_offer(best, (hn_candidate){largest ? key : ~key, k});
    }
    hn_best_sort(best);
}

hone_status hn_ops_ref_top_k(hn_call *call) {
    const hn_tensor *in = call->in[0];
    hn_tensor *values = call->out[0], *indices = call->n_out > 1 ? call->out[1] : NULL;
    const hn_tensor *any = values ? values : indices;
    const bool largest = hn_attrs_int(call->attrs, "largest", 1) != 0;
    if (!any || hn_tensor_count(any) == 0) return HONE_OK;
    const int axis = hn_index_axis(call, -1, in->rank);
    const rows r = rows_of(in, axis);
    const size_t size = hn_element_size(in->dtype);
    hn_best best = {HN_NEW_ARRAY(call->scratch, hn_candidate, any->dim[axis]), 0, any->dim[axis]};
    HN_TRY_ALLOC(best.at);
    if (best.capacity > r.size)
        HN_FAIL(call->diag, HONE_INVALID_ARGUMENT, "K is %lld, but axis %d has %lld elements", (long long)best.capacity,
                axis, (long long)r.size);
    for (int64_t row = 0; row < r.outer * r.inner; row++) {
        const int64_t o = row / r.inner, i = row % r.inner;
        top_of_row(in, &r, o * r.size * r.inner + i, largest, &best);
        for (int64_t k = 0; k < best.n; k++) {
            const int64_t at = (o * best.capacity + k) * r.inner + i;
            const int64_t from = (o * r.size + best.at[k].index) * r.inner + i;
            if (indices) ((int64_t *)indices->data)[at] = best.at[k].index;
            if (values)
                memcpy((char *)values->data + (size_t)at * size, (const char *)in->data + (size_t)from * size, size);
        }
    }
    return HONE_OK;
}

/* ---- ArgMax, ArgMin ---- */

/* NaN wins either way, as in NumPy. */
static hone_status find(hn_call *call, bool greatest) {
    const hn_tensor *in = call->in[0];
    if (!call->out[0] || hn_tensor_count(call->out[0]) == 0) return HONE_OK;
    const bool last = hn_attrs_int(call->attrs, "select_last_index", 0) != 0, real = hn_dtype_is_float(in->dtype);
    const rows r = in->rank ? rows_of(in, hn_index_axis(call, 0, in->rank)) : (rows){1, 1, 1};
    int64_t *out = call->out[0]->data;
    if (r.size == 0) HN_FAIL(call->diag, HONE_INVALID_ARGUMENT, "the axis is empty");
    for (int64_t row = 0; row < r.outer * r.inner; row++) {
        const int64_t first = row / r.inner * r.size * r.inner + row % r.inner;
        uint64_t best = 0;
        out[row] = 0;
        for (int64_t k = 0; k < r.size; k++) {
            uint64_t key = hn_order_key(in, first + k * r.inner);
            if (!greatest && !(real && key == UINT64_MAX)) key = ~key;
            if (k > 0 && (key < best || (key == best && !last))) continue;
            best = key;
            out[row] = k;
        }
    }
    return HONE_OK;
}

hone_status hn_ops_ref_arg_max(hn_call *call) { return find(call, true); }
hone_status hn_ops_ref_arg_min(hn_call *call) { return find(call, false); }
