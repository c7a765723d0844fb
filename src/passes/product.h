/* A value seen as a product: c * x * x * y ... Exporters spell the same formula in many orders; patterns that ask for
 * factors instead of nodes see them all. */
#ifndef HN_PASSES_PRODUCT_H
#define HN_PASSES_PRODUCT_H

#include "passes/rewrite.h"

#define HN_PRODUCT_FACTORS 4

typedef struct hn_product {
    double constant;
    int n;
    hn_value *factor[HN_PRODUCT_FACTORS]; /* repeated for powers */
} hn_product;

/* Takes apart Mul, Div by a number, and Pow to a small whole number. False when there are too many factors. Shapes are
 * not looked at, except that constants must be single numbers to be taken in. */
bool hn_product_of(hn_value *value, hn_product *out);
/* Both within a relative error of 1e-4: constants in files are rounded, some from half precision. */
bool hn_is_near(double a, double b);
/* node = Add(x, c) in either order with a constant number c near `wanted`; *x is then set. */
bool hn_is_sum_with(const hn_value *value, double wanted, hn_value **x);

#endif
