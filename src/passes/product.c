/* Taking products apart. */
#include "passes/product.h"

#include <math.h>

#define DEEPEST 6

bool hn_is_near(double a, double b) { return fabs(a - b) <= 1e-4 * fabs(b); }

static bool add_factor(hn_product *p, hn_value *value) {
    if (p->n == HN_PRODUCT_FACTORS) return false;
    p->factor[p->n++] = value;
    return true;
}

static bool take_apart(hn_product *p, hn_value *value, int depth);

static bool take_power(hn_product *p, const hn_node *node, int depth) {
    double exponent;
    if (!hn_constant_scalar(node->in[1], &exponent) || (exponent != 2 && exponent != 3))
        return add_factor(p, node->out[0]);
    for (int i = 0; i < (int)exponent; i++)
        if (!take_apart(p, node->in[0], depth + 1)) return false;
    return true;
}

static bool take_quotient(hn_product *p, const hn_node *node, int depth) {
    double divisor;
    if (!hn_constant_scalar(node->in[1], &divisor) || divisor == 0) return add_factor(p, node->out[0]);
    p->constant /= divisor;
    return take_apart(p, node->in[0], depth + 1);
}

static bool take_apart(hn_product *p, hn_value *value, int depth) {
    double number;
    if (hn_constant_scalar(value, &number)) {
        p->constant *= number;
        return true;
    }
    /* A factor that others use, too, is somebody's x. */
    const bool open = value->index == 0 && depth < DEEPEST && (depth == 0 || value->uses.n == 1);
    const hn_node *node = open ? value->producer : NULL;
    switch (node ? node->op->id : HN_OP_COUNT) {
    case HN_OP_mul:
        return take_apart(p, node->in[0], depth + 1) && take_apart(p, node->in[1], depth + 1);
    case HN_OP_div:
        return take_quotient(p, node, depth);
    case HN_OP_pow:
        return take_power(p, node, depth);
    default:
        return add_factor(p, value);
    }
}

bool hn_product_of(hn_value *value, hn_product *out) {
    *out = (hn_product){.constant = 1};
    return take_apart(out, value, 0);
}

bool hn_is_sum_with(const hn_value *value, double wanted, hn_value **x) {
    const hn_node *node = hn_made_by(value, HN_OP_add);
    double number;
    for (int i = 0; node && i < 2; i++)
        if (hn_constant_scalar(node->in[i], &number) && hn_is_near(number, wanted)) return *x = node->in[1 - i], true;
    return false;
}
