/* Canonical sums and products: integer polynomials over atoms. */
#include <string.h>
#include "base/shape_expr_node.h"

uint64_t hn_gcd(uint64_t a, uint64_t b) {
    while (b) {
        uint64_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

static uint64_t magnitude(int64_t value) { return value < 0 ? 0 - (uint64_t)value : (uint64_t)value; }

/* A monomial as a list of {exponent, factor}. */
typedef struct factors {
    int n, degree;
    hn_dim factor[HN_EXPR_MAX_DEGREE];
} factors;

static void read_factors(const hn_expr *expr, factors *out) {
    *out = (factors){0};
    if (!expr) return;
    if (expr->kind != HN_EXPR_PRODUCT) {
        out->factor[out->n++] = (hn_dim){1, expr};
        out->degree = 1;
        return;
    }
    out->n = expr->n;
    memcpy(out->factor, expr->arg, (size_t)expr->n * sizeof(hn_dim));
    for (int i = 0; i < expr->n; i++) out->degree += (int)expr->arg[i].value;
}

static bool make_monomial(hn_expr_pool *pool, const factors *m, const hn_expr **out) {
    *out = NULL;
    if (m->n == 0) return true;
    if (m->degree == 1) return *out = m->factor[0].expr, true;
    if (m->degree > HN_EXPR_MAX_DEGREE) return false;
    hn_dim product = hn_expr_intern(pool, HN_EXPR_PRODUCT, 0, m->factor, m->n);
    *out = product.expr;
    return !hn_dim_is_unknown(product);
}

/* Negative when a comes first: higher degree, then more of the first factor in which they differ. This order is kept by
 * multiplication, which polynomial division relies on. */
static int compare_monomials(const hn_expr *a, const hn_expr *b) {
    if (a == b) return 0;
    factors x, y;
    read_factors(a, &x);
    read_factors(b, &y);
    if (x.degree != y.degree) return x.degree > y.degree ? -1 : 1;
    for (int i = 0; i < x.n && i < y.n; i++) {
        int order = hn_expr_compare(x.factor[i].expr, y.factor[i].expr);
        if (order) return order;
        if (x.factor[i].value != y.factor[i].value) return x.factor[i].value > y.factor[i].value ? -1 : 1;
    }
    return 0;
}

static bool append_factor(factors *m, int64_t exponent, const hn_expr *factor) {
    if (exponent == 0) return true;
    if (m->degree + exponent > HN_EXPR_MAX_DEGREE) return false;
    m->factor[m->n++] = (hn_dim){exponent, factor};
    m->degree += (int)exponent;
    return true;
}

/* How the exponents of one factor combine; negative: the operation is not possible. */
typedef int64_t (*combine_exponents)(int64_t a, int64_t b);

static int64_t sum_of(int64_t a, int64_t b) { return a + b; }
static int64_t difference_of(int64_t a, int64_t b) { return a - b; }
static int64_t least_of(int64_t a, int64_t b) { return a < b ? a : b; }

static bool combine(hn_expr_pool *pool, const hn_expr *a, const hn_expr *b, combine_exponents f, const hn_expr **out) {
    factors x, y, result = {0};
    read_factors(a, &x);
    read_factors(b, &y);
    for (int i = 0, j = 0; i < x.n || j < y.n;) {
        int order = i == x.n ? 1 : j == y.n ? -1 : hn_expr_compare(x.factor[i].expr, y.factor[j].expr);
        const hn_expr *factor = order <= 0 ? x.factor[i].expr : y.factor[j].expr;
        int64_t in_a = order <= 0 ? x.factor[i++].value : 0, in_b = order >= 0 ? y.factor[j++].value : 0;
        int64_t exponent = f(in_a, in_b);
        if (exponent < 0 || !append_factor(&result, exponent, factor)) return false;
    }
    return make_monomial(pool, &result, out);
}

bool hn_monomial_multiply(hn_expr_pool *pool, const hn_expr *a, const hn_expr *b, const hn_expr **out) {
    return combine(pool, a, b, sum_of, out);
}

bool hn_monomial_divide(hn_expr_pool *pool, const hn_expr *a, const hn_expr *b, const hn_expr **out) {
    return combine(pool, a, b, difference_of, out);
}

bool hn_monomial_common(hn_expr_pool *pool, const hn_expr *a, const hn_expr *b, const hn_expr **out) {
    return combine(pool, a, b, least_of, out);
}

void hn_linear_from(hn_dim d, hn_linear *out) {
    out->n = 0;
    out->constant = d.expr ? 0 : d.value;
    if (d.expr && d.expr->kind == HN_EXPR_LINEAR) {
        out->constant = d.expr->value;
        out->n = d.expr->n;
        memcpy(out->term, d.expr->arg, (size_t)d.expr->n * sizeof(hn_dim));
    } else if (d.expr) {
        out->term[out->n++] = (hn_dim){1, d.expr};
    }
}

hn_dim hn_linear_make(hn_expr_pool *pool, const hn_linear *l) {
    if (l->n == 0) return hn_dim_const(l->constant);
    if (l->n == 1 && l->constant == 0 && l->term[0].value == 1) return (hn_dim){0, l->term[0].expr};
    return hn_expr_intern(pool, HN_EXPR_LINEAR, l->constant, l->term, l->n);
}

static void remove_term(hn_linear *l, int at) {
    l->n--;
    memmove(&l->term[at], &l->term[at + 1], (size_t)(l->n - at) * sizeof(hn_dim));
}

static bool insert_term(hn_linear *l, int at, hn_dim term) {
    if (l->n == HN_EXPR_MAX_TERMS) return false;
    memmove(&l->term[at + 1], &l->term[at], (size_t)(l->n - at) * sizeof(hn_dim));
    l->term[at] = term;
    l->n++;
    return true;
}

/* `monomial` NULL adds to the constant. */
bool hn_linear_add_term(hn_linear *l, int64_t coefficient, const hn_expr *monomial) {
    if (coefficient == 0) return true;
    if (!monomial) return !__builtin_add_overflow(l->constant, coefficient, &l->constant);
    int at = 0, order = -1;
    for (; at < l->n; at++) {
        order = compare_monomials(monomial, l->term[at].expr);
        if (order <= 0) break;
    }
    if (at == l->n || order != 0) return insert_term(l, at, (hn_dim){coefficient, monomial});
    if (__builtin_add_overflow(l->term[at].value, coefficient, &l->term[at].value)) return false;
    if (l->term[at].value == 0) remove_term(l, at);
    return true;
}

bool hn_linear_add(hn_linear *l, const hn_linear *b, int64_t factor) {
    int64_t scaled;
    if (__builtin_mul_overflow(b->constant, factor, &scaled)) return false;
    if (!hn_linear_add_term(l, scaled, NULL)) return false;
    for (int i = 0; i < b->n; i++) {
        if (__builtin_mul_overflow(b->term[i].value, factor, &scaled)) return false;
        if (!hn_linear_add_term(l, scaled, b->term[i].expr)) return false;
    }
    return true;
}

bool hn_linear_scale(hn_linear *l, int64_t factor) {
    if (factor == 0) l->n = 0;
    for (int i = 0; i < l->n; i++)
        if (__builtin_mul_overflow(l->term[i].value, factor, &l->term[i].value)) return false;
    return !__builtin_mul_overflow(l->constant, factor, &l->constant);
}

bool hn_linear_divide(hn_linear *l, int64_t divisor) {
    for (int i = 0; i < l->n; i++) l->term[i].value /= divisor;
    return hn_int_floor_div(l->constant, divisor, &l->constant);
}

bool hn_linear_subtract(hn_dim a, hn_dim b, hn_linear *out) {
    hn_linear subtrahend;
    hn_linear_from(a, out);
    hn_linear_from(b, &subtrahend);
    return hn_linear_add(out, &subtrahend, -1);
}

uint64_t hn_linear_gcd(const hn_linear *l) {
    uint64_t g = 0;
    for (int i = 0; i < l->n; i++) g = hn_gcd(g, magnitude(l->term[i].value));
    return g;
}

/* out += coefficient * monomial * b */
static bool add_product(hn_expr_pool *pool, hn_linear *out, int64_t coefficient, const hn_expr *monomial,
                        const hn_linear *b) {
    int64_t scaled;
    const hn_expr *product;
    if (__builtin_mul_overflow(coefficient, b->constant, &scaled)) return false;
    if (!hn_linear_add_term(out, scaled, monomial)) return false;
    for (int i = 0; i < b->n; i++) {
        if (!hn_monomial_multiply(pool, monomial, b->term[i].expr, &product)) return false;
        if (__builtin_mul_overflow(coefficient, b->term[i].value, &scaled)) return false;
        if (!hn_linear_add_term(out, scaled, product)) return false;
    }
    return true;
}

bool hn_linear_multiply(hn_expr_pool *pool, const hn_linear *a, const hn_linear *b, hn_linear *out) {
    out->n = 0;
    out->constant = 0;
    for (int i = 0; i < a->n; i++)
        if (!add_product(pool, out, a->term[i].value, a->term[i].expr, b)) return false;
    return a->constant == 0 || hn_linear_add(out, b, a->constant);
}

static hn_dim add_scaled(hn_expr_pool *pool, hn_dim a, hn_dim b, int64_t factor) {
    int64_t product, sum;
    if (hn_dim_is_unknown(a) || hn_dim_is_unknown(b)) return HN_UNKNOWN_DIM;
    if (!a.expr && !b.expr) {
        bool bad = __builtin_mul_overflow(b.value, factor, &product) || __builtin_add_overflow(a.value, product, &sum);
        return bad ? HN_UNKNOWN_DIM : hn_dim_const(sum);
    }
    hn_linear x, y;
    hn_linear_from(a, &x);
    hn_linear_from(b, &y);
    return pool && hn_linear_add(&x, &y, factor) ? hn_linear_make(pool, &x) : HN_UNKNOWN_DIM;
}

hn_dim hn_dim_add(hn_expr_pool *pool, hn_dim a, hn_dim b) { return add_scaled(pool, a, b, 1); }

hn_dim hn_dim_sub(hn_expr_pool *pool, hn_dim a, hn_dim b) { return add_scaled(pool, a, b, -1); }

hn_dim hn_dim_mul(hn_expr_pool *pool, hn_dim a, hn_dim b) {
    if (hn_dim_is(a, 0) || hn_dim_is(b, 0)) return hn_dim_const(0);
    if (hn_dim_is_unknown(a) || hn_dim_is_unknown(b)) return HN_UNKNOWN_DIM;
    if (hn_dim_is(a, 1)) return b;
    if (hn_dim_is(b, 1)) return a;
    if (!a.expr && !b.expr) {
        int64_t product;
        return __builtin_mul_overflow(a.value, b.value, &product) ? HN_UNKNOWN_DIM : hn_dim_const(product);
    }
    hn_linear x, y, product;
    hn_linear_from(a, &x);
    hn_linear_from(b, &y);
    return pool && hn_linear_multiply(pool, &x, &y, &product) ? hn_linear_make(pool, &product) : HN_UNKNOWN_DIM;
}
