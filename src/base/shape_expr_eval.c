/* Evaluation of expressions for given symbol values, and substitution. */
#include <string.h>
#include "base/shape_expr_node.h"

int hn_expr_op_inputs(hn_expr_op op) {
    switch (op) {
    case HN_CODE_CONSTANT:
    case HN_CODE_SYMBOL:
        return 0;
    case HN_CODE_SCALE:
    case HN_CODE_IS_ZERO:
    case HN_CODE_IS_NEGATIVE:
        return 1;
    case HN_CODE_SELECT:
        return 3;
    default:
        return 2;
    }
}

static hn_number good(__int128 value) { return (hn_number){value, true}; }

static hn_number bad(void) { return (hn_number){0, false}; }

bool hn_number_fits(hn_number number, int64_t *out) {
    if (!number.ok || number.value < INT64_MIN || number.value > INT64_MAX) return false;
    *out = (int64_t)number.value;
    return true;
}

static hn_number floor_div(__int128 a, __int128 b) {
    if (b == 0 || b == -1) return b == 0 || __builtin_sub_overflow((__int128)0, a, &a) ? bad() : good(a);
    return good(a / b - (a % b != 0 && (a < 0) != (b < 0)));
}

static hn_number scaled(hn_number a, uint32_t bits) {
    int64_t value;
    return hn_number_fits(a, &value) && hn_int_scale(value, bits, &value) ? good(value) : bad();
}

hn_number hn_number_apply(hn_expr_op op, uint32_t operand, const hn_number *input) {
    __int128 a = input[0].value, b, result;
    if (!input[0].ok) return bad();
    if (op == HN_CODE_SELECT) return input[a ? 1 : 2];
    if (op == HN_CODE_SCALE) return scaled(input[0], operand);
    if (op == HN_CODE_IS_ZERO) return good(a == 0);
    if (op == HN_CODE_IS_NEGATIVE) return good(a < 0);
    if (!input[1].ok) return bad();
    b = input[1].value;
    switch (op) {
    case HN_CODE_ADD:
        return __builtin_add_overflow(a, b, &result) ? bad() : good(result);
    case HN_CODE_MULTIPLY:
        return __builtin_mul_overflow(a, b, &result) ? bad() : good(result);
    case HN_CODE_FLOOR_DIV:
        return floor_div(a, b);
    case HN_CODE_MIN:
        return good(a < b ? a : b);
    case HN_CODE_MAX:
        return good(a > b ? a : b);
    default:
        return bad();
    }
}

typedef struct values {
    const int64_t *symbol;
    int count;
} values;

static hn_number evaluate(hn_dim d, const values *known);

static hn_number apply_two(hn_expr_op op, hn_number a, hn_number b) {
    const hn_number input[2] = {a, b};
    return hn_number_apply(op, 0, input);
}

static hn_number evaluate_linear(const hn_expr *expr, const values *known) {
    hn_number sum = good(expr->value);
    for (int i = 0; i < expr->n; i++) {
        hn_number atom = evaluate((hn_dim){0, expr->arg[i].expr}, known);
        sum = apply_two(HN_CODE_ADD, sum, apply_two(HN_CODE_MULTIPLY, atom, good(expr->arg[i].value)));
    }
    return sum;
}

static hn_number evaluate_product(const hn_expr *expr, const values *known) {
    hn_number product = good(1);
    for (int i = 0; i < expr->n; i++) {
        hn_number factor = evaluate((hn_dim){0, expr->arg[i].expr}, known);
        for (int64_t j = 0; j < expr->arg[i].value; j++) product = apply_two(HN_CODE_MULTIPLY, product, factor);
    }
    return product;
}

static hn_number evaluate_extreme(const hn_expr *expr, const values *known) {
    hn_number best = evaluate(expr->arg[0], known);
    hn_expr_op op = expr->kind == HN_EXPR_MIN ? HN_CODE_MIN : HN_CODE_MAX;
    for (int i = 1; i < expr->n; i++) best = apply_two(op, best, evaluate(expr->arg[i], known));
    return best;
}

static hn_number evaluate_node(const hn_expr *expr, hn_expr_op op, const values *known) {
    hn_number input[3];
    for (int i = 0; i < expr->n; i++) input[i] = evaluate(expr->arg[i], known);
    return hn_number_apply(op, (uint32_t)expr->value, input);
}

static hn_number evaluate(hn_dim d, const values *known) {
    if (!d.expr) return good(d.value);
    switch ((hn_expr_kind)d.expr->kind) {
    case HN_EXPR_UNKNOWN:
        return bad();
    case HN_EXPR_SYMBOL:
        return d.expr->value < known->count ? good(known->symbol[d.expr->value]) : bad();
    case HN_EXPR_PRODUCT:
        return evaluate_product(d.expr, known);
    case HN_EXPR_LINEAR:
        return evaluate_linear(d.expr, known);
    case HN_EXPR_MIN:
    case HN_EXPR_MAX:
        return evaluate_extreme(d.expr, known);
    case HN_EXPR_FLOOR_DIV:
        return evaluate_node(d.expr, HN_CODE_FLOOR_DIV, known);
    case HN_EXPR_SCALE:
        return evaluate_node(d.expr, HN_CODE_SCALE, known);
    case HN_EXPR_EQUAL:
        return evaluate_node(d.expr, HN_CODE_IS_ZERO, known);
    case HN_EXPR_LESS:
        return evaluate_node(d.expr, HN_CODE_IS_NEGATIVE, known);
    case HN_EXPR_SELECT:
        return evaluate_node(d.expr, HN_CODE_SELECT, known);
    }
    return bad();
}

bool hn_dim_eval(hn_dim d, const int64_t *symbol, int count, int64_t *out) {
    const values known = {symbol, count};
    return hn_number_fits(evaluate(d, &known), out);
}

typedef struct substitution {
    hn_expr_pool *pool;
    const hn_dim *replacement;
    int count;
} substitution;

static hn_dim rebuild(const substitution *s, hn_dim d);

static hn_dim rebuild_linear(const substitution *s, const hn_expr *expr) {
    hn_dim sum = hn_dim_const(expr->value);
    for (int i = 0; i < expr->n; i++) {
        hn_dim atom = rebuild(s, (hn_dim){0, expr->arg[i].expr});
        sum = hn_dim_add(s->pool, sum, hn_dim_mul(s->pool, atom, hn_dim_const(expr->arg[i].value)));
    }
    return sum;
}

static hn_dim rebuild_product(const substitution *s, const hn_expr *expr) {
    hn_dim product = hn_dim_const(1);
    for (int i = 0; i < expr->n; i++) {
        hn_dim factor = rebuild(s, (hn_dim){0, expr->arg[i].expr});
        for (int64_t j = 0; j < expr->arg[i].value; j++) product = hn_dim_mul(s->pool, product, factor);
    }
    return product;
}

static hn_dim rebuild_extreme(const substitution *s, const hn_expr *expr) {
    hn_dim best = rebuild(s, expr->arg[0]);
    for (int i = 1; i < expr->n; i++) {
        hn_dim d = rebuild(s, expr->arg[i]);
        best = expr->kind == HN_EXPR_MIN ? hn_dim_min(s->pool, best, d) : hn_dim_max(s->pool, best, d);
    }
    return best;
}

static hn_dim rebuild_symbol(const substitution *s, const hn_expr *expr) {
    bool kept = expr->value >= s->count || hn_dim_is_unknown(s->replacement[expr->value]);
    return kept ? (hn_dim){0, expr} : s->replacement[expr->value];
}

static hn_dim rebuild_scale(const substitution *s, const hn_expr *expr) {
    uint32_t bits = (uint32_t)expr->value;
    float scale;
    memcpy(&scale, &bits, sizeof scale);
    return hn_dim_scale(s->pool, rebuild(s, expr->arg[0]), scale);
}

static hn_dim rebuild(const substitution *s, hn_dim d) {
    const hn_expr *e = d.expr;
    const hn_dim zero = hn_dim_const(0);
    if (!e) return d;
    switch ((hn_expr_kind)e->kind) {
    case HN_EXPR_UNKNOWN:
        return d;
    case HN_EXPR_SYMBOL:
        return rebuild_symbol(s, e);
    case HN_EXPR_PRODUCT:
        return rebuild_product(s, e);
    case HN_EXPR_LINEAR:
        return rebuild_linear(s, e);
    case HN_EXPR_MIN:
    case HN_EXPR_MAX:
        return rebuild_extreme(s, e);
    case HN_EXPR_FLOOR_DIV:
        return hn_dim_floor_div(s->pool, rebuild(s, e->arg[0]), rebuild(s, e->arg[1]));
    case HN_EXPR_SCALE:
        return rebuild_scale(s, e);
    case HN_EXPR_EQUAL:
        return hn_dim_equal(s->pool, rebuild(s, e->arg[0]), zero);
    case HN_EXPR_LESS:
        return hn_dim_less(s->pool, rebuild(s, e->arg[0]), zero);
    case HN_EXPR_SELECT:
        return hn_dim_select(s->pool, rebuild(s, e->arg[0]), rebuild(s, e->arg[1]), rebuild(s, e->arg[2]));
    }
    return HN_UNKNOWN_DIM;
}

hn_dim hn_dim_substitute(hn_expr_pool *pool, hn_dim d, const hn_dim *replacement, int count) {
    const substitution s = {pool, replacement, count};
    return rebuild(&s, d);
}
