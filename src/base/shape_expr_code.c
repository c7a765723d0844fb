/* Postfix code of expressions: an operator in the low 8 bits of a word, its operand above; a constant takes a second
 * word. */
#include "base/shape_expr_node.h"
#include "base/growable.h"

#define OPERAND_SHIFT 8

typedef struct encoder {
    hn_arena *arena;
    hn_expr_code *code;
} encoder;

static bool encode(encoder *e, hn_dim d);

static bool put_word(encoder *e, int64_t word) { return hn_vec_push(e->arena, e->code, word); }

static bool put_op(encoder *e, hn_expr_op op, uint32_t operand) {
    return put_word(e, (int64_t)((uint64_t)operand << OPERAND_SHIFT | (uint64_t)op));
}

static bool put_constant(encoder *e, int64_t value) { return put_op(e, HN_CODE_CONSTANT, 0) && put_word(e, value); }

static bool encode_linear(encoder *e, const hn_expr *expr) {
    bool ok = put_constant(e, expr->value);
    for (int i = 0; i < expr->n && ok; i++)
        ok = encode(e, (hn_dim){0, expr->arg[i].expr}) && put_constant(e, expr->arg[i].value) &&
             put_op(e, HN_CODE_MULTIPLY, 0) && put_op(e, HN_CODE_ADD, 0);
    return ok;
}

static bool encode_product(encoder *e, const hn_expr *expr) {
    bool ok = true;
    for (int i = 0; i < expr->n && ok; i++)
        for (int64_t j = 0; j < expr->arg[i].value && ok; j++)
            ok = encode(e, (hn_dim){0, expr->arg[i].expr}) && ((i == 0 && j == 0) || put_op(e, HN_CODE_MULTIPLY, 0));
    return ok;
}

/* Operands, then the operator: between each two of them when there may be more than it takes at once. */
static bool encode_operands(encoder *e, const hn_expr *expr, hn_expr_op op) {
    int inputs = hn_expr_op_inputs(op);
    bool ok = true;
    for (int i = 0; i < expr->n && ok; i++)
        ok = encode(e, expr->arg[i]) && (i + 1 < inputs || put_op(e, op, (uint32_t)expr->value));
    return ok;
}

static bool encode(encoder *e, hn_dim d) {
    if (!d.expr) return put_constant(e, d.value);
    switch ((hn_expr_kind)d.expr->kind) {
    case HN_EXPR_UNKNOWN:
        return false;
    case HN_EXPR_SYMBOL:
        return put_op(e, HN_CODE_SYMBOL, (uint32_t)d.expr->value);
    case HN_EXPR_PRODUCT:
        return encode_product(e, d.expr);
    case HN_EXPR_LINEAR:
        return encode_linear(e, d.expr);
    case HN_EXPR_FLOOR_DIV:
        return encode_operands(e, d.expr, HN_CODE_FLOOR_DIV);
    case HN_EXPR_SCALE:
        return encode_operands(e, d.expr, HN_CODE_SCALE);
    case HN_EXPR_MIN:
        return encode_operands(e, d.expr, HN_CODE_MIN);
    case HN_EXPR_MAX:
        return encode_operands(e, d.expr, HN_CODE_MAX);
    case HN_EXPR_EQUAL:
        return encode_operands(e, d.expr, HN_CODE_IS_ZERO);
    case HN_EXPR_LESS:
        return encode_operands(e, d.expr, HN_CODE_IS_NEGATIVE);
    case HN_EXPR_SELECT:
        return encode_operands(e, d.expr, HN_CODE_SELECT);
    }
    return false;
}

bool hn_expr_encode(hn_arena *arena, hn_expr_code *code, hn_dim d) {
    encoder e = {arena, code};
    size_t before = code->n;
    if (encode(&e, d)) return true;
    code->n = before;
    return false;
}

static hn_expr_op op_of(int64_t word) { return (hn_expr_op)((uint64_t)word & 0xFF); }

static uint64_t operand_of(int64_t word) { return (uint64_t)word >> OPERAND_SHIFT; }

static bool operand_is_valid(hn_expr_op op, uint64_t operand, int symbol_count) {
    if (op == HN_CODE_SYMBOL) return operand < (uint64_t)symbol_count;
    if (op == HN_CODE_SCALE) return operand <= UINT32_MAX;
    return operand == 0;
}

int hn_expr_check(const int64_t *code, size_t n, int symbol_count) {
    int depth = 0, deepest = 0;
    if (symbol_count < 0) return -1;
    for (size_t i = 0; i < n; i++) {
        hn_expr_op op = op_of(code[i]);
        if (op >= HN_CODE_COUNT || !operand_is_valid(op, operand_of(code[i]), symbol_count)) return -1;
        if (op == HN_CODE_CONSTANT && ++i == n) return -1;
        if (depth < hn_expr_op_inputs(op)) return -1;
        depth += 1 - hn_expr_op_inputs(op);
        if (depth > HN_EXPR_STACK) return -1;
        if (depth > deepest) deepest = depth;
    }
    return depth == 1 ? deepest : -1;
}

bool hn_expr_run(const int64_t *code, size_t n, const int64_t *symbol, int64_t *out) {
    hn_number stack[HN_EXPR_STACK];
    int depth = 0;
    for (size_t i = 0; i < n; i++) {
        hn_expr_op op = op_of(code[i]);
        uint32_t operand = (uint32_t)operand_of(code[i]);
        depth -= hn_expr_op_inputs(op);
        if (op == HN_CODE_CONSTANT) stack[depth] = (hn_number){code[++i], true};
        else if (op == HN_CODE_SYMBOL) stack[depth] = (hn_number){symbol[operand], true};
        else stack[depth] = hn_number_apply(op, operand, &stack[depth]);
        depth++;
    }
    return hn_number_fits(stack[0], out);
}

int hn_expr_code_symbol(const int64_t *code, size_t n) {
    if (n != 1 || (code[0] & ((1 << OPERAND_SHIFT) - 1)) != HN_CODE_SYMBOL) return -1;
    return (int)(code[0] >> OPERAND_SHIFT);
}
