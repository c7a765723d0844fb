/* Reference of TfIdfVectorizer: elements become numbers (their place among the pool's distinct ones), grams are looked
 * up as lists of numbers. */
#include <string.h>
#include "base/map.h"
#include "ops/registry.h"

typedef struct vectorizer {
    hn_call *call;
    int64_t least, most, skips;
    hn_map numbers; /* element -> its number + 1 */
    hn_map grams;   /* list of numbers -> place in ngram_indexes + 1 */
    const int64_t *index;
    int n_index;
} vectorizer;

static const void *lookup(const vectorizer *v, const hn_bytes *strings, const int64_t *ints, int64_t i) {
    return strings ? hn_map_get(&v->numbers, strings[i].n ? strings[i].data : "", strings[i].n)
                   : hn_map_get(&v->numbers, &ints[i], sizeof ints[i]);
}

/* Numbers of the pool's elements, made on first sight. */
static hone_status number_pool(vectorizer *v, const hn_attr *strings, const int64_t *ints, uint32_t n,
                               int64_t *number) {
    for (uint32_t i = 0; i < n; i++) {
        const void *known = lookup(v, strings ? strings->strings : NULL, ints, i);
        if (!known) {
            known = (void *)(v->numbers.n + 1);
            const hn_bytes key = strings ? strings->strings[i] : (hn_bytes){(const char *)&ints[i], sizeof ints[i]};
            if (!hn_map_put(&v->numbers, key.n ? key.data : "", key.n, (void *)(uintptr_t)known))
                return HONE_OUT_OF_MEMORY;
        }
        number[i] = (int64_t)(uintptr_t)known;
    }
    return HONE_OK;
}

/* The pool holds all grams of one element, then all of two, ...; ngram_counts tells where each length begins. */
static hone_status enter_grams(vectorizer *v, const int64_t *number, int64_t n) {
    int n_counts;
    const int64_t *counts = hn_attrs_ints(v->call->attrs, "ngram_counts", &n_counts);
    int place = 0;
    for (int length = 1; length <= n_counts; length++) {
        const int64_t end = length < n_counts ? counts[length] : n;
        if (counts[length - 1] > end || end > n || (end - counts[length - 1]) % length)
            HN_FAIL(v->call->diag, HONE_INVALID_ARGUMENT, "ngram_counts does not divide the pool of %lld elements",
                    (long long)n);
        for (int64_t at = counts[length - 1]; at < end; at += length, place++) {
            if (place >= v->n_index)
                HN_FAIL(v->call->diag, HONE_INVALID_ARGUMENT, "ngram_indexes has %d entries, the pool more grams",
                        v->n_index);
            if (!hn_map_put(&v->grams, number + at, (size_t)length * sizeof *number, (void *)(uintptr_t)(place + 1)))
                return HONE_OUT_OF_MEMORY;
        }
    }
    return HONE_OK;
}

static hone_status read_pool(vectorizer *v) {
    const hn_attrs attrs = v->call->attrs;
    const hn_attr *strings = hn_attrs_find(attrs, "pool_strings");
    int n_ints;
    const int64_t *ints = hn_attrs_ints(attrs, "pool_int64s", &n_ints);
    const uint32_t n = strings ? strings->n : (uint32_t)n_ints;
    int64_t *number = HN_NEW_ARRAY(v->call->scratch, int64_t, n);
    HN_TRY_ALLOC(number);
    hn_map_init(&v->numbers, v->call->scratch);
    hn_map_init(&v->grams, v->call->scratch);
    v->index = hn_attrs_ints(attrs, "ngram_indexes", &v->n_index);
    v->least = hn_attrs_int(attrs, "min_gram_length", 1);
    v->most = hn_attrs_int(attrs, "max_gram_length", 1);
    v->skips = hn_attrs_int(attrs, "max_skip_count", 0);
    HN_TRY(number_pool(v, strings, ints, n, number));
    return enter_grams(v, number, n);
}

/* Grams of `length` elements that lie `step` apart in a row of n. */
static void count_grams(const vectorizer *v, const int64_t *row, int64_t n, int64_t length, int64_t step, int64_t *gram,
                        double *count) {
    for (int64_t first = 0; first + (length - 1) * step < n; first++) {
        for (int64_t k = 0; k < length; k++) gram[k] = row[first + k * step];
        const void *place = hn_map_get(&v->grams, gram, (size_t)length * sizeof *gram);
        if (place) count[(uintptr_t)place - 1]++;
    }
}

static hone_status count_row(const vectorizer *v, const int64_t *row, int64_t n, double *count) {
    memset(count, 0, (size_t)v->n_index * sizeof *count);
    const int64_t longest = v->most < n ? v->most : n;
    int64_t *gram = HN_NEW_ARRAY(v->call->scratch, int64_t, longest);
    HN_TRY_ALLOC(gram);
    for (int64_t length = v->least; length <= longest; length++)
        for (int64_t step = 1; step - 1 <= v->skips && (length - 1) * step < n && (length > 1 || step == 1); step++)
            count_grams(v, row, n, length, step, gram, count);
    return HONE_OK;
}

static void store_row(const vectorizer *v, const double *count, float *out) {
    const hn_attrs attrs = v->call->attrs;
    int n_weights;
    const float *weight = hn_attrs_floats(attrs, "weights", &n_weights);
    const bool idf = hn_attrs_text_is(attrs, "mode", "TF", "IDF"), tf = hn_attrs_text_is(attrs, "mode", "TF", "TF");
    for (int i = 0; i < v->n_index; i++) {
        const double counted = idf && count[i] > 1 ? 1 : count[i];
        out[v->index[i]] = (float)(counted * (!tf && i < n_weights ? weight[i] : 1));
    }
}

hone_status hn_ops_ref_tf_idf_vectorizer(hn_call *call) {
    const hn_tensor *in = call->in[0];
    hn_tensor *out = call->out[0];
    vectorizer v = {.call = call};
    if (!out) return HONE_OK;
    HN_TRY(read_pool(&v));
    const int64_t rows = in->rank == 2 ? in->dim[0] : 1, n = in->rank ? in->dim[in->rank - 1] : 1;
    const int64_t columns = out->dim[out->rank - 1];
    int64_t *row = HN_NEW_ARRAY(call->scratch, int64_t, n);
    double *count = HN_NEW_ARRAY(call->scratch, double, v.n_index);
    if (!row || !count) return HONE_OUT_OF_MEMORY;
    memset(out->data, 0, hn_tensor_bytes(out));
    for (int64_t r = 0; r < rows; r++) {
        for (int64_t i = 0; i < n; i++) {
            const int64_t own = in->dtype == HONE_STRING ? 0 : hn_tensor_int(in, r * n + i);
            row[i] = (int64_t)(uintptr_t)(in->dtype == HONE_STRING ? lookup(&v, in->data, NULL, r * n + i)
                                                                   : lookup(&v, NULL, &own, 0));
        }
        HN_TRY(count_row(&v, row, n, count));
        store_row(&v, count, (float *)out->data + r * columns);
    }
    return HONE_OK;
}
