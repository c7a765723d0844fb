/* Unique: subtensors along an axis (or single elements) sorted, runs of equal ones counted. */
#include <string.h>
#include "base/dtype.h"
#include "ops/index/index.h"
#include "ops/registry.h"

/* The input seen as [outer][size][inner]; slices are those of `size`. */
typedef struct slices {
    const hn_tensor *t;
    int64_t outer, size, inner;
} slices;

typedef struct groups {
    int64_t n;
    int64_t *first, *count;  /* of each group */
    int64_t *inverse;        /* of each slice: its group */
    int64_t *order, *buffer; /* slices sorted; scratch of as many entries */
} groups;

static int compare_real(double a, double b) { return (a > b) - (a < b); }

/* Real part first. */
static int compare_complex(const hn_tensor *t, int64_t i, int64_t j) {
    for (int part = 0; part < 2; part++) {
        const bool wide = t->dtype == HONE_COMPLEX128;
        const double *d = t->data;
        const float *f = t->data;
        const int order = wide ? compare_real(d[2 * i + part], d[2 * j + part])
                               : compare_real((double)f[2 * i + part], (double)f[2 * j + part]);
        if (order) return order;
    }
    return 0;
}

static int compare_strings(hn_bytes a, hn_bytes b) {
    const size_t n = a.n < b.n ? a.n : b.n;
    const int order = n ? memcmp(a.data, b.data, n) : 0;
    return order ? order : (a.n > b.n) - (a.n < b.n);
}

static int compare_elements(const hn_tensor *t, int64_t i, int64_t j) {
    if (t->dtype == HONE_STRING) return compare_strings(((hn_bytes *)t->data)[i], ((hn_bytes *)t->data)[j]);
    if (hn_dtype_is_complex(t->dtype)) return compare_complex(t, i, j);
    const uint64_t a = hn_order_key(t, i), b = hn_order_key(t, j);
    return (a > b) - (a < b);
}

static int compare_slices(const slices *s, int64_t a, int64_t b) {
    for (int64_t o = 0; o < s->outer; o++)
        for (int64_t i = 0; i < s->inner; i++) {
            const int64_t base = o * s->size * s->inner + i;
            const int order = compare_elements(s->t, base + a * s->inner, base + b * s->inner);
            if (order) return order;
        }
    return 0;
}

/* Merges the sorted runs [first, middle) and [middle, last) of `from`; equal slices stay in their order. */
static void merge(const slices *s, const int64_t *from, int64_t *to, int64_t first, int64_t middle, int64_t last) {
    int64_t a = first, b = middle;
    for (int64_t i = first; i < last; i++) {
        const bool take_a = a < middle && (b >= last || compare_slices(s, from[a], from[b]) <= 0);
        to[i] = take_a ? from[a++] : from[b++];
    }
}

static void sort(const slices *s, groups *g) {
    for (int64_t i = 0; i < s->size; i++) g->order[i] = i;
    for (int64_t run = 1; run < s->size; run *= 2) {
        for (int64_t first = 0; first < s->size; first += 2 * run) {
            const int64_t middle = first + run < s->size ? first + run : s->size;
            const int64_t last = middle + run < s->size ? middle + run : s->size;
            merge(s, g->order, g->buffer, first, middle, last);
        }
        int64_t *sorted = g->buffer;
        g->buffer = g->order;
        g->order = sorted;
    }
}

static void group(const slices *s, groups *g) {
    for (int64_t i = 0; i < s->size; i++) {
        if (i == 0 || compare_slices(s, g->order[i - 1], g->order[i]) != 0) {
            g->first[g->n] = g->order[i];
            g->count[g->n++] = 0;
        }
        g->count[g->n - 1]++;
        g->inverse[g->order[i]] = g->n - 1;
    }
}

/* Renumbers groups by where they first occur: the first slices in ascending order are visited. */
static void by_occurrence(const slices *s, groups *g) {
    int64_t *place = g->order, *count = g->buffer, n = 0;
    for (int64_t i = 0; i < s->size; i++) {
        const int64_t old = g->inverse[i];
        if (g->first[old] == i) {
            place[old] = n;
            count[n++] = g->count[old];
        }
        g->inverse[i] = place[old];
    }
    n = 0;
    for (int64_t i = 0; i < s->size; i++)
        if (g->inverse[i] == n) g->first[n++] = i;
    memcpy(g->count, count, (size_t)n * sizeof *count);
}

static hone_status find_groups(hn_call *call, const slices *s, groups *g) {
    int64_t **list[] = {&g->first, &g->count, &g->inverse, &g->order, &g->buffer};
    for (size_t i = 0; i < sizeof list / sizeof *list; i++)
        HN_TRY_ALLOC(*list[i] = HN_NEW_ARRAY(call->scratch, int64_t, s->size));
    sort(s, g);
    group(s, g);
    if (!hn_attrs_int(call->attrs, "sorted", 1)) by_occurrence(s, g);
    return HONE_OK;
}

static hone_status write_values(hn_call *call, const slices *s, const groups *g, int axis) {
    if (!call->out[0]) return HONE_OK;
    int64_t dim[HONE_MAX_RANK] = {0};
    const bool flat = !hn_attrs_find(call->attrs, "axis");
    if (!flat) memcpy(dim, s->t->dim, (size_t)s->t->rank * sizeof *dim);
    dim[flat ? 0 : axis] = g->n;
    HN_TRY(call->resize(call, 0, flat ? 1 : s->t->rank, dim));
    const size_t row = (size_t)s->inner * hn_element_size(s->t->dtype);
    char *to = call->out[0]->data;
    for (int64_t o = 0; row && o < s->outer; o++)
        for (int64_t k = 0; k < g->n; k++, to += row)
            memcpy(to, (const char *)s->t->data + (size_t)(o * s->size + g->first[k]) * row, row);
    return HONE_OK;
}

static hone_status write_list(hn_call *call, int i, const int64_t *list, int64_t n) {
    if (i >= call->n_out || !call->out[i]) return HONE_OK;
    HN_TRY(call->resize(call, i, 1, &n));
    if (n) memcpy(call->out[i]->data, list, (size_t)n * sizeof *list);
    return HONE_OK;
}

hone_status hn_ops_ref_unique(hn_call *call) {
    const hn_tensor *x = call->in[0];
    slices s = {.t = x, .outer = 1, .size = hn_tensor_count(x), .inner = 1};
    groups g = {0};
    int axis = 0;
    if (hn_attrs_find(call->attrs, "axis")) {
        axis = hn_index_axis(call, 0, x->rank);
        s.outer = hn_index_extent(x, 0, axis);
        s.size = x->dim[axis];
        s.inner = hn_index_extent(x, axis + 1, x->rank);
    }
    HN_TRY(find_groups(call, &s, &g));
    HN_TRY(write_values(call, &s, &g, axis));
    HN_TRY(write_list(call, 1, g.first, g.n));
    HN_TRY(write_list(call, 2, g.inverse, s.size));
    return write_list(call, 3, g.count, g.n);
}
