/* Checks that inference functions of several families share. */
#include <stdio.h>
#include "ops/checks.h"

hone_status hn_ops_check_type(const hn_infer *infer, int i, uint32_t allowed) {
    if (!hn_infer_has(infer, i)) return HONE_OK;
    hone_dtype dtype = hn_infer_dtype(infer, i);
    if (dtype == HONE_NO_DTYPE || ((unsigned)dtype < 32 && (allowed >> dtype & 1))) return HONE_OK;
    char names[256];
    size_t used = 0;
    names[0] = 0;
    for (unsigned t = 1; t < 32; t++) {
        if (!(allowed >> t & 1)) continue;
        int n = snprintf(names + used, sizeof names - used, "%s%s", used ? ", " : "", hone_dtype_name((hone_dtype)t));
        if (n < 0 || (size_t)n >= sizeof names - used) break;
        used += (size_t)n;
    }
    HN_FAIL(infer->diag, HONE_INVALID_MODEL, "input %d is %s; allowed: %s", i, hone_dtype_name(dtype), names);
}

hone_status hn_ops_check_same_type(const hn_infer *infer, int i, int j) {
    hone_dtype a = hn_infer_has(infer, i) ? hn_infer_dtype(infer, i) : HONE_NO_DTYPE;
    hone_dtype b = hn_infer_has(infer, j) ? hn_infer_dtype(infer, j) : HONE_NO_DTYPE;
    if (a == HONE_NO_DTYPE || b == HONE_NO_DTYPE || a == b) return HONE_OK;
    HN_FAIL(infer->diag, HONE_INVALID_MODEL, "input %d is %s but input %d is %s", i, hone_dtype_name(a), j,
            hone_dtype_name(b));
}

hone_status hn_ops_check_rank(const hn_infer *infer, int i, int rank) {
    if (!hn_infer_has(infer, i)) return HONE_OK;
    int have = hn_infer_rank(infer, i);
    if (have < 0 || have == rank) return HONE_OK;
    HN_FAIL(infer->diag, HONE_INVALID_MODEL, "input %d has rank %d, not %d", i, have, rank);
}

hone_status hn_ops_check_fits(const hn_infer *infer, int i, const hn_shape *shape) {
    if (!hn_infer_has(infer, i)) return HONE_OK;
    const hn_shape *s = &infer->in[i].shape;
    if (s->rank < 0 || shape->rank < 0) return HONE_OK;
    bool fits = s->rank <= shape->rank;
    for (int axis = 1; fits && axis <= s->rank; axis++) {
        hn_dim have = s->dim[s->rank - axis], want = shape->dim[shape->rank - axis];
        fits = !hn_dim_is_const(have) || !hn_dim_is_const(want) || have.value == 1 || have.value == want.value;
    }
    if (fits) return HONE_OK;
    HN_FAIL(infer->diag, HONE_INVALID_MODEL, "input %d of shape %s does not broadcast to %s", i,
            hn_infer_shape_text(infer, s), hn_infer_shape_text(infer, shape));
}

hone_status hn_ops_check_vector(const hn_infer *infer, int i, hn_dim size) {
    HN_TRY(hn_ops_check_rank(infer, i, 1));
    if (!hn_infer_has(infer, i) || hn_infer_rank(infer, i) != 1) return HONE_OK;
    hn_dim have = infer->in[i].shape.dim[0];
    if (!hn_dim_is_const(have) || !hn_dim_is_const(size) || have.value == size.value) return HONE_OK;
    HN_FAIL(infer->diag, HONE_INVALID_MODEL, "input %d has %lld elements where %lld are needed", i,
            (long long)have.value, (long long)size.value);
}

hone_status hn_ops_word(hn_attrs attrs, const char *name, const char *const *words, int *out, hn_diag *diag) {
    for (*out = 0; words[*out]; ++*out)
        if (hn_attrs_text_is(attrs, name, words[0], words[*out])) return HONE_OK;
    const hn_attr *found = hn_attrs_find(attrs, name);
    int size = found && found->kind == HN_ATTR_STRING && found->s.n < 64 ? (int)found->s.n : 0;
    HN_FAIL(diag, HONE_INVALID_MODEL, "attribute %s has no meaning \"%.*s\"; the default is \"%s\"", name, size,
            size ? found->s.data : "", words[0]);
}

hone_status hn_ops_infer_through(const hn_infer *infer, hn_infer_fn *rule, hone_dtype dtype, const int *from, int n,
                                 hn_shape *shape) {
    hn_info in[4] = {{0}}, out = {0};
    for (int i = 0; i < n; i++)
        if (hn_infer_has(infer, from[i]))
            in[i] = (hn_info){.type = hn_type_tensor(dtype), .shape = infer->in[from[i]].shape};
        else in[i].shape = hn_shape_unknown();
    hn_infer through = *infer;
    through.in = in;
    through.n_in = n;
    through.out = &out;
    through.n_out = 1;
    HN_TRY(rule(&through));
    *shape = out.shape;
    return HONE_OK;
}
