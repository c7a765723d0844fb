/* The walk over broadcast tensors. */
#include "ops/broadcast.h"

#include "ops/block.h"

/* Step of input `t` along dim d of an output of rank `rank`, in elements. */
static int64_t stride_of(const hn_tensor *t, int d, int rank) {
    int own = d - (rank - t->rank);
    return own < 0 || t->dim[own] == 1 ? 0 : t->stride[own];
}

/* True when dim d can be merged into the one gathered last, for every input. */
static bool continues(const hn_broadcast *b, const int64_t *stride, int64_t n) {
    int last = b->rank - 1;
    for (int i = 0; i < b->n_in; i++)
        if (b->stride[i][last] != stride[i] * n) return false;
    return true;
}

static void add_dim(hn_broadcast *b, int64_t n, const int64_t *stride) {
    if (b->rank > 0 && continues(b, stride, n)) b->dim[b->rank - 1] *= n;
    else b->dim[b->rank++] = n;
    for (int i = 0; i < b->n_in; i++) b->stride[i][b->rank - 1] = stride[i];
}

static void set_row(hn_broadcast *b) {
    int64_t left = b->columns - b->column;
    b->length = left < HN_BLOCK ? (int)left : HN_BLOCK;
    for (int i = 0; i < b->n_in; i++) b->at[i] = b->row[i] + b->column * b->step[i];
}

bool hn_broadcast_begin(hn_broadcast *b, const hn_tensor *out, const hn_tensor *const *in, int n_in) {
    *b = (hn_broadcast){.n_in = n_in, .columns = 1};
    if (hn_tensor_count(out) <= 0) return false;
    for (int d = 0; d < out->rank; d++) {
        int64_t stride[HN_BROADCAST_INPUTS];
        if (out->dim[d] == 1) continue;
        for (int i = 0; i < n_in; i++) stride[i] = stride_of(in[i], d, out->rank);
        add_dim(b, out->dim[d], stride);
    }
    if (b->rank > 0) {
        b->rank--;
        b->columns = b->dim[b->rank];
        for (int i = 0; i < n_in; i++) b->step[i] = b->stride[i][b->rank] != 0;
    }
    set_row(b);
    return true;
}

bool hn_broadcast_next(hn_broadcast *b) {
    b->out += b->length;
    b->column += b->length;
    if (b->column == b->columns) {
        b->column = 0;
        int d = b->rank - 1;
        for (; d >= 0 && ++b->index[d] == b->dim[d]; d--) {
            b->index[d] = 0;
            for (int i = 0; i < b->n_in; i++) b->row[i] -= b->stride[i][d] * (b->dim[d] - 1);
        }
        if (d < 0) return false;
        for (int i = 0; i < b->n_in; i++) b->row[i] += b->stride[i][d];
    }
    set_row(b);
    return true;
}

#define DEFINE_LOAD(name, type)                                                                                        \
    void hn_broadcast_load_##name(const hn_broadcast *b, const hn_tensor *t, int i, type *to) {                        \
        hn_block_load_##name(to, t, b->at[i], b->step[i] ? b->length : 1);                                             \
        if (!b->step[i])                                                                                               \
            for (int k = 1; k < b->length; k++) to[k] = to[0];                                                         \
    }

DEFINE_LOAD(f64, double)
DEFINE_LOAD(i64, int64_t)
DEFINE_LOAD(u64, uint64_t)
