/* Interval analysis: the least and greatest value that the symbols' bounds allow. */
#include "base/shape_expr_node.h"

static const hn_range everything = {INT64_MIN, INT64_MAX};

static bool open_below(hn_range r) { return r.low == INT64_MIN; }
static bool open_above(hn_range r) { return r.high == INT64_MAX; }

static int64_t clamp(__int128 value) {
    return value <= INT64_MIN ? INT64_MIN : value >= INT64_MAX ? INT64_MAX : (int64_t)value;
}

static hn_range add(hn_range a, hn_range b) {
    return (hn_range){open_below(a) || open_below(b) ? INT64_MIN : clamp((__int128)a.low + b.low),
                      open_above(a) || open_above(b) ? INT64_MAX : clamp((__int128)a.high + b.high)};
}

static hn_range scale(hn_range r, int64_t factor) {
    if (factor == 0) return (hn_range){0, 0};
    int64_t low = open_below(r) ? INT64_MIN : clamp((__int128)r.low * factor);
    int64_t high = open_above(r) ? INT64_MAX : clamp((__int128)r.high * factor);
    if (factor > 0) return (hn_range){low, high};
    return (hn_range){open_above(r) ? INT64_MIN : high, open_below(r) ? INT64_MAX : low};
}

static hn_range hull(hn_range a, hn_range b) {
    return (hn_range){a.low < b.low ? a.low : b.low, a.high > b.high ? a.high : b.high};
}

static hn_range intersect(hn_range a, hn_range b) {
    return (hn_range){a.low > b.low ? a.low : b.low, a.high < b.high ? a.high : b.high};
}

static hn_range multiply(hn_range a, hn_range b) {
    if (a.low >= 0 && b.low >= 0) {
        bool zero = a.high == 0 || b.high == 0;
        bool open = !zero && (open_above(a) || open_above(b));
        return (hn_range){clamp((__int128)a.low * b.low), open ? INT64_MAX : clamp((__int128)a.high * b.high)};
    }
    if (open_below(a) || open_above(a) || open_below(b) || open_above(b)) return everything;
    __int128 c[4] = {(__int128)a.low * b.low, (__int128)a.low * b.high, (__int128)a.high * b.low,
                     (__int128)a.high * b.high};
    __int128 least = c[0], most = c[0];
    for (int i = 1; i < 4; i++) {
        if (c[i] < least) least = c[i];
        if (c[i] > most) most = c[i];
    }
    return (hn_range){clamp(least), clamp(most)};
}

static hn_range product_range(const hn_expr_pool *pool, const hn_expr *product) {
    hn_range result = {1, 1};
    for (int i = 0; i < product->n; i++) {
        hn_range factor = hn_dim_bounds(pool, (hn_dim){0, product->arg[i].expr});
        for (int64_t power = product->arg[i].value; power > 0; power--) result = multiply(result, factor);
    }
    return result;
}

static int64_t floor_div(int64_t a, int64_t b) {
    int64_t quotient = 0;
    hn_int_floor_div(a, b, &quotient);
    return quotient;
}

/* A divisor is never zero where the expression has a value. */
static hn_range floor_div_range(hn_range a, hn_range b) {
    if (b.low < 0) return everything;
    if (b.low == 0) b.low = 1;
    if (b.high < b.low) return everything;
    hn_range r;
    if (a.low >= 0) r.low = open_above(b) ? 0 : floor_div(a.low, b.high);
    else r.low = open_below(a) ? INT64_MIN : floor_div(a.low, b.low);
    if (a.high >= 0) r.high = open_above(a) ? INT64_MAX : floor_div(a.high, b.low);
    else r.high = open_above(b) ? -1 : floor_div(a.high, b.high);
    return r;
}

static hn_range scale_range(hn_range a, uint32_t bits) {
    hn_range r = everything;
    if (open_below(a) || !hn_int_scale(a.low, bits, &r.low)) r.low = INT64_MIN;
    if (open_above(a) || !hn_int_scale(a.high, bits, &r.high)) r.high = INT64_MAX;
    return r;
}

static hn_range extreme_range(const hn_expr_pool *pool, const hn_expr *expr) {
    hn_range result = hn_dim_bounds(pool, expr->arg[0]);
    for (int i = 1; i < expr->n; i++) {
        hn_range r = hn_dim_bounds(pool, expr->arg[i]);
        bool least = expr->kind == HN_EXPR_MIN;
        result.low = (r.low < result.low) == least ? r.low : result.low;
        result.high = (r.high < result.high) == least ? r.high : result.high;
    }
    return result;
}

static int find_term(const hn_linear *l, const hn_expr *atom) {
    for (int i = 0; i < l->n; i++)
        if (l->term[i].expr == atom) return i;
    return -1;
}

/* x - k*floor(x/k) lies in [0, k-1], which adding the ranges of both parts cannot see. If term `at` is c*floor(x/k)
 * with c = -m*k, and taking m*x out of `l` as well makes another term vanish and none appear, removes both and gives
 * the range of the pair. */
static bool take_modulo(hn_linear *l, int at, hn_range *pair) {
    const hn_expr *quotient = l->term[at].expr;
    if (quotient->kind != HN_EXPR_FLOOR_DIV || quotient->arg[1].expr) return false;
    int64_t c = l->term[at].value, k = quotient->arg[1].value;
    if (c % k != 0 || c == INT64_MIN) return false;
    int64_t m = -(c / k);
    hn_linear rest = *l, dividend;
    hn_linear_from(quotient->arg[0], &dividend);
    for (int i = 0; i < dividend.n; i++)
        if (find_term(l, dividend.term[i].expr) < 0) return false;
    if (!hn_linear_add_term(&rest, -c, quotient) || !hn_linear_add(&rest, &dividend, -m)) return false;
    if (rest.n > l->n - 2) return false;
    *pair = scale((hn_range){0, k - 1}, m);
    *l = rest;
    return true;
}

/* Sum over the terms of `part`, whose atoms are among those of `whole` with their ranges in `known`. */
static hn_range sum_of_ranges(const hn_linear *part, const hn_linear *whole, const hn_range *known) {
    hn_range sum = {part->constant, part->constant};
    for (int i = 0; i < part->n; i++)
        sum = add(sum, scale(known[find_term(whole, part->term[i].expr)], part->term[i].value));
    return sum;
}

/* Each atom's range is computed once: twice would double the work with every level of nesting. */
hn_range hn_linear_range(const hn_expr_pool *pool, const hn_linear *l) {
    hn_range known[HN_EXPR_MAX_TERMS], pairs = {0, 0}, pair;
    for (int i = 0; i < l->n; i++) known[i] = hn_dim_bounds(pool, (hn_dim){0, l->term[i].expr});
    hn_linear rest = *l;
    for (int i = 0; i < rest.n;) {
        if (!take_modulo(&rest, i, &pair)) {
            i++;
            continue;
        }
        pairs = add(pairs, pair);
        i = 0;
    }
    return intersect(sum_of_ranges(l, l, known), add(pairs, sum_of_ranges(&rest, l, known)));
}

static hn_range expr_range(const hn_expr_pool *pool, const hn_expr *expr) {
    hn_range r = everything;
    hn_linear l;
    switch ((hn_expr_kind)expr->kind) {
    case HN_EXPR_UNKNOWN:
        return everything;
    case HN_EXPR_SYMBOL:
        return hn_expr_get_bounds(pool, (int)expr->value, &r.low, &r.high), r;
    case HN_EXPR_PRODUCT:
        return product_range(pool, expr);
    case HN_EXPR_FLOOR_DIV:
        return floor_div_range(hn_dim_bounds(pool, expr->arg[0]), hn_dim_bounds(pool, expr->arg[1]));
    case HN_EXPR_SCALE:
        return scale_range(hn_dim_bounds(pool, expr->arg[0]), (uint32_t)expr->value);
    case HN_EXPR_MIN:
    case HN_EXPR_MAX:
        return extreme_range(pool, expr);
    case HN_EXPR_EQUAL:
    case HN_EXPR_LESS:
        return (hn_range){0, 1};
    case HN_EXPR_SELECT:
        return hull(hn_dim_bounds(pool, expr->arg[1]), hn_dim_bounds(pool, expr->arg[2]));
    case HN_EXPR_LINEAR:
        return hn_linear_from((hn_dim){0, expr}, &l), hn_linear_range(pool, &l);
    }
    return everything;
}

hn_range hn_dim_bounds(const hn_expr_pool *pool, hn_dim d) {
    return d.expr ? expr_range(pool, d.expr) : (hn_range){d.value, d.value};
}

void hn_dim_range(const hn_expr_pool *pool, hn_dim d, int64_t *low, int64_t *high) {
    hn_range r = hn_dim_bounds(pool, d);
    *low = r.low;
    *high = r.high;
}
