/* The equation of Einsum: which label each dimension of each operand has.
 *
 * Labels are numbers in ASCII order: 'A' to 'Z' are 0 to 25, 'a' to 'z' 26 to 51; dimension k of the broadcast
 * ellipsis is 52 + k. */
#ifndef HN_OPS_MATMUL_EINSUM_H
#define HN_OPS_MATMUL_EINSUM_H

#include "abi/operator.h"

enum { HN_EINSUM_OPERANDS = 32, HN_EINSUM_LETTERS = 52, HN_EINSUM_LABELS = HN_EINSUM_LETTERS + HONE_MAX_RANK };

typedef struct hn_einsum_term {
    hn_bytes text;
    int rank; /* labels in use; -1: unknown, because the rank of an operand with an ellipsis is */
    int8_t label[HONE_MAX_RANK];
} hn_einsum_term;

typedef struct hn_einsum {
    int n;
    hn_einsum_term term[HN_EINSUM_OPERANDS], out;
} hn_einsum;

/* Reads the equation for n operands of the given ranks (-1: unknown). Fails on anything that is no equation for them.
 */
hone_status hn_einsum_read(hn_attrs attrs, int n, const int *rank, hn_einsum *out, hn_diag *diag);

#endif
