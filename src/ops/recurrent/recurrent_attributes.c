/* Attributes of the recurrent layers: direction, layout, clip, activation functions. */
#include "ops/recurrent/recurrent.h"
#include <math.h>
#include <string.h>
#include <strings.h>
#include "ops/checks.h"

const hn_recurrent_kind hn_recurrent_lstm = {4, 3, "Tanh", "Sigmoid", 4, 5, 6, 7, false};
const hn_recurrent_kind hn_recurrent_gru = {3, 2, "Tanh", "Sigmoid", 4, 5, -1, -1, false};
const hn_recurrent_kind hn_recurrent_rnn = {1, 1, "Tanh", "Tanh", 4, 5, -1, -1, false};
const hn_recurrent_kind hn_recurrent_quantized_lstm = {4, 3, "Tanh", "Sigmoid", 4, 5, 6, 7, true};

/* Activations: name, whether it takes alpha and beta from the attributes, their defaults, the function of x. */
#define ACTIVATIONS(X)                                                                                                 \
    X(Affine, 1, 1, 1, 0, alpha *x + beta)                                                                             \
    X(Elu, 1, 0, 1, 0, x >= 0 ? x : alpha * expm1(x))                                                                  \
    X(HardSigmoid, 1, 1, 0.2f, 0.5f, fmin(fmax(alpha *x + beta, 0), 1))                                                \
    X(LeakyRelu, 1, 0, 0.01f, 0, x >= 0 ? x : alpha * x)                                                               \
    X(Relu, 0, 0, 0, 0, x > 0 ? x : 0)                                                                                 \
    X(ScaledTanh, 1, 1, 1, 1, alpha *tanh(beta *x))                                                                    \
    X(Sigmoid, 0, 0, 0, 0, 1 / (1 + exp(-x)))                                                                          \
    X(Softplus, 0, 0, 0, 0, x > 0 ? x + log1p(exp(-x)) : log1p(exp(x)))                                                \
    X(Softsign, 0, 0, 0, 0, x / (1 + fabs(x)))                                                                         \
    X(Tanh, 0, 0, 0, 0, tanh(x))                                                                                       \
    X(ThresholdedRelu, 1, 0, 1, 0, x >= alpha ? x : 0)

#define X(name, takes_alpha, takes_beta, alpha_value, beta_value, value)                                               \
    static double activate_##name(double x, double alpha, double beta) {                                               \
        (void)alpha;                                                                                                   \
        (void)beta;                                                                                                    \
        return value;                                                                                                  \
    }
ACTIVATIONS(X)
#undef X

typedef struct known_activation {
    const char *name;
    bool takes_alpha, takes_beta;
    hn_activation value;
} known_activation;

static const known_activation known[] = {
#define X(name, takes_alpha, takes_beta, alpha_value, beta_value, value)                                               \
    {#name, takes_alpha, takes_beta, {activate_##name, alpha_value, beta_value}},
    ACTIVATIONS(X)
#undef X
};

static const known_activation *find_activation(const char *name, size_t n) {
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (strlen(known[i].name) == n && strncasecmp(known[i].name, name, n) == 0) return &known[i];
    return NULL;
}

/* Alpha and beta lists are consumed by the functions that take one, in order. */
static hone_status read_activations(hn_attrs attrs, const hn_recurrent_kind *kind, hn_recurrent_attributes *out,
                                    hn_diag *diag) {
    const hn_attr *names = hn_attrs_find(attrs, "activations");
    int n_alpha, n_beta, alpha_at = 0, beta_at = 0, needed = out->directions * kind->activations;
    const float *alpha = hn_attrs_floats(attrs, "activation_alpha", &n_alpha);
    const float *beta = hn_attrs_floats(attrs, "activation_beta", &n_beta);
    if (names && (names->kind != HN_ATTR_STRINGS || (names->n < (uint32_t)needed && names->n > 0)))
        HN_FAIL(diag, HONE_INVALID_MODEL, "attribute activations has %u entries where %d are needed", names->n, needed);
    for (int i = 0; i < needed; i++) {
        const char *name = i % kind->activations ? kind->default_name : kind->first_name;
        size_t size = strlen(name);
        if (names && names->n > 0) {
            name = names->strings[i].data;
            size = names->strings[i].n;
        }
        const known_activation *found = find_activation(name, size);
        if (!found)
            HN_FAIL(diag, HONE_INVALID_MODEL, "attribute activations names an unknown function \"%.*s\"",
                    (int)(size < 64 ? size : 64), name);
        out->activation[i] = found->value;
        if (found->takes_alpha && alpha_at < n_alpha) out->activation[i].alpha = alpha[alpha_at++];
        if (found->takes_beta && beta_at < n_beta) out->activation[i].beta = beta[beta_at++];
    }
    return HONE_OK;
}

hone_status hn_recurrent_read(hn_attrs attrs, const hn_recurrent_kind *kind, hn_recurrent_attributes *out,
                              hn_diag *diag) {
    static const char *const words[] = {"forward", "reverse", "bidirectional", NULL};
    int direction;
    *out = (hn_recurrent_attributes){0};
    HN_TRY(hn_ops_word(attrs, "direction", words, &direction, diag));
    out->directions = direction == 2 ? 2 : 1;
    out->reverse = direction == 1;
    out->batch_first = hn_attrs_int(attrs, "layout", 0) != 0;
    out->clip = hn_attrs_float(attrs, "clip", INFINITY);
    if (!(out->clip >= 0))
        HN_FAIL(diag, HONE_INVALID_MODEL, "attribute clip is %g; it must not be negative", out->clip);
    return read_activations(attrs, kind, out, diag);
}
