/* Optimizers of ai.onnx.preview.training. Inputs: rate, number of the update, then tensors X..., gradients G...,
 * states...; outputs: new X..., new states.... */
#include <math.h>
#include "ops/block.h"
#include "ops/checks.h"
#include "ops/matmul/panel.h"
#include "ops/registry.h"
#include "ops/shape/shape.h"

enum { RATE, COUNT, FIRST };

/* ---- inference ---- */

static hone_status check_tensor(hn_infer *infer, int x, int i) {
    hn_dim joined;
    const int rank = hn_infer_rank(infer, x);
    HN_TRY(hn_ops_check_type(infer, i, HN_TYPE(FLOAT32) | HN_TYPE(FLOAT64)));
    HN_TRY(hn_ops_check_same_type(infer, x, i));
    if (rank < 0 || hn_infer_rank(infer, i) < 0) return HONE_OK;
    HN_TRY(hn_ops_check_rank(infer, i, rank));
    for (int d = 0; d < rank; d++)
        HN_TRY(hn_infer_unify(infer, infer->in[x].shape.dim[d], infer->in[i].shape.dim[d], "dim of tensor and state",
                              &joined));
    return HONE_OK;
}

/* `states` tensors belong to each X besides its gradient. */
static hone_status infer_optimizer(hn_infer *infer, int states) {
    const int tensors = (infer->n_in - FIRST) / (2 + states);
    HN_TRY(hn_ops_check_type(infer, RATE, HN_TYPE(FLOAT32) | HN_TYPE(FLOAT64)));
    HN_TRY(hn_ops_check_type(infer, COUNT, HN_TYPE(INT64)));
    if (tensors * (2 + states) != infer->n_in - FIRST || tensors * (1 + states) < infer->n_out)
        HN_FAIL(infer->diag, HONE_INVALID_MODEL,
                "%d inputs and %d outputs; each tensor takes %d inputs (after the first 2) and %d outputs", infer->n_in,
                infer->n_out, 2 + states, 1 + states);
    for (int i = 0; i < tensors * (2 + states); i++) HN_TRY(check_tensor(infer, FIRST + i % tensors, FIRST + i));
    for (int i = 0; i < infer->n_out; i++) {
        const int x = FIRST + i % tensors;
        hn_infer_set(infer, i, hn_infer_dtype(infer, x), hn_infer_has(infer, x) ? &infer->in[x].shape : NULL);
    }
    return HONE_OK;
}

hone_status hn_ops_infer_adagrad(hn_infer *infer) { return infer_optimizer(infer, 1); }
hone_status hn_ops_infer_adam(hn_infer *infer) { return infer_optimizer(infer, 2); }

hone_status hn_ops_infer_momentum(hn_infer *infer) {
    static const char *const modes[] = {"standard", "nesterov", NULL};
    int mode;
    HN_TRY(hn_ops_word(infer->attrs, "mode", modes, &mode, infer->diag));
    return infer_optimizer(infer, 1);
}

/* ---- reference ---- */

typedef struct rule {
    double rate, alpha, beta, epsilon, norm, norm_post;
    bool first, nesterov;
} rule;

/* New values of one element and its states, in place. */
typedef void update_fn(const rule *r, double gradient, double *x, double *state);

static void update_adagrad(const rule *r, double gradient, double *x, double *state) {
    const double g = r->norm * *x + gradient;
    state[0] += g * g;
    *x -= r->rate * g / (sqrt(state[0]) + r->epsilon);
}

static void update_adam(const rule *r, double gradient, double *x, double *state) {
    const double g = r->norm * *x + gradient;
    state[0] = r->alpha * state[0] + (1 - r->alpha) * g;
    state[1] = r->beta * state[1] + (1 - r->beta) * g * g;
    *x = (1 - r->norm_post) * (*x - r->rate * state[0] / (sqrt(state[1]) + r->epsilon));
}

static void update_momentum(const rule *r, double gradient, double *x, double *state) {
    const double g = r->norm * *x + gradient;
    state[0] = r->alpha * state[0] + (r->first ? 1 : r->beta) * g;
    *x -= r->rate * (r->nesterov ? g + r->alpha * state[0] : state[0]);
}

static void store(hn_call *call, int out, int64_t at, const double *from, int n) {
    if (out < call->n_out && call->out[out]) hn_block_store_f64(call->out[out], at, from, n);
}

/* Inputs of tensor t: X, gradient, states; outputs: X, states. */
static void update_tensor(hn_call *call, const rule *r, update_fn *update, int states, int tensors, int t) {
    const hn_tensor *const *in = call->in + FIRST + t;
    const int64_t count = hn_tensor_count(in[0]);
    double x[HN_BLOCK], gradient[HN_BLOCK], state[2][HN_BLOCK];
    for (int64_t at = 0; at < count; at += HN_BLOCK) {
        const int n = count - at < HN_BLOCK ? (int)(count - at) : HN_BLOCK;
        hn_block_load_f64(x, in[0], at, n);
        hn_block_load_f64(gradient, in[tensors], at, n);
        for (int s = 0; s < states; s++) hn_block_load_f64(state[s], in[(2 + s) * tensors], at, n);
        for (int i = 0; i < n; i++) {
            double own[2] = {state[0][i], states > 1 ? state[1][i] : 0};
            update(r, gradient[i], &x[i], own);
            for (int s = 0; s < states; s++) state[s][i] = own[s];
        }
        store(call, t, at, x, n);
        for (int s = 0; s < states; s++) store(call, (1 + s) * tensors + t, at, state[s], n);
    }
}

static hone_status update_all(hn_call *call, const rule *r, update_fn *update, int states) {
    const int tensors = (call->n_in - FIRST) / (2 + states);
    for (int t = 0; t < tensors; t++) update_tensor(call, r, update, states, tensors, t);
    return HONE_OK;
}

static hone_status read_rule(hn_call *call, rule *r, int64_t *count) {
    *r = (rule){.norm = hn_attrs_float(call->attrs, "norm_coefficient", 0),
                .norm_post = hn_attrs_float(call->attrs, "norm_coefficient_post", 0),
                .epsilon = hn_attrs_float(call->attrs, "epsilon", 1e-6f),
                .alpha = hn_attrs_float(call->attrs, "alpha", 0.9f),
                .beta = hn_attrs_float(call->attrs, "beta", 0.999f)};
    HN_TRY(hn_call_real(call, RATE, 0, &r->rate));
    HN_TRY(hn_call_int(call, COUNT, 0, count));
    r->first = *count <= 0;
    return HONE_OK;
}

hone_status hn_ops_ref_adagrad(hn_call *call) {
    rule r;
    int64_t count;
    HN_TRY(read_rule(call, &r, &count));
    r.rate /= 1 + (double)count * hn_attrs_float(call->attrs, "decay_factor", 0);
    return update_all(call, &r, update_adagrad, 1);
}

hone_status hn_ops_ref_adam(hn_call *call) {
    rule r;
    int64_t count;
    HN_TRY(read_rule(call, &r, &count));
    if (!r.first) r.rate *= sqrt(1 - pow(r.beta, (double)count)) / (1 - pow(r.alpha, (double)count));
    return update_all(call, &r, update_adam, 2);
}

hone_status hn_ops_ref_momentum(hn_call *call) {
    rule r;
    int64_t count;
    HN_TRY(read_rule(call, &r, &count));
    r.nesterov = hn_attrs_text_is(call->attrs, "mode", "standard", "nesterov");
    return update_all(call, &r, update_momentum, 1);
}
