/* See walk.h. */
#include "kernels/cpu/walk.h"

/* Strides of a tensor in the dims of the output; extents of one repeat. */
static bool align(const hn_tensor *out, const hn_tensor *t, int64_t *stride) {
    const int shift = out->rank - t->rank;
    if (shift < 0) return false;
    for (int i = 0; i < out->rank; i++) {
        stride[i] = 0;
        if (i < shift || t->dim[i - shift] == 1) continue;
        if (t->dim[i - shift] != out->dim[i]) return false;
        stride[i] = t->stride[i - shift];
    }
    return true;
}

static void drop_dim(hn_walk *w, int at) {
    for (int i = at; i + 1 < w->rank; i++) {
        w->dim[i] = w->dim[i + 1];
        for (int t = 0; t < w->n; t++) w->stride[t][i] = w->stride[t][i + 1];
    }
    w->rank--;
}

static void swap_dims(hn_walk *w, int a, int b) {
    const int64_t d = w->dim[a];
    w->dim[a] = w->dim[b], w->dim[b] = d;
    for (int t = 0; t < w->n; t++) {
        const int64_t s = w->stride[t][a];
        w->stride[t][a] = w->stride[t][b], w->stride[t][b] = s;
    }
}

static bool can_merge(const hn_walk *w, int i) {
    for (int t = 0; t < w->n; t++)
        if (w->stride[t][i] != w->stride[t][i + 1] * w->dim[i + 1]) return false;
    return true;
}

static void normalize(hn_walk *w) {
    for (int i = 0; i < w->rank;)
        if (w->dim[i] == 1) drop_dim(w, i);
        else i++;
    for (int i = 1; i < w->rank; i++)
        for (int k = i; k > 0 && w->stride[0][k - 1] < w->stride[0][k]; k--) swap_dims(w, k - 1, k);
    for (int i = 0; i + 1 < w->rank;) {
        if (!can_merge(w, i)) {
            i++;
            continue;
        }
        w->dim[i + 1] *= w->dim[i];
        drop_dim(w, i);
    }
}

bool hn_walk_init(hn_walk *w, int n, const hn_tensor *const *tensor) {
    const hn_tensor *out = tensor[0];
    w->rank = out->rank;
    w->n = n;
    for (int i = 0; i < out->rank; i++) w->dim[i] = out->dim[i];
    for (int t = 0; t < n; t++)
        if (!align(out, tensor[t], w->stride[t])) return false;
    normalize(w);
    if (w->rank == 0) {
        w->rank = 1;
        w->dim[0] = 1;
        for (int t = 0; t < n; t++) w->stride[t][0] = 1;
    }
    w->rows = 1;
    for (int i = 0; i + 1 < w->rank; i++) w->rows *= w->dim[i];
    return true;
}

void hn_walk_row(const hn_walk *w, int64_t row, int64_t *offset) {
    for (int t = 0; t < w->n; t++) offset[t] = 0;
    for (int i = w->rank - 2; i >= 0; i--) {
        const int64_t at = row % w->dim[i];
        row /= w->dim[i];
        for (int t = 0; t < w->n; t++) offset[t] += at * w->stride[t][i];
    }
}
