/* Types and shapes of operators on strings. */
#include "ops/checks.h"
#include "ops/registry.h"

hone_status hn_ops_infer_string_concat(hn_infer *infer) {
    hn_shape out;
    for (int i = 0; i < 2; i++) HN_TRY(hn_ops_check_type(infer, i, HN_TYPE(STRING)));
    HN_TRY(hn_infer_broadcast(infer, &infer->in[0].shape, &infer->in[1].shape, &out));
    hn_infer_set(infer, 0, HONE_STRING, &out);
    return HONE_OK;
}

/* Output 0: the pieces, padded with empty strings to as many as the longest has; output 1: how many there are. */
hone_status hn_ops_infer_string_split(hn_infer *infer) {
    HN_TRY(hn_ops_check_type(infer, 0, HN_TYPE(STRING)));
    hn_shape pieces = infer->in[0].shape;
    if (pieces.rank == HONE_MAX_RANK)
        HN_FAIL(infer->diag, HONE_UNSUPPORTED, "the pieces would have more than %d axes", HONE_MAX_RANK);
    if (pieces.rank >= 0) pieces.dim[pieces.rank++] = HN_UNKNOWN_DIM;
    hn_infer_set(infer, 0, HONE_STRING, &pieces);
    if (infer->n_out > 1) hn_infer_set(infer, 1, HONE_INT64, &infer->in[0].shape);
    return HONE_OK;
}

hone_status hn_ops_infer_string_normalizer(hn_infer *infer) {
    static const char *const actions[] = {"NONE", "LOWER", "UPPER", NULL};
    const hn_shape *in = &infer->in[0].shape;
    int action;
    HN_TRY(hn_ops_check_type(infer, 0, HN_TYPE(STRING)));
    HN_TRY(hn_ops_word(infer->attrs, "case_change_action", actions, &action, infer->diag));
    if (in->rank == 0 || in->rank > 2 || (in->rank == 2 && hn_dim_is_const(in->dim[0]) && !hn_dim_is(in->dim[0], 1)))
        HN_FAIL(infer->diag, HONE_INVALID_MODEL, "the input has shape %s; [C] and [1,C] are allowed",
                hn_infer_shape_text(infer, in));
    hn_shape out = *in;
    if (out.rank > 0) out.dim[out.rank - 1] = HN_UNKNOWN_DIM;
    if (out.rank == 2) out.dim[0] = hn_dim_const(1);
    hn_infer_set(infer, 0, HONE_STRING, &out);
    return HONE_OK;
}

hone_status hn_ops_infer_regex_full_match(hn_infer *infer) {
    const hn_attr *pattern = hn_attrs_find(infer->attrs, "pattern");
    HN_TRY(hn_ops_check_type(infer, 0, HN_TYPE(STRING)));
    if (!pattern || pattern->kind != HN_ATTR_STRING)
        HN_FAIL(infer->diag, HONE_INVALID_MODEL, "attribute pattern is missing");
    hn_infer_set(infer, 0, HONE_BOOL, &infer->in[0].shape);
    return HONE_OK;
}

/* ---- TfIdfVectorizer ---- */

/* Columns of the output: one more than the largest index. */
static hone_status count_columns(const hn_infer *infer, int64_t *columns) {
    int n;
    const int64_t *index = hn_attrs_ints(infer->attrs, "ngram_indexes", &n);
    *columns = 0;
    for (int i = 0; i < n; i++) {
        if (index[i] < 0 || index[i] == INT64_MAX)
            HN_FAIL(infer->diag, HONE_INVALID_MODEL, "ngram_indexes[%d] is %lld", i, (long long)index[i]);
        if (index[i] >= *columns) *columns = index[i] + 1;
    }
    return HONE_OK;
}

static hone_status check_grams(const hn_infer *infer) {
    const int64_t least = hn_attrs_int(infer->attrs, "min_gram_length", 1);
    const int64_t most = hn_attrs_int(infer->attrs, "max_gram_length", 1);
    const int64_t skips = hn_attrs_int(infer->attrs, "max_skip_count", 0);
    int n_counts;
    const int64_t *counts = hn_attrs_ints(infer->attrs, "ngram_counts", &n_counts);
    if (least < 1 || most < least || skips < 0)
        HN_FAIL(infer->diag, HONE_INVALID_MODEL, "grams of %lld to %lld elements with up to %lld skips",
                (long long)least, (long long)most, (long long)skips);
    if (n_counts < most)
        HN_FAIL(infer->diag, HONE_INVALID_MODEL, "ngram_counts has %d entries, max_gram_length is %lld", n_counts,
                (long long)most);
    for (int i = 0; i < n_counts; i++)
        if (counts[i] < (i ? counts[i - 1] : 0))
            HN_FAIL(infer->diag, HONE_INVALID_MODEL, "ngram_counts[%d] is %lld", i, (long long)counts[i]);
    return HONE_OK;
}

hone_status hn_ops_infer_tf_idf_vectorizer(hn_infer *infer) {
    static const char *const modes[] = {"TF", "IDF", "TFIDF", NULL};
    const bool strings = hn_attrs_find(infer->attrs, "pool_strings") != NULL;
    int64_t columns;
    int mode;
    HN_TRY(hn_ops_check_type(infer, 0, strings ? HN_TYPE(STRING) : HN_TYPE(INT32) | HN_TYPE(INT64)));
    HN_TRY(hn_ops_word(infer->attrs, "mode", modes, &mode, infer->diag));
    if (strings == (hn_attrs_find(infer->attrs, "pool_int64s") != NULL))
        HN_FAIL(infer->diag, HONE_INVALID_MODEL, "one of pool_strings and pool_int64s must be given");
    HN_TRY(check_grams(infer));
    HN_TRY(count_columns(infer, &columns));
    hn_shape out = infer->in[0].shape;
    if (out.rank > 2)
        HN_FAIL(infer->diag, HONE_INVALID_MODEL, "the input has rank %d; [C] and [N,C] are allowed", out.rank);
    if (out.rank == 0) out.rank = 1; /* one element counts as a row of one */
    if (out.rank > 0) out.dim[out.rank - 1] = hn_dim_const(columns);
    hn_infer_set(infer, 0, HONE_FLOAT32, &out);
    return HONE_OK;
}
