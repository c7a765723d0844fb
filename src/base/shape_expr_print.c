/* Text form of expressions: printing. The grammar stands in shape_expr_parse.c. */
#include <string.h>
#include "base/shape_expr_node.h"

static void print_sum(hn_str *out, hn_dim d);

static bool is_plain_name(const char *name) {
    if (!hn_expr_is_name_start(*name)) return false;
    while (hn_expr_is_name_part(*name)) name++;
    return !*name;
}

/* Names with other characters than an identifier's are quoted; control characters become \xNN. */
static void print_name(hn_str *out, const char *name) {
    if (is_plain_name(name)) {
        hn_str_append(out, name, strlen(name));
        return;
    }
    hn_str_append(out, "'", 1);
    for (const char *c = name; *c; c++) {
        if ((unsigned char)*c < 0x20 || *c == 0x7F) hn_str_add(out, "\\x%02x", (unsigned char)*c);
        else if (*c == '\'' || *c == '\\') hn_str_add(out, "\\%c", *c);
        else hn_str_append(out, c, 1);
    }
    hn_str_append(out, "'", 1);
}

static void print_call(hn_str *out, const char *name, const hn_expr *expr) {
    for (int i = 0; i < expr->n; i++) {
        hn_str_add(out, i ? ", " : "%s(", name);
        print_sum(out, expr->arg[i]);
    }
    hn_str_append(out, ")", 1);
}

/* In a fraction sums stand in parentheses; below the line, for human readers, products too. */
static void print_operand(hn_str *out, hn_dim d, bool divisor) {
    bool linear = d.expr && d.expr->kind == HN_EXPR_LINEAR;
    bool sum = linear && (d.expr->n > 1 || d.expr->value),
         product = linear || (d.expr && d.expr->kind == HN_EXPR_PRODUCT);
    bool enclose = divisor ? product : sum;
    if (enclose) hn_str_append(out, "(", 1);
    print_sum(out, d);
    if (enclose) hn_str_append(out, ")", 1);
}

static void print_product(hn_str *out, const hn_expr *expr) {
    for (int i = 0; i < expr->n; i++)
        for (int64_t j = 0; j < expr->arg[i].value; j++) {
            if (i || j) hn_str_append(out, "*", 1);
            print_sum(out, (hn_dim){0, expr->arg[i].expr});
        }
}

static void print_test(hn_str *out, const char *name, const hn_expr *expr) {
    hn_str_add(out, "%s(", name);
    print_sum(out, expr->arg[0]);
    hn_str_append(out, ", 0)", 4);
}

static unsigned long long magnitude(int64_t value) {
    return value < 0 ? 0 - (unsigned long long)value : (unsigned long long)value;
}

static void print_linear(hn_str *out, const hn_expr *expr) {
    for (int i = 0; i < expr->n; i++) {
        int64_t coefficient = expr->arg[i].value;
        if (i) hn_str_append(out, coefficient < 0 ? " - " : " + ", 3);
        else if (coefficient < 0) hn_str_append(out, "-", 1);
        if (magnitude(coefficient) != 1) hn_str_add(out, "%llu*", magnitude(coefficient));
        print_sum(out, (hn_dim){0, expr->arg[i].expr});
    }
    if (expr->value) hn_str_add(out, " %c %llu", expr->value < 0 ? '-' : '+', magnitude(expr->value));
}

static void print_expr(hn_str *out, const hn_expr *expr) {
    switch ((hn_expr_kind)expr->kind) {
    case HN_EXPR_UNKNOWN:
        hn_str_append(out, "?", 1);
        return;
    case HN_EXPR_SYMBOL:
        print_name(out, expr->name);
        return;
    case HN_EXPR_PRODUCT:
        print_product(out, expr);
        return;
    case HN_EXPR_LINEAR:
        print_linear(out, expr);
        return;
    case HN_EXPR_MIN:
        print_call(out, "min", expr);
        return;
    case HN_EXPR_MAX:
        print_call(out, "max", expr);
        return;
    case HN_EXPR_SELECT:
        print_call(out, "select", expr);
        return;
    case HN_EXPR_EQUAL:
        print_test(out, "equal", expr);
        return;
    case HN_EXPR_LESS:
        print_test(out, "less", expr);
        return;
    case HN_EXPR_FLOOR_DIV:
        hn_str_append(out, "floor(", 6);
        print_operand(out, expr->arg[0], false);
        hn_str_append(out, "/", 1);
        print_operand(out, expr->arg[1], true);
        hn_str_append(out, ")", 1);
        return;
    case HN_EXPR_SCALE:
        hn_str_append(out, "scale(", 6);
        print_sum(out, expr->arg[0]);
        hn_str_add(out, ", 0x%08x)", (unsigned)expr->value);
        return;
    }
}

static void print_sum(hn_str *out, hn_dim d) {
    if (d.expr) print_expr(out, d.expr);
    else hn_str_add(out, "%lld", (long long)d.value);
}

void hn_dim_print(hn_str *out, hn_dim d, const hn_expr_pool *pool) {
    (void)pool; /* symbols carry their names */
    print_sum(out, d);
}
