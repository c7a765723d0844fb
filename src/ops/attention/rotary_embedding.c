/* RotaryEmbedding: pairs of elements turned by an angle that belongs to the token's position. */
#include "ops/attention/heads.h"
#include "ops/checks.h"
#include "ops/matmul/panel.h"
#include "ops/registry.h"

enum { X, COS, SIN, POSITIONS };

/* ---- inference ---- */

static hone_status check_caches(const hn_infer *infer, const hn_heads_shape *x) {
    const int64_t part = hn_attrs_int(infer->attrs, "rotary_embedding_dim", 0);
    const hn_dim turned = part ? hn_dim_const(part) : x->size;
    if (hn_dim_is_const(turned) && (turned.value < 0 || turned.value % 2))
        HN_FAIL(infer->diag, HONE_INVALID_MODEL, "%lld elements of a head turn; they must be an even number",
                (long long)turned.value);
    if (hn_dim_is_const(turned) && hn_dim_is_const(x->size) && turned.value > x->size.value)
        HN_FAIL(infer->diag, HONE_INVALID_MODEL, "rotary_embedding_dim = %lld is more than the head size %lld",
                (long long)turned.value, (long long)x->size.value);
    const hn_dim half = hn_dim_floor_div(infer->exprs, turned, hn_dim_const(2));
    const bool listed = hn_infer_has(infer, POSITIONS);
    const hn_dim table[2] = {hn_heads_dim(infer, COS, 2, 0), half}, direct[3] = {x->batch, x->length, half};
    for (int i = COS; i <= SIN; i++) HN_TRY(hn_heads_check(infer, i, listed ? 2 : 3, listed ? table : direct));
    const hn_dim positions[2] = {x->batch, x->length};
    return hn_heads_check(infer, POSITIONS, 2, positions);
}

hone_status hn_ops_infer_rotary_embedding(hn_infer *infer) {
    hn_heads_shape x;
    HN_TRY(hn_ops_check_type(infer, X, HN_TYPES_FLOAT_TO_32));
    HN_TRY(hn_ops_check_same_type(infer, X, COS));
    HN_TRY(hn_ops_check_same_type(infer, X, SIN));
    HN_TRY(hn_ops_check_type(infer, POSITIONS, HN_TYPE(INT64)));
    HN_TRY(hn_heads_infer(infer, X, "num_heads", &x));
    HN_TRY(check_caches(infer, &x));
    return hn_infer_like(infer, X);
}

/* ---- reference ---- */

/* Row of the caches for a token. */
static hone_status find_angles(hn_call *call, int64_t token, int64_t *row) {
    const hn_tensor *positions = POSITIONS < call->n_in ? call->in[POSITIONS] : NULL;
    *row = token;
    if (!positions) return HONE_OK;
    *row = hn_tensor_int(positions, token);
    if (*row >= 0 && *row < call->in[COS]->dim[0]) return HONE_OK;
    HN_FAIL(call->diag, HONE_INVALID_ARGUMENT, "position %lld; the caches hold 0 to %lld", (long long)*row,
            (long long)call->in[COS]->dim[0] - 1);
}

static void turn(double *x, const double *c, const double *s, int64_t half, bool interleaved) {
    for (int64_t i = 0; i < half; i++) {
        double *a = x + (interleaved ? 2 * i : i), *b = interleaved ? a + 1 : a + half;
        const double real = c[i] * *a - s[i] * *b, imaginary = s[i] * *a + c[i] * *b;
        *a = real;
        *b = imaginary;
    }
}

hone_status hn_ops_ref_rotary_embedding(hn_call *call) {
    const hn_heads x = hn_heads_of(call->in[X], hn_attrs_int(call->attrs, "num_heads", 0));
    const int64_t half = call->in[COS]->dim[call->in[COS]->rank - 1];
    const bool interleaved = hn_attrs_int(call->attrs, "interleaved", 0) != 0;
    double *line, *c, *s;
    if (!call->out[0]) return HONE_OK;
    HN_TRY_ALLOC(line = hn_panel_scratch(call, x.size));
    HN_TRY_ALLOC(c = hn_panel_scratch(call, half));
    HN_TRY_ALLOC(s = hn_panel_scratch(call, half));
    for (int64_t token = 0; token < x.batch * x.length; token++) {
        int64_t row;
        HN_TRY(find_angles(call, token, &row));
        hn_panel_load(c, call->in[COS], row * half, half);
        hn_panel_load(s, call->in[SIN], row * half, half);
        for (int64_t head = 0; head < x.heads; head++) {
            const int64_t at = hn_heads_row(&x, token / x.length, head, token % x.length);
            hn_panel_load(line, x.t, at, x.size);
            turn(line, c, s, half, interleaved);
            hn_panel_store(call->out[0], at, x.size, line);
        }
    }
    return HONE_OK;
}
