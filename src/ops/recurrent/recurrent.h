/* Recurrent layers: attributes that inference and reference share, and the state of the reference. */
#ifndef HN_OPS_RECURRENT_RECURRENT_H
#define HN_OPS_RECURRENT_RECURRENT_H

#include "abi/operator.h"

enum { HN_RECURRENT_ACTIVATIONS = 6 };

typedef double hn_activation_fn(double x, double alpha, double beta);
typedef struct hn_activation {
    hn_activation_fn *fn;
    double alpha, beta;
} hn_activation;

/* What distinguishes the operators. */
typedef struct hn_recurrent_kind {
    int gates;
    int activations;          /* for one direction */
    const char *default_name; /* of all activations but the first */
    const char *first_name;
    int sequence_lens, initial_h, initial_c, peepholes; /* inputs; -1: the operator has none */
    bool quantized; /* 8-bit weights with scales and zero points; inputs and states are rounded to 8 bits, too */
} hn_recurrent_kind;

extern const hn_recurrent_kind hn_recurrent_lstm, hn_recurrent_gru, hn_recurrent_rnn, hn_recurrent_quantized_lstm;

enum { HN_RECURRENT_W_SCALE = 8, HN_RECURRENT_R_SCALE = 10 }; /* the zero points follow */

typedef struct hn_recurrent_attributes {
    int directions;
    bool reverse; /* the first direction runs backwards */
    bool batch_first;
    double clip;                                        /* INFINITY: none */
    hn_activation activation[HN_RECURRENT_ACTIVATIONS]; /* of direction d from d * kind->activations on */
} hn_recurrent_attributes;

/* 256 steps that cover a range and 0, as DynamicQuantizeLinear lays them. */
typedef struct hn_recurrent_grid {
    float low, high; /* of what was seen */
    float scale, zero;
} hn_recurrent_grid;
/* Start from {0}, see everything, lay the steps; then round. Numbers count as 32-bit floats. */
void hn_recurrent_see(hn_recurrent_grid *grid, const double *x, int64_t n);
void hn_recurrent_lay(hn_recurrent_grid *grid);
void hn_recurrent_round(const hn_recurrent_grid *grid, const double *x, int64_t n, double *to);
/* Real weights of gate g of direction d, [hidden][columns], from 8-bit ones [directions, columns, 4 * hidden]. */
void hn_recurrent_dequantize(const hn_call *call, int weights, int64_t d, int g, double *to);

hone_status hn_recurrent_read(hn_attrs attrs, const hn_recurrent_kind *kind, hn_recurrent_attributes *out,
                              hn_diag *diag);

#endif
