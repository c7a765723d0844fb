/* x * 0.5 * (1 + erf(x / sqrt 2)) and its approximation by tanh, in any order of factors, become Gelu. */
#include "passes/pipeline.h"
#include "passes/product.h"

#define GELU_SINCE        20
#define SQRT_HALF         0.70710678118654752
#define SQRT_TWO_OVER_PI  0.79788456080286536
#define CUBIC_COEFFICIENT 0.044715

static bool is_power(const hn_product *p, const hn_value *x, int exponent, double constant) {
    if (p->n != exponent || !hn_is_near(p->constant, constant)) return false;
    for (int i = 0; i < p->n; i++)
        if (p->factor[i] != x) return false;
    return true;
}

/* value = x / sqrt 2 */
static bool is_erf_argument(hn_value *value, const hn_value *x) {
    hn_product p;
    return hn_product_of(value, &p) && is_power(&p, x, 1, SQRT_HALF);
}

/* sum = x + 0.044715 x^3 */
static bool is_cubic_sum(const hn_value *sum, const hn_value *x) {
    const hn_node *node = hn_made_by(sum, HN_OP_add);
    for (int i = 0; node && i < 2; i++) {
        hn_product p;
        if (node->in[i] == x && hn_product_of(node->in[1 - i], &p) && is_power(&p, x, 3, CUBIC_COEFFICIENT))
            return true;
    }
    return false;
}

/* sum = 1 + 0.044715 x^2 */
static bool is_square_sum(const hn_value *sum, const hn_value *x) {
    hn_value *square;
    hn_product p;
    return hn_is_sum_with(sum, 1, &square) && hn_product_of(square, &p) && is_power(&p, x, 2, CUBIC_COEFFICIENT);
}

/* value = sqrt(2 / pi) (x + 0.044715 x^3), perhaps with x taken out */
static bool is_tanh_argument(hn_value *value, const hn_value *x) {
    hn_product p;
    if (!hn_product_of(value, &p) || !hn_is_near(p.constant, SQRT_TWO_OVER_PI)) return false;
    if (p.n == 1) return is_cubic_sum(p.factor[0], x);
    if (p.n != 2) return false;
    return (p.factor[0] == x && is_square_sum(p.factor[1], x)) || (p.factor[1] == x && is_square_sum(p.factor[0], x));
}

/* gate = 1 + erf(...) or 1 + tanh(...) of x, used for this only. *approximate tells which. */
static bool is_gate(const hn_value *gate, const hn_value *x, bool *approximate) {
    hn_value *curve;
    if (gate->uses.n != 1 || !hn_is_sum_with(gate, 1, &curve)) return false;
    const hn_node *erf = hn_made_only_for(curve, HN_OP_erf), *tanh = hn_made_only_for(curve, HN_OP_tanh);
    *approximate = tanh != NULL;
    if (erf) return is_erf_argument(erf->in[0], x);
    return tanh && is_tanh_argument(tanh->in[0], x);
}

static hone_status fuse(hn_rewrite *r, hn_node *node) {
    hn_product p;
    bool approximate;
    if ((node->op->id != HN_OP_mul && node->op->id != HN_OP_div) || !hn_may_make(r->model, GELU_SINCE)) return HONE_OK;
    if (!hn_product_of(node->out[0], &p) || p.n != 2 || !hn_is_near(p.constant, 0.5)) return HONE_OK;
    for (int i = 0; i < 2; i++) {
        hn_value *x = p.factor[i];
        if (!is_gate(p.factor[1 - i], x, &approximate)) continue;
        if (!hn_same_shape(&x->info.shape, &node->out[0]->info.shape)) continue;
        if (hn_value_dtype(x) != hn_value_dtype(node->out[0])) continue;
        static const char word[] = "tanh";
        hn_attrs attrs = {0};
        const hn_attr by_tanh = {.name = "approximate", .kind = HN_ATTR_STRING, .s = {word, sizeof word - 1}};
        if (approximate) attrs = hn_rewrite_attr(r, attrs, by_tanh);
        return hn_rewrite_morph(r, node, HN_OP_gelu, attrs, 1, &x);
    }
    return HONE_OK;
}

hone_status hn_pass_gelu_fuse(hn_model *model, bool *changed, hn_diag *diag) {
    return hn_rewrite_nodes(model, changed, diag, fuse);
}
