/* Inside of shape expressions: nodes, linear forms and the helpers that the shape_expr_*.c files share. */
#ifndef HN_BASE_SHAPE_EXPR_NODE_H
#define HN_BASE_SHAPE_EXPR_NODE_H

#include "base/shape_expr.h"

/* Expressions beyond these limits become unknown: they bound recursion, and the cost of evaluating shared subtrees. */
#define HN_EXPR_MAX_TERMS    48
#define HN_EXPR_MAX_DEGREE   16
#define HN_EXPR_MAX_OPERANDS 16 /* of min and max */
#define HN_EXPR_MAX_DEPTH    64
#define HN_EXPR_MAX_SIZE     4096
#define HN_EXPR_STACK        160 /* entries; enough for every expression within MAX_DEPTH */

/* The order is the order of atoms in canonical forms. */
typedef enum hn_expr_kind {
    HN_EXPR_UNKNOWN,
    HN_EXPR_SYMBOL,    /* value: number of the symbol */
    HN_EXPR_PRODUCT,   /* arg: {exponent, factor}; factors are neither linear nor products; degree >= 2 */
    HN_EXPR_FLOOR_DIV, /* arg: dividend, divisor */
    HN_EXPR_SCALE,     /* arg: operand; value: bits of the float */
    HN_EXPR_MIN,       /* arg: two or more operands */
    HN_EXPR_MAX,
    HN_EXPR_EQUAL,  /* arg: d; true when d = 0 */
    HN_EXPR_LESS,   /* arg: d; true when d < 0 */
    HN_EXPR_SELECT, /* arg: condition (EQUAL or LESS), yes, no */
    HN_EXPR_LINEAR  /* value: constant; arg: {coefficient, atom}, leading monomial first */
} hn_expr_kind;

struct hn_expr {
    uint8_t kind;
    uint16_t n;     /* entries of arg */
    uint16_t depth; /* 1 for a symbol */
    uint32_t size;  /* nodes when written as a tree */
    uint64_t hash;
    int64_t value;
    const char *name; /* of a symbol */
    hn_dim arg[];
};

/* constant + sum of term[i].value * term[i].expr: monomials in graded lexicographic order, coefficients non-zero. */
typedef struct hn_linear {
    int64_t constant;
    int n;
    hn_dim term[HN_EXPR_MAX_TERMS];
} hn_linear;

typedef struct hn_range {
    int64_t low, high; /* INT64_MIN and INT64_MAX: no bound known */
} hn_range;

/* The node with this content, made if new; unknown beyond the limits or without memory. */
hn_dim hn_expr_intern(hn_expr_pool *pool, hn_expr_kind kind, int64_t value, const hn_dim *arg, int n);
/* Total orders by structure, the same in every pool. */
int hn_expr_compare(const hn_expr *a, const hn_expr *b);
int hn_dim_compare(hn_dim a, hn_dim b);

/* Linear view of any dim but unknown. */
void hn_linear_from(hn_dim d, hn_linear *out);
hn_dim hn_linear_make(hn_expr_pool *pool, const hn_linear *l);
/* l += factor * b; false on overflow or too many terms (then l is half changed). */
bool hn_linear_add(hn_linear *l, const hn_linear *b, int64_t factor);
bool hn_linear_add_term(hn_linear *l, int64_t coefficient, const hn_expr *monomial);
bool hn_linear_scale(hn_linear *l, int64_t factor);
/* Coefficients and, rounded down, the constant divided by `divisor` > 0, which divides all coefficients. */
bool hn_linear_divide(hn_linear *l, int64_t divisor);
bool hn_linear_subtract(hn_dim a, hn_dim b, hn_linear *out);
bool hn_linear_multiply(hn_expr_pool *pool, const hn_linear *a, const hn_linear *b, hn_linear *out);
/* Greatest common divisor of the coefficients, the constant excepted; 0 for none. */
uint64_t hn_linear_gcd(const hn_linear *l);
uint64_t hn_gcd(uint64_t a, uint64_t b);

/* Products of atoms; `out` NULL stands for 1. False when the result cannot be made. */
bool hn_monomial_multiply(hn_expr_pool *pool, const hn_expr *a, const hn_expr *b, const hn_expr **out);
/* False when b does not divide a, too. */
bool hn_monomial_divide(hn_expr_pool *pool, const hn_expr *a, const hn_expr *b, const hn_expr **out);
/* Factors that a and b share. */
bool hn_monomial_common(hn_expr_pool *pool, const hn_expr *a, const hn_expr *b, const hn_expr **out);

hn_range hn_linear_range(const hn_expr_pool *pool, const hn_linear *l);
hn_range hn_dim_bounds(const hn_expr_pool *pool, hn_dim d);

/* Characters of names that need no quotes in the text form. */
static inline bool hn_expr_is_digit(char c) { return c >= '0' && c <= '9'; }
static inline bool hn_expr_is_name_start(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}
static inline bool hn_expr_is_name_part(char c) { return hn_expr_is_name_start(c) || hn_expr_is_digit(c) || c == '.'; }

/* Floor division of plain integers; false for division by zero and overflow. */
bool hn_int_floor_div(int64_t a, int64_t b, int64_t *out);
/* floor(a * scale) computed in float, as ONNX Resize does; false beyond 64 bits. */
bool hn_int_scale(int64_t a, uint32_t scale_bits, int64_t *out);

/* Evaluation works on 128 bits, so that sums of large terms of opposite sign come out right; a result that is not ok
 * (overflow, division by zero, a symbol without value) spoils everything computed from it, except the side a select
 * does not take. */
typedef struct hn_number {
    __int128 value;
    bool ok;
} hn_number;

typedef enum hn_expr_op {
    HN_CODE_CONSTANT, /* the value is the next word */
    HN_CODE_SYMBOL,   /* operand: number */
    HN_CODE_ADD,
    HN_CODE_MULTIPLY,
    HN_CODE_FLOOR_DIV,
    HN_CODE_SCALE, /* operand: bits of the float */
    HN_CODE_MIN,
    HN_CODE_MAX,
    HN_CODE_IS_ZERO,
    HN_CODE_IS_NEGATIVE,
    HN_CODE_SELECT,
    HN_CODE_COUNT
} hn_expr_op;

/* How many numbers an operator takes. */
int hn_expr_op_inputs(hn_expr_op op);
hn_number hn_number_apply(hn_expr_op op, uint32_t operand, const hn_number *input);
bool hn_number_fits(hn_number number, int64_t *out);

#endif
