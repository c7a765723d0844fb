/* Division: floor, ceiling and truncation, modulo, and Resize's scaling. A dim that divides is taken to be at least 1
 * where a factor cancels, as in (a*b)/b = a: a zero can only come from an empty tensor, for which the plan is evaluated
 * with the actual numbers at run time. */
#include <math.h>
#include <string.h>
#include "base/shape_expr_node.h"

#define MOST_DIVISION_STEPS 64

bool hn_int_floor_div(int64_t a, int64_t b, int64_t *out) {
    if (b == 0 || (a == INT64_MIN && b == -1)) return false;
    *out = a / b - (a % b != 0 && (a < 0) != (b < 0));
    return true;
}

bool hn_int_scale(int64_t a, uint32_t scale_bits, int64_t *out) {
    float scale;
    memcpy(&scale, &scale_bits, sizeof scale);
    float product = floorf((float)a * scale);
    if (!(product >= -0x1p63f && product < 0x1p63f)) return false;
    *out = (int64_t)product;
    return true;
}

static hn_dim divide_by_constant(hn_expr_pool *pool, const hn_linear *a, int64_t k);
static hn_dim divide_by_expression(hn_expr_pool *pool, const hn_linear *a, const hn_linear *b);

static hn_dim divide(hn_expr_pool *pool, const hn_linear *a, const hn_linear *b) {
    if (b->n > 0) return divide_by_expression(pool, a, b);
    return b->constant > 0 ? divide_by_constant(pool, a, b->constant) : HN_UNKNOWN_DIM;
}

static bool negate(hn_linear *l) { return hn_linear_scale(l, -1); }

/* floor((floor(x/m) + y) / b) = floor((x + m*y) / (m*b)) for integers y and b >= 1. Looks for such a term with
 * coefficient 1 and gives the new fraction. */
static bool unnest(hn_expr_pool *pool, const hn_linear *a, const hn_linear *b, hn_linear *dividend,
                   hn_linear *divisor) {
    for (int i = 0; i < a->n; i++) {
        const hn_expr *inner = a->term[i].expr;
        if (inner->kind != HN_EXPR_FLOOR_DIV || a->term[i].value != 1) continue;
        hn_linear x, m, y = *a, scaled;
        hn_linear_from(inner->arg[0], &x);
        hn_linear_from(inner->arg[1], &m);
        if (!hn_linear_add_term(&y, -1, inner) || !hn_linear_multiply(pool, &m, &y, &scaled)) continue;
        if (!hn_linear_add(&scaled, &x, 1) || !hn_linear_multiply(pool, &m, b, divisor)) continue;
        *dividend = scaled;
        return true;
    }
    return false;
}

static hn_dim make_fraction(hn_expr_pool *pool, const hn_linear *a, const hn_linear *b) {
    const hn_dim arg[2] = {hn_linear_make(pool, a), hn_linear_make(pool, b)};
    return hn_expr_intern(pool, HN_EXPR_FLOOR_DIV, 0, arg, 2);
}

/* floor(r / k) where every coefficient of r is smaller than k in magnitude, the constant is in [0, k), and the first
 * coefficient is positive. */
static hn_dim divide_remainder(hn_expr_pool *pool, hn_linear *r, int64_t k) {
    int64_t g = (int64_t)hn_gcd(hn_linear_gcd(r), (uint64_t)k), low, high;
    if (!hn_linear_divide(r, g)) return HN_UNKNOWN_DIM; /* floor((g*x + c) / (g*k)) = floor((x + floor(c/g)) / k) */
    hn_linear divisor = {.constant = k / g}, outer, product;
    if (unnest(pool, r, &divisor, &outer, &product)) {
        hn_dim merged = divide(pool, &outer, &product);
        if (!hn_dim_is_unknown(merged)) return merged;
    }
    hn_range range = hn_linear_range(pool, r);
    if (range.low != INT64_MIN && range.high != INT64_MAX && hn_int_floor_div(range.low, divisor.constant, &low) &&
        hn_int_floor_div(range.high, divisor.constant, &high) && low == high)
        return hn_dim_const(low);
    return make_fraction(pool, r, &divisor);
}

/* Whole multiples of k leave the fraction; what stays is turned so that its first coefficient is positive, by
 * floor(-x / k) = -floor((x + k - 1) / k). */
static hn_dim divide_by_constant(hn_expr_pool *pool, const hn_linear *a, int64_t k) {
    hn_linear quotient = {0}, rest = {0};
    hn_int_floor_div(a->constant, k, &quotient.constant);
    rest.constant = a->constant % k + (a->constant % k < 0 ? k : 0);
    for (int i = 0; i < a->n; i++) {
        hn_dim term = a->term[i];
        if (term.value / k) quotient.term[quotient.n++] = (hn_dim){term.value / k, term.expr};
        if (term.value % k) rest.term[rest.n++] = (hn_dim){term.value % k, term.expr};
    }
    hn_dim whole = hn_linear_make(pool, &quotient);
    if (rest.n == 0) return whole;
    if (rest.term[0].value > 0) return hn_dim_add(pool, whole, divide_remainder(pool, &rest, k));
    if (!negate(&rest)) return HN_UNKNOWN_DIM;
    rest.constant += k - 1;
    return hn_dim_sub(pool, whole, divide_remainder(pool, &rest, k));
}

/* Divides both by the factors and the whole numbers that all their terms share. */
static bool cancel(hn_expr_pool *pool, hn_linear *a, hn_linear *b) {
    uint64_t g = hn_gcd(hn_linear_gcd(a), hn_linear_gcd(b));
    hn_linear constants = {.n = 2, .term = {{a->constant, NULL}, {b->constant, NULL}}};
    g = hn_gcd(g, hn_linear_gcd(&constants));
    if (g > INT64_MAX || !hn_linear_divide(a, (int64_t)g) || !hn_linear_divide(b, (int64_t)g)) return false;
    if (a->constant || b->constant) return true;
    const hn_expr *common = a->term[0].expr;
    for (int i = 1; i < a->n && common; i++)
        if (!hn_monomial_common(pool, common, a->term[i].expr, &common)) return false;
    for (int i = 0; i < b->n && common; i++)
        if (!hn_monomial_common(pool, common, b->term[i].expr, &common)) return false;
    if (!common) return true;
    hn_linear *both[2] = {a, b};
    for (int side = 0; side < 2; side++) {
        hn_linear divided = {0};
        for (int i = 0; i < both[side]->n; i++) {
            const hn_expr *rest;
            if (!hn_monomial_divide(pool, both[side]->term[i].expr, common, &rest)) return false;
            if (!hn_linear_add_term(&divided, both[side]->term[i].value, rest)) return false;
        }
        *both[side] = divided;
    }
    return true;
}

/* Polynomial division by the leading term: a = quotient * b + rest, where no term of rest is divisible by b's leading
 * term. False when it grows out of bounds. */
static bool divide_polynomials(hn_expr_pool *pool, const hn_linear *a, const hn_linear *b, hn_linear *quotient,
                               hn_linear *rest) {
    *quotient = (hn_linear){0};
    *rest = *a;
    int at = 0;
    for (int step = 0; at < rest->n; step++) {
        const hn_dim lead = b->term[0], term = rest->term[at];
        const hn_expr *monomial;
        if (term.value % lead.value || !hn_monomial_divide(pool, term.expr, lead.expr, &monomial)) {
            at++;
            continue;
        }
        hn_linear factor = {0}, product;
        if (step == MOST_DIVISION_STEPS || !hn_linear_add_term(&factor, term.value / lead.value, monomial))
            return false;
        if (!hn_linear_multiply(pool, &factor, b, &product) || !hn_linear_add(rest, &product, -1)) return false;
        if (!hn_linear_add(quotient, &factor, 1)) return false;
    }
    return true;
}

static hn_dim divide_by_expression(hn_expr_pool *pool, const hn_linear *a, const hn_linear *b) {
    if (a->n == 0 && a->constant == 0) return hn_dim_const(0);
    hn_linear x = *a, y = *b, quotient, rest;
    if (y.term[0].value < 0 && (!negate(&x) || !negate(&y))) return HN_UNKNOWN_DIM;
    if (!cancel(pool, &x, &y)) return HN_UNKNOWN_DIM;
    if (y.n == 0) return divide(pool, &x, &y);
    if (divide_polynomials(pool, &x, &y, &quotient, &rest)) {
        bool exact = rest.n == 0 && rest.constant == 0;
        if (exact) return hn_linear_make(pool, &quotient);
        bool single = y.n == 1 && y.constant == 0, divided = quotient.n > 0 || quotient.constant != 0;
        if (single && divided)
            return hn_dim_add(pool, hn_linear_make(pool, &quotient), divide_by_expression(pool, &rest, &y));
    }
    hn_linear outer, product;
    if (hn_linear_range(pool, &y).low >= 0 && unnest(pool, &x, &y, &outer, &product)) {
        hn_dim merged = divide(pool, &outer, &product);
        if (!hn_dim_is_unknown(merged)) return merged;
    }
    return make_fraction(pool, &x, &y);
}

hn_dim hn_dim_floor_div(hn_expr_pool *pool, hn_dim a, hn_dim b) {
    if (hn_dim_is_unknown(a) || hn_dim_is_unknown(b) || hn_dim_is(b, 0)) return HN_UNKNOWN_DIM;
    if (hn_dim_is(b, 1)) return a;
    if (!a.expr && !b.expr) {
        int64_t quotient;
        return hn_int_floor_div(a.value, b.value, &quotient) ? hn_dim_const(quotient) : HN_UNKNOWN_DIM;
    }
    hn_linear x, y;
    hn_linear_from(a, &x);
    hn_linear_from(b, &y);
    if (!pool || (y.n == 0 && y.constant < 0 && (!negate(&x) || !negate(&y)))) return HN_UNKNOWN_DIM;
    return divide(pool, &x, &y);
}

static hn_dim negative(hn_expr_pool *pool, hn_dim a) { return hn_dim_sub(pool, hn_dim_const(0), a); }

hn_dim hn_dim_ceil_div(hn_expr_pool *pool, hn_dim a, hn_dim b) {
    if (!a.expr && !b.expr) {
        int64_t floor;
        if (!hn_int_floor_div(a.value, b.value, &floor)) return HN_UNKNOWN_DIM;
        return hn_dim_const(floor + (a.value % b.value != 0));
    }
    if (hn_dim_bounds(pool, b).low >= 0 && !hn_dim_is_unknown(b)) {
        hn_dim less_one = hn_dim_sub(pool, b, hn_dim_const(1));
        return hn_dim_floor_div(pool, hn_dim_add(pool, a, less_one), b);
    }
    return negative(pool, hn_dim_floor_div(pool, negative(pool, a), b));
}

/* a mod b is no atom of its own but a - b*floor(a/b), so that sums with the quotient simplify. */
hn_dim hn_dim_mod(hn_expr_pool *pool, hn_dim a, hn_dim b) {
    if (!a.expr && !b.expr) { /* b*floor(a/b) might overflow where the rest does not */
        if (b.value == 0 || b.value == -1) return b.value ? hn_dim_const(0) : HN_UNKNOWN_DIM;
        int64_t rest = a.value % b.value;
        return hn_dim_const(rest != 0 && (rest < 0) != (b.value < 0) ? rest + b.value : rest);
    }
    hn_dim quotient = hn_dim_floor_div(pool, a, b);
    if (hn_dim_is_unknown(quotient)) return quotient; /* also for b = 0, where the product would be 0 */
    return hn_dim_sub(pool, a, hn_dim_mul(pool, b, quotient));
}

hn_dim hn_dim_trunc_div(hn_expr_pool *pool, hn_dim a, hn_dim b) {
    hn_dim floor = hn_dim_floor_div(pool, a, b);
    if (hn_dim_is_unknown(floor)) return floor;
    if (!a.expr && !b.expr) return hn_dim_const(a.value / b.value);
    if (hn_dim_bounds(pool, a).low >= 0 && hn_dim_bounds(pool, b).low >= 0) return floor;
    if (hn_dim_same(hn_dim_mul(pool, floor, b), a)) return floor;
    hn_dim zero = hn_dim_const(0), ceiling = negative(pool, hn_dim_floor_div(pool, negative(pool, a), b));
    hn_dim positive = hn_dim_equal(pool, hn_dim_less(pool, a, zero), hn_dim_less(pool, b, zero));
    return hn_dim_select(pool, positive, floor, ceiling);
}

/* Scales that are whole numbers, or one divided by a power of two, are exact: they become products and divisions. */
hn_dim hn_dim_scale(hn_expr_pool *pool, hn_dim a, float scale) {
    if (!(scale >= 0 && scale < 0x1p31f) || hn_dim_is_unknown(a)) return HN_UNKNOWN_DIM;
    if (scale == floorf(scale)) return hn_dim_mul(pool, a, hn_dim_const((int64_t)scale));
    int exponent;
    if (scale >= 0x1p-31f && frexpf(scale, &exponent) == 0.5f)
        return hn_dim_floor_div(pool, a, hn_dim_const((int64_t)1 << (1 - exponent)));
    uint32_t bits;
    memcpy(&bits, &scale, sizeof bits);
    int64_t value;
    if (!a.expr) return hn_int_scale(a.value, bits, &value) ? hn_dim_const(value) : HN_UNKNOWN_DIM;
    return pool ? hn_expr_intern(pool, HN_EXPR_SCALE, bits, &a, 1) : HN_UNKNOWN_DIM;
}
