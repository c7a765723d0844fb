/* Minimum, maximum, comparisons and selection. Whatever the symbols' bounds can decide is decided here. */
#include <string.h>
#include "base/shape_expr_node.h"

static bool is_boolean(const hn_expr *expr) {
    return expr && (expr->kind == HN_EXPR_EQUAL || expr->kind == HN_EXPR_LESS);
}

static hn_dim complement(hn_expr_pool *pool, hn_dim boolean) { return hn_dim_sub(pool, hn_dim_const(1), boolean); }

/* Sign of a - b for all symbol values: -1 when a <= b, 1 when a >= b, 0 when open. */
static int order_of(const hn_expr_pool *pool, hn_dim a, hn_dim b) {
    hn_linear difference;
    if (!hn_linear_subtract(a, b, &difference)) return 0;
    hn_range range = hn_linear_range(pool, &difference);
    return range.high <= 0 ? -1 : range.low >= 0 ? 1 : 0;
}

typedef struct operands {
    hn_dim at[HN_EXPR_MAX_OPERANDS];
    int n;
} operands;

/* Adds one operand in its place, unless another makes it superfluous; drops those that it makes superfluous. `sign` is
 * 1 for a maximum and -1 for a minimum. */
static bool add_operand(const hn_expr_pool *pool, operands *list, hn_dim d, int sign) {
    int kept = 0, place = 0;
    for (int i = 0; i < list->n; i++)
        if (hn_dim_same(d, list->at[i]) || order_of(pool, list->at[i], d) == sign) return true;
    for (int i = 0; i < list->n; i++)
        if (order_of(pool, d, list->at[i]) != sign) list->at[kept++] = list->at[i];
    list->n = kept;
    if (list->n == HN_EXPR_MAX_OPERANDS) return false;
    while (place < list->n && hn_dim_compare(list->at[place], d) < 0) place++;
    memmove(&list->at[place + 1], &list->at[place], (size_t)(list->n - place) * sizeof d);
    list->at[place] = d;
    list->n++;
    return true;
}

/* Nested operations of the same kind are flattened. */
static bool add_operands(const hn_expr_pool *pool, operands *list, hn_dim d, hn_expr_kind kind) {
    int sign = kind == HN_EXPR_MAX ? 1 : -1;
    if (!d.expr || d.expr->kind != kind) return add_operand(pool, list, d, sign);
    for (int i = 0; i < d.expr->n; i++)
        if (!add_operand(pool, list, d.expr->arg[i], sign)) return false;
    return true;
}

static hn_dim extreme(hn_expr_pool *pool, hn_dim a, hn_dim b, hn_expr_kind kind) {
    if (hn_dim_is_unknown(a) || hn_dim_is_unknown(b)) return HN_UNKNOWN_DIM;
    if (!a.expr && !b.expr) return (a.value < b.value) == (kind == HN_EXPR_MIN) ? a : b;
    operands list = {.n = 0};
    if (!pool || !add_operands(pool, &list, a, kind) || !add_operands(pool, &list, b, kind)) return HN_UNKNOWN_DIM;
    return list.n == 1 ? list.at[0] : hn_expr_intern(pool, kind, 0, list.at, list.n);
}

hn_dim hn_dim_min(hn_expr_pool *pool, hn_dim a, hn_dim b) { return extreme(pool, a, b, HN_EXPR_MIN); }

hn_dim hn_dim_max(hn_expr_pool *pool, hn_dim a, hn_dim b) { return extreme(pool, a, b, HN_EXPR_MAX); }

/* The comparison of d with zero as a node. */
static hn_dim make_test(hn_expr_pool *pool, hn_expr_kind kind, const hn_linear *d) {
    const hn_dim arg = hn_linear_make(pool, d);
    return hn_expr_intern(pool, kind, 0, &arg, 1);
}

/* Greatest divisor of all coefficients, or 0 when it exceeds 63 bits. */
static int64_t common_divisor(const hn_linear *d) {
    uint64_t g = hn_linear_gcd(d);
    return g <= INT64_MAX ? (int64_t)g : 0;
}

/* d = 0 for d = x + constant, x being 0 or 1. */
static hn_dim equal_boolean(hn_expr_pool *pool, const hn_linear *d) {
    hn_dim boolean = {0, d->term[0].expr};
    if (d->constant == -1) return boolean;
    return d->constant == 0 ? complement(pool, boolean) : hn_dim_const(0);
}

static hn_dim is_zero(hn_expr_pool *pool, hn_linear *d) {
    if (d->n == 0) return hn_dim_const(d->constant == 0);
    int64_t g = common_divisor(d);
    if (g && d->constant % g) return hn_dim_const(0);
    if (!g || !hn_linear_divide(d, g)) return HN_UNKNOWN_DIM;
    if (d->term[0].value < 0 && !hn_linear_scale(d, -1)) return HN_UNKNOWN_DIM;
    hn_range range = hn_linear_range(pool, d);
    if (range.low > 0 || range.high < 0) return hn_dim_const(0);
    if (d->n == 1 && is_boolean(d->term[0].expr)) return equal_boolean(pool, d);
    return make_test(pool, HN_EXPR_EQUAL, d);
}

hn_dim hn_dim_equal(hn_expr_pool *pool, hn_dim a, hn_dim b) {
    if (hn_dim_is_unknown(a) || hn_dim_is_unknown(b)) return HN_UNKNOWN_DIM;
    if (!a.expr && !b.expr) return hn_dim_const(a.value == b.value);
    hn_linear d;
    return pool && hn_linear_subtract(a, b, &d) ? is_zero(pool, &d) : HN_UNKNOWN_DIM;
}

/* floor(x/k) + c < 0 is x + k*c < 0. */
static bool unfold_quotient(hn_linear *d) {
    const hn_expr *quotient = d->term[0].expr;
    if (d->n != 1 || quotient->kind != HN_EXPR_FLOOR_DIV || quotient->arg[1].expr) return false;
    int64_t shift;
    hn_linear x;
    hn_linear_from(quotient->arg[0], &x);
    if (__builtin_mul_overflow(d->constant, quotient->arg[1].value, &shift)) return false;
    if (!hn_linear_add_term(&x, shift, NULL)) return false;
    *d = x;
    return true;
}

/* d < 0. With a negative first coefficient it is the complement of -d - 1 < 0. */
static hn_dim is_negative(hn_expr_pool *pool, hn_linear *d) {
    if (d->n == 0) return hn_dim_const(d->constant < 0);
    int64_t g = common_divisor(d);
    if (!g || !hn_linear_divide(d, g)) return HN_UNKNOWN_DIM;
    hn_range range = hn_linear_range(pool, d);
    if (range.high < 0 || range.low >= 0) return hn_dim_const(range.high < 0);
    if (d->term[0].value < 0) {
        if (!hn_linear_scale(d, -1) || !hn_linear_add_term(d, -1, NULL)) return HN_UNKNOWN_DIM;
        return complement(pool, is_negative(pool, d));
    }
    if (unfold_quotient(d)) return is_negative(pool, d);
    if (d->n == 1 && is_boolean(d->term[0].expr)) /* open only for x - 1 < 0 */
        return complement(pool, (hn_dim){0, d->term[0].expr});
    return make_test(pool, HN_EXPR_LESS, d);
}

hn_dim hn_dim_less(hn_expr_pool *pool, hn_dim a, hn_dim b) {
    if (hn_dim_is_unknown(a) || hn_dim_is_unknown(b)) return HN_UNKNOWN_DIM;
    if (!a.expr && !b.expr) return hn_dim_const(a.value < b.value);
    hn_linear d;
    return pool && hn_linear_subtract(a, b, &d) ? is_negative(pool, &d) : HN_UNKNOWN_DIM;
}

/* select(x = y, a, b) where a and b differ by x - y: both are the same when the condition holds. */
static bool differ_by_condition(hn_expr_pool *pool, const hn_expr *condition, hn_dim a, hn_dim b) {
    if (condition->kind != HN_EXPR_EQUAL) return false;
    return hn_dim_same(hn_dim_sub(pool, a, b), condition->arg[0]) ||
           hn_dim_same(hn_dim_sub(pool, b, a), condition->arg[0]);
}

/* The condition is a comparison. A nested select on the same condition has only one side left. */
static hn_dim select_boolean(hn_expr_pool *pool, const hn_expr *condition, hn_dim yes, hn_dim no) {
    if (yes.expr && yes.expr->kind == HN_EXPR_SELECT && yes.expr->arg[0].expr == condition) yes = yes.expr->arg[1];
    if (no.expr && no.expr->kind == HN_EXPR_SELECT && no.expr->arg[0].expr == condition) no = no.expr->arg[2];
    hn_dim boolean = {0, condition};
    if (hn_dim_same(yes, no) || differ_by_condition(pool, condition, yes, no)) return no;
    if (hn_dim_is(yes, 1) && hn_dim_is(no, 0)) return boolean;
    if (hn_dim_is(yes, 0) && hn_dim_is(no, 1)) return complement(pool, boolean);
    const hn_dim arg[3] = {boolean, yes, no};
    return hn_expr_intern(pool, HN_EXPR_SELECT, 0, arg, 3);
}

/* 1 - x for a boolean x, as linear forms write it. */
static bool is_complement(const hn_expr *expr) {
    return expr->kind == HN_EXPR_LINEAR && expr->n == 1 && expr->value == 1 && expr->arg[0].value == -1 &&
           is_boolean(expr->arg[0].expr);
}

hn_dim hn_dim_select(hn_expr_pool *pool, hn_dim condition, hn_dim yes, hn_dim no) {
    if (hn_dim_is_unknown(condition)) return HN_UNKNOWN_DIM;
    if (!condition.expr) return condition.value ? yes : no;
    if (!pool) return HN_UNKNOWN_DIM;
    if (is_boolean(condition.expr)) return select_boolean(pool, condition.expr, yes, no);
    if (is_complement(condition.expr)) return select_boolean(pool, condition.expr->arg[0].expr, no, yes);
    return hn_dim_select(pool, hn_dim_equal(pool, condition, hn_dim_const(0)), no, yes);
}
