/* Shapes of LSTM, GRU and RNN. */
#include "ops/checks.h"
#include "ops/recurrent/recurrent.h"
#include "ops/registry.h"

typedef struct sizes {
    hn_dim steps, batch, in, hidden, directions;
} sizes;

/* Dim k of input i when its rank is as expected, else unknown. */
static hn_dim dim_of(const hn_infer *infer, int i, int rank, int k) {
    return hn_infer_rank(infer, i) == rank ? infer->in[i].shape.dim[k] : HN_UNKNOWN_DIM;
}

/* Input i, when present, has exactly these dims as far as they are known. */
static hone_status check_dims(const hn_infer *infer, int i, int rank, const hn_dim *want) {
    hn_dim joined;
    HN_TRY(hn_ops_check_rank(infer, i, rank));
    for (int k = 0; k < rank; k++) {
        static const char *const name[] = {"dim 0 of a parameter", "dim 1 of a parameter", "dim 2 of a parameter"};
        HN_TRY(hn_infer_unify(infer, dim_of(infer, i, rank, k), want[k], name[k], &joined));
    }
    return HONE_OK;
}

/* 8-bit weights, and zero points of their type. */
static hone_status check_quantized_types(const hn_infer *infer) {
    HN_TRY(hn_ops_check_type(infer, 0, HN_TYPE(FLOAT32)));
    for (int i = 0; i < 2; i++) {
        const int scale = i ? HN_RECURRENT_R_SCALE : HN_RECURRENT_W_SCALE;
        HN_TRY(hn_ops_check_type(infer, i + 1, HN_TYPE(UINT8) | HN_TYPE(INT8)));
        HN_TRY(hn_ops_check_same_type(infer, i + 1, scale + 1));
        if (!hn_infer_has(infer, scale))
            HN_FAIL(infer->diag, HONE_INVALID_MODEL, "input %d, %s, is required", scale, i ? "R_scale" : "W_scale");
    }
    return HONE_OK;
}

static bool is_8_bit(const hn_recurrent_kind *kind, int i) {
    return kind->quantized && (i == 1 || i == 2 || i == HN_RECURRENT_W_SCALE + 1 || i == HN_RECURRENT_R_SCALE + 1);
}

static hone_status check_types(const hn_infer *infer, const hn_recurrent_kind *kind) {
    HN_TRY(hn_ops_check_type(infer, 0, HN_TYPES_FLOAT));
    if (kind->quantized) HN_TRY(check_quantized_types(infer));
    for (int i = 1; i < infer->n_in; i++) {
        if (is_8_bit(kind, i)) continue;
        if (i == kind->sequence_lens) HN_TRY(hn_ops_check_type(infer, i, HN_TYPE(INT32)));
        else HN_TRY(hn_ops_check_same_type(infer, 0, i));
    }
    return HONE_OK;
}

static hone_status read_sizes(const hn_infer *infer, const hn_recurrent_kind *kind, const hn_recurrent_attributes *a,
                              sizes *s) {
    int64_t hidden = hn_attrs_int(infer->attrs, "hidden_size", 0);
    hn_dim declared = hidden > 0 ? hn_dim_const(hidden) : HN_UNKNOWN_DIM;
    HN_TRY(hn_ops_check_rank(infer, 0, 3));
    s->directions = hn_dim_const(a->directions);
    s->steps = dim_of(infer, 0, 3, a->batch_first ? 1 : 0);
    s->batch = dim_of(infer, 0, 3, a->batch_first ? 0 : 1);
    s->in = dim_of(infer, 0, 3, 2);
    return hn_infer_unify(infer, declared, dim_of(infer, 2, 3, kind->quantized ? 1 : 2),
                          "hidden size (hidden_size and R)", &s->hidden);
}

/* Scales and zero points: one a direction, or one a unit of its gates. */
static hone_status check_grids(const hn_infer *infer, hn_dim directions, hn_dim rows) {
    const hn_dim each[2] = {directions, rows};
    for (int i = HN_RECURRENT_W_SCALE; i < HN_RECURRENT_W_SCALE + 4; i++) {
        const int rank = hn_infer_rank(infer, i);
        if (rank == 2) HN_TRY(check_dims(infer, i, 2, each));
        else HN_TRY(hn_ops_check_vector(infer, i, directions));
    }
    return HONE_OK;
}

static hone_status check_parameters(const hn_infer *infer, const hn_recurrent_kind *kind, const sizes *s,
                                    bool batch_first) {
    hn_expr_pool *pool = infer->exprs;
    hn_dim rows = hn_dim_mul(pool, s->hidden, hn_dim_const(kind->gates));
    hn_dim w[3] = {s->directions, rows, s->in}, r[3] = {s->directions, rows, s->hidden};
    hn_dim b[2] = {s->directions, hn_dim_mul(pool, rows, hn_dim_const(2))};
    hn_dim p[2] = {s->directions, hn_dim_mul(pool, s->hidden, hn_dim_const(3))};
    hn_dim state[3] = {s->directions, s->batch, s->hidden};
    if (batch_first) {
        state[0] = s->batch;
        state[1] = s->directions;
    }
    if (kind->quantized) {
        w[1] = s->in;
        r[1] = s->hidden;
        w[2] = r[2] = rows;
        HN_TRY(check_grids(infer, s->directions, rows));
    }
    HN_TRY(check_dims(infer, 1, 3, w));
    HN_TRY(check_dims(infer, 2, 3, r));
    HN_TRY(check_dims(infer, 3, 2, b));
    HN_TRY(hn_ops_check_vector(infer, kind->sequence_lens, s->batch));
    HN_TRY(check_dims(infer, kind->initial_h, 3, state));
    HN_TRY(check_dims(infer, kind->initial_c, 3, state));
    return check_dims(infer, kind->peepholes, 2, p);
}

static hone_status infer_recurrent(hn_infer *infer, const hn_recurrent_kind *kind) {
    hn_recurrent_attributes a;
    sizes s;
    HN_TRY(hn_recurrent_read(infer->attrs, kind, &a, infer->diag));
    HN_TRY(check_types(infer, kind));
    HN_TRY(read_sizes(infer, kind, &a, &s));
    HN_TRY(check_parameters(infer, kind, &s, a.batch_first));
    hn_shape all = {.rank = 4, .dim = {s.steps, s.directions, s.batch, s.hidden}};
    hn_shape last = {.rank = 3, .dim = {s.directions, s.batch, s.hidden}};
    if (a.batch_first) {
        all = (hn_shape){.rank = 4, .dim = {s.batch, s.steps, s.directions, s.hidden}};
        last = (hn_shape){.rank = 3, .dim = {s.batch, s.directions, s.hidden}};
    }
    hn_infer_set(infer, 0, hn_infer_dtype(infer, 0), &all);
    for (int i = 1; i < 3; i++) hn_infer_set(infer, i, hn_infer_dtype(infer, 0), &last);
    return HONE_OK;
}

hone_status hn_ops_infer_lstm(hn_infer *infer) { return infer_recurrent(infer, &hn_recurrent_lstm); }
hone_status hn_ops_infer_quantized_lstm(hn_infer *infer) {
    return infer_recurrent(infer, &hn_recurrent_quantized_lstm);
}
hone_status hn_ops_infer_gru(hn_infer *infer) { return infer_recurrent(infer, &hn_recurrent_gru); }
hone_status hn_ops_infer_rnn(hn_infer *infer) { return infer_recurrent(infer, &hn_recurrent_rnn); }
