/* Integer expressions over named dimensions: the one representation of a size that is not known yet.
 *
 * A hn_dim is a constant (expr NULL) or an interned expression. Expressions are kept in a canonical form, so two dims
 * are equal for every value of the symbols if (not only if) hn_dim_same says so:
 *   - polynomials c0 + c1*m1 + c2*m2 ... with non-zero coefficients over monomials (products of atoms), leading
 * monomial first; the order is by structure, so a text form does not depend on what else a pool holds;
 *   - atoms: symbol, floor(a / b), min, max, comparison (0 or 1), select(c, a, b), scale. a mod b is a - b*floor(a/b).
 * Products of sums are expanded. Floor division is simplified where exact: (4*n + 8) / 4 = n + 2, (4*n) mod 4 = 0,
 * ((a/b)/c) = a/(b*c), (2*a + 3)/2 = a + 1, and common factors cancel: (s*a)/s = a, (a*b + a)/(b + 1) = a.
 * A dim that divides is assumed to be >= 1 there: zero means an empty tensor, and then (s*a)/s is no number at all.
 * Symbols are dimensions and are known to be >= 0; bounds of a symbol (low, high) may be set and are used by
 * hn_dim_range and to decide comparisons, min and max. They must not be widened once expressions were made with them.
 * What grows beyond fixed limits (48 terms, degree 16, depth 64, 4096 nodes as a tree) becomes unknown.
 *
 * All functions are total: overflow of 64 bits, division by zero or lack of memory give the unknown dim, never a trap.
 * With a NULL pool every argument must be constant or unknown, and no memory is touched: that is how the runtime
 * infers. */
#ifndef HN_BASE_SHAPE_EXPR_H
#define HN_BASE_SHAPE_EXPR_H

#include "base/str.h"

typedef struct hn_expr hn_expr;
typedef struct hn_expr_pool hn_expr_pool;

typedef struct hn_dim {
    int64_t value;       /* meaningful when expr is NULL */
    const hn_expr *expr; /* NULL: constant */
} hn_dim;

extern const hn_expr hn_expr_unknown;
#define HN_UNKNOWN_DIM ((hn_dim){0, &hn_expr_unknown})

static inline hn_dim hn_dim_const(int64_t value) { return (hn_dim){value, NULL}; }
static inline bool hn_dim_is_const(hn_dim d) { return d.expr == NULL; }
static inline bool hn_dim_is(hn_dim d, int64_t value) { return d.expr == NULL && d.value == value; }
static inline bool hn_dim_is_unknown(hn_dim d) { return d.expr == &hn_expr_unknown; }

HONE_MUST_USE hone_status hn_expr_pool_create(const hone_allocator *allocator, hn_expr_pool **out);
void hn_expr_pool_destroy(hn_expr_pool **pool);

/* The symbol of that name, made on first use with bounds [0, INT64_MAX]. Symbol numbers count up from 0. */
hn_dim hn_expr_symbol(hn_expr_pool *pool, const char *name);
int hn_expr_symbol_count(const hn_expr_pool *pool);
const char *hn_expr_symbol_name(const hn_expr_pool *pool, int symbol);
void hn_expr_set_bounds(hn_expr_pool *pool, int symbol, int64_t low, int64_t high);
void hn_expr_get_bounds(const hn_expr_pool *pool, int symbol, int64_t *low, int64_t *high);

hn_dim hn_dim_add(hn_expr_pool *pool, hn_dim a, hn_dim b);
hn_dim hn_dim_sub(hn_expr_pool *pool, hn_dim a, hn_dim b);
hn_dim hn_dim_mul(hn_expr_pool *pool, hn_dim a, hn_dim b);
/* Floor division (towards minus infinity) and the modulo that goes with it; truncating division as C and ONNX Div do.
 */
hn_dim hn_dim_floor_div(hn_expr_pool *pool, hn_dim a, hn_dim b);
hn_dim hn_dim_ceil_div(hn_expr_pool *pool, hn_dim a, hn_dim b);
hn_dim hn_dim_mod(hn_expr_pool *pool, hn_dim a, hn_dim b);
hn_dim hn_dim_trunc_div(hn_expr_pool *pool, hn_dim a, hn_dim b);
hn_dim hn_dim_min(hn_expr_pool *pool, hn_dim a, hn_dim b);
hn_dim hn_dim_max(hn_expr_pool *pool, hn_dim a, hn_dim b);
/* Comparisons give 0 or 1. */
hn_dim hn_dim_equal(hn_expr_pool *pool, hn_dim a, hn_dim b);
hn_dim hn_dim_less(hn_expr_pool *pool, hn_dim a, hn_dim b);
hn_dim hn_dim_select(hn_expr_pool *pool, hn_dim condition, hn_dim yes, hn_dim no);

/* floor(a * scale) for a float scale, as Resize computes sizes (in float): kept as an atom with the bits of the scale.
 * Whole scales and 1/2, 1/4, ... become products and divisions. A negative scale or one >= 2^31 gives unknown. */
hn_dim hn_dim_scale(hn_expr_pool *pool, hn_dim a, float scale);

/* True when both are constant and equal, or the same interned expression; an unknown is never the same as anything. */
bool hn_dim_same(hn_dim a, hn_dim b);
/* Least and greatest value that the symbol bounds allow (INT64_MIN / INT64_MAX when nothing is known). */
void hn_dim_range(const hn_expr_pool *pool, hn_dim d, int64_t *low, int64_t *high);
/* True when d contains an unknown anywhere. */
bool hn_dim_has_unknown(hn_dim d);
/* Value for given symbol values (`count` of them); false when unknown, out of 64 bits or a division by zero (the side
 * that a select does not take may be either). */
bool hn_dim_eval(hn_dim d, const int64_t *symbol, int count, int64_t *out);
/* d with symbol number i replaced by replacement[i] (a hn_dim of `pool`); entries whose expr is unknown leave symbol i.
 */
hn_dim hn_dim_substitute(hn_expr_pool *pool, hn_dim d, const hn_dim *replacement, int count);

/* Text form: "12", "batch", "2*height + 1", "floor(a/3)", "?" ; hn_dim_parse reads what hn_dim_print writes
 * (operators + - * parentheses; floor(a/b) mod(a,b) min max equal less select scale(a,0x3f000000)). Names other than
 * identifiers stand in single quotes: 'past + 1'. */
void hn_dim_print(hn_str *out, hn_dim d, const hn_expr_pool *pool);
/* Parses from *text, moves it behind the expression; HONE_MALFORMED on a syntax error. Names become symbols of `pool`;
 * HONE_OUT_OF_MEMORY when one cannot be made. */
HONE_MUST_USE hone_status hn_dim_parse(hn_expr_pool *pool, const char **text, hn_dim *out);

/* Postfix code of an expression for the plan: instructions of 64 bits each, pushed operands and operators; the reader
 * evaluates it without a pool. Appends to `code`; false when out of memory or when d has an unknown. */
typedef struct hn_expr_code {
    int64_t *at;
    size_t n, capacity;
} hn_expr_code;
bool hn_expr_encode(hn_arena *arena, hn_expr_code *code, hn_dim d);
/* Number of stack entries needed, or -1 when the code is malformed (bounds, operators, stack underflow, symbol >=
 * count). */
int hn_expr_check(const int64_t *code, size_t n, int symbol_count);
/* Number of the symbol when the (checked) code is just that symbol, else -1. */
int hn_expr_code_symbol(const int64_t *code, size_t n);
/* Evaluates checked code; false on overflow or division by zero. */
bool hn_expr_run(const int64_t *code, size_t n, const int64_t *symbol, int64_t *out);

#endif
