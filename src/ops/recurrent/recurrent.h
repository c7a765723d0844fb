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
} hn_recurrent_kind;

extern const hn_recurrent_kind hn_recurrent_lstm, hn_recurrent_gru, hn_recurrent_rnn;

typedef struct hn_recurrent_attributes {
    int directions;
    bool reverse; /* the first direction runs backwards */
    bool batch_first;
    double clip;                                        /* INFINITY: none */
    hn_activation activation[HN_RECURRENT_ACTIVATIONS]; /* of direction d from d * kind->activations on */
} hn_recurrent_attributes;

hone_status hn_recurrent_read(hn_attrs attrs, const hn_recurrent_kind *kind, hn_recurrent_attributes *out,
                              hn_diag *diag);

#endif
