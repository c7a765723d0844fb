/* LSTM, GRU and RNN in double: all sequences of a batch advance together, one direction after the other.
 *
 * Numbers of a gate lie in panels: [panel][sequence][64], unit j of the layer in column j % 64 of panel j / 64. */
#include <math.h>
#include <string.h>
#include "ops/matmul/panel.h"
#include "ops/recurrent/recurrent.h"
#include "ops/registry.h"

typedef struct layer layer;
/* New states of the active sequences from `gate`, which holds x * W and the biases. */
typedef void step_fn(layer *l);

struct layer {
    hn_call *call;
    const hn_recurrent_kind *kind;
    hn_recurrent_attributes a;
    step_fn *step;
    int64_t steps, batch, in, hidden, panels;
    int64_t now;              /* the step that runs */
    bool coupled;             /* LSTM: forget = 1 - input */
    bool linear_before_reset; /* GRU */
    int64_t *length;          /* steps of each sequence */
    bool *active;             /* it has not ended */
    double *x;                /* [batch][in] at this step */
    double *h, *c, *mixed;    /* [batch][hidden] */
    double *gate, *extra;     /* [gates][panels][batch][64]; [panels][batch][64] */
    hn_recurrent_grid grid;   /* of a quantized layer's x */
    /* of the direction that runs */
    const hn_activation *f;
    double *weight[4], *recurrence[4]; /* packed, for each gate */
    double *w_bias, *r_bias;           /* [gates][hidden] */
    double *peephole;                  /* [3][hidden], or NULL */
};

static int64_t gate_size(const layer *l) { return l->panels * l->batch * HN_PANEL; }

static double *unit_of(const layer *l, double *gate, int64_t sequence, int64_t j) {
    return gate + (j / HN_PANEL * l->batch + sequence) * HN_PANEL + j % HN_PANEL;
}

/* gate += rows[batch][k] * packed */
static void project(const layer *l, double *gate, const double *rows, int64_t k, const double *packed) {
    for (int64_t p = 0; p < l->panels; p++)
        hn_panel_multiply_f64(l->batch, k, rows, k, packed + p * k * HN_PANEL, gate + p * l->batch * HN_PANEL);
}

static void add_bias(const layer *l, double *gate, const double *bias) {
    for (int64_t b = 0; b < l->batch; b++)
        for (int64_t j = 0; j < l->hidden; j++) *unit_of(l, gate, b, j) += bias[j];
}

static double activate(const layer *l, int index, double x) {
    double clipped = x > l->a.clip ? l->a.clip : x < -l->a.clip ? -l->a.clip : x;
    const hn_activation *f = &l->f[index];
    return f->fn(clipped, f->alpha, f->beta);
}

/* Gate rows are in the order input, output, forget, cell; peepholes input, output, forget. */
static void lstm_unit(layer *l, int64_t b, int64_t j) {
    int64_t size = gate_size(l), at = b * l->hidden + j;
    double i = *unit_of(l, l->gate, b, j), o = *unit_of(l, l->gate + size, b, j);
    double f = *unit_of(l, l->gate + 2 * size, b, j), cell = *unit_of(l, l->gate + 3 * size, b, j);
    if (l->peephole) {
        i += l->peephole[j] * l->c[at];
        f += l->peephole[2 * l->hidden + j] * l->c[at];
    }
    i = activate(l, 0, i);
    f = l->coupled ? 1 - i : activate(l, 0, f);
    l->c[at] = f * l->c[at] + i * activate(l, 1, cell);
    if (l->peephole) o += l->peephole[l->hidden + j] * l->c[at];
    l->h[at] = activate(l, 0, o) * l->f[2].fn(l->c[at], l->f[2].alpha, l->f[2].beta);
}

#define SMALL_BATCH 4   /* up to here, sequences of wide layers share a range, as in ONNX Runtime, which with threads */
#define WIDE_LAYER  256 /* enough gives each sequence one of its own elsewhere */

/* The states rounded to 8 bits. Those of sequences that ended before the last step have no say in the range. */
static const double *rounded_states(layer *l) {
    const int64_t together = l->batch > SMALL_BATCH || l->hidden <= WIDE_LAYER ? 1 : l->batch;
    for (int64_t first = 0; first < l->batch; first += together) {
        hn_recurrent_grid grid = {0};
        for (int64_t b = first; b < first + together; b++)
            if (l->now <= l->length[b]) hn_recurrent_see(&grid, l->h + b * l->hidden, l->hidden);
        hn_recurrent_lay(&grid);
        hn_recurrent_round(&grid, l->h + first * l->hidden, together * l->hidden, l->mixed + first * l->hidden);
    }
    return l->mixed;
}

static void lstm_step(layer *l) {
    const double *h = l->kind->quantized ? rounded_states(l) : l->h;
    for (int g = 0; g < 4; g++) {
        project(l, l->gate + g * gate_size(l), h, l->hidden, l->recurrence[g]);
        add_bias(l, l->gate + g * gate_size(l), l->r_bias + g * l->hidden);
    }
    for (int64_t b = 0; b < l->batch; b++)
        for (int64_t j = 0; j < l->hidden && l->active[b]; j++) lstm_unit(l, b, j);
}

/* Gates update, reset, hidden. `extra` gets the recurrent part of the hidden gate. */
static void gru_step(layer *l) {
    int64_t size = gate_size(l);
    double *update = l->gate, *reset = l->gate + size, *hidden = l->gate + 2 * size;
    for (int g = 0; g < 2; g++) {
        project(l, l->gate + g * size, l->h, l->hidden, l->recurrence[g]);
        add_bias(l, l->gate + g * size, l->r_bias + g * l->hidden);
    }
    for (int64_t b = 0; b < l->batch; b++) {
        for (int64_t j = 0; j < l->hidden; j++) {
            double *r = unit_of(l, reset, b, j), h = l->h[b * l->hidden + j];
            *r = activate(l, 0, *r);
            l->mixed[b * l->hidden + j] = l->linear_before_reset ? h : *r * h;
        }
    }
    memset(l->extra, 0, (size_t)size * sizeof(double));
    project(l, l->extra, l->mixed, l->hidden, l->recurrence[2]);
    add_bias(l, l->extra, l->r_bias + 2 * l->hidden);
    for (int64_t b = 0; b < l->batch; b++) {
        for (int64_t j = 0; j < l->hidden && l->active[b]; j++) {
            double *h = &l->h[b * l->hidden + j], z = activate(l, 0, *unit_of(l, update, b, j));
            double factor = l->linear_before_reset ? *unit_of(l, reset, b, j) : 1;
            double fresh = activate(l, 1, *unit_of(l, hidden, b, j) + factor * *unit_of(l, l->extra, b, j));
            *h = (1 - z) * fresh + z * *h;
        }
    }
}

static void rnn_step(layer *l) {
    project(l, l->gate, l->h, l->hidden, l->recurrence[0]);
    add_bias(l, l->gate, l->r_bias);
    for (int64_t b = 0; b < l->batch; b++)
        for (int64_t j = 0; j < l->hidden && l->active[b]; j++)
            l->h[b * l->hidden + j] = activate(l, 0, *unit_of(l, l->gate, b, j));
}

static const hn_tensor *input_of(const layer *l, int i) { return i >= 0 && i < l->call->n_in ? l->call->in[i] : NULL; }

/* Place of sequence b of direction d in a state tensor. */
static int64_t state_at(const layer *l, int64_t d, int64_t b) {
    return (l->a.batch_first ? b * l->a.directions + d : d * l->batch + b) * l->hidden;
}

static void load_state(const layer *l, int input, int64_t d, double *to) {
    const hn_tensor *t = input_of(l, input);
    if (!t) memset(to, 0, (size_t)(l->batch * l->hidden) * sizeof(double));
    for (int64_t b = 0; b < l->batch && t; b++) hn_panel_load(to + b * l->hidden, t, state_at(l, d, b), l->hidden);
}

static void store_state(const layer *l, int out, int64_t d, const double *from) {
    hn_tensor *t = out < l->call->n_out ? l->call->out[out] : NULL;
    for (int64_t b = 0; b < l->batch && t; b++) hn_panel_store(t, state_at(l, d, b), l->hidden, from + b * l->hidden);
}

/* Packs the `columns` wide matrix of each gate of direction d. */
static hone_status pack_gates(layer *l, int input, int64_t d, int64_t columns, double **packed) {
    double *rows;
    int64_t n = l->hidden * columns;
    HN_TRY_ALLOC(rows = hn_panel_scratch(l->call, n));
    for (int g = 0; g < l->kind->gates; g++) {
        if (l->kind->quantized) hn_recurrent_dequantize(l->call, input, d, g, rows);
        else hn_panel_load(rows, l->call->in[input], (d * l->kind->gates + g) * n, n);
        HN_TRY_ALLOC(packed[g] = hn_panel_pack_rows(l->call, rows, l->hidden, columns));
    }
    return HONE_OK;
}

static hone_status load_direction(layer *l, int64_t d) {
    int64_t n = l->kind->gates * l->hidden;
    l->f = l->a.activation + d * l->kind->activations;
    HN_TRY(pack_gates(l, 1, d, l->in, l->weight));
    HN_TRY(pack_gates(l, 2, d, l->hidden, l->recurrence));
    HN_TRY_ALLOC(l->w_bias = hn_panel_scratch(l->call, 2 * n));
    l->r_bias = l->w_bias + n;
    if (input_of(l, 3)) hn_panel_load(l->w_bias, input_of(l, 3), d * 2 * n, 2 * n);
    if (input_of(l, l->kind->peepholes)) {
        HN_TRY_ALLOC(l->peephole = hn_panel_scratch(l->call, 3 * l->hidden));
        hn_panel_load(l->peephole, input_of(l, l->kind->peepholes), d * 3 * l->hidden, 3 * l->hidden);
    }
    load_state(l, l->kind->initial_h, d, l->h);
    load_state(l, l->kind->initial_c, d, l->c);
    return HONE_OK;
}

/* The time that sequence b is at in step t; its sequence runs backwards within its own length. */
static int64_t time_of(const layer *l, bool backwards, int64_t b, int64_t t) {
    return backwards ? l->length[b] - 1 - t : t;
}

static void run_step(layer *l, int64_t d, bool backwards, int64_t t) {
    hn_tensor *y = l->call->n_out > 0 ? l->call->out[0] : NULL;
    l->now = t;
    for (int64_t b = 0; b < l->batch; b++) {
        int64_t time = time_of(l, backwards, b, t);
        l->active[b] = t < l->length[b];
        if (!l->active[b]) continue;
        int64_t row = l->a.batch_first ? b * l->steps + time : time * l->batch + b;
        hn_panel_load(l->x + b * l->in, l->call->in[0], row * l->in, l->in);
        if (l->kind->quantized) hn_recurrent_round(&l->grid, l->x + b * l->in, l->in, l->x + b * l->in);
    }
    memset(l->gate, 0, (size_t)(l->kind->gates * gate_size(l)) * sizeof(double));
    for (int g = 0; g < l->kind->gates; g++) {
        project(l, l->gate + g * gate_size(l), l->x, l->in, l->weight[g]);
        add_bias(l, l->gate + g * gate_size(l), l->w_bias + g * l->hidden);
    }
    l->step(l);
    for (int64_t b = 0; b < l->batch && y; b++) {
        int64_t time = time_of(l, backwards, b, t);
        int64_t row = l->a.batch_first ? (b * l->steps + time) * l->a.directions + d
                                       : (time * l->a.directions + d) * l->batch + b;
        if (l->active[b]) hn_panel_store(y, row * l->hidden, l->hidden, l->h + b * l->hidden);
    }
}

static hone_status load_lengths(layer *l) {
    const hn_tensor *given = input_of(l, l->kind->sequence_lens);
    HN_TRY_ALLOC(l->length = hn_panel_scratch(l->call, l->batch));
    for (int64_t b = 0; b < l->batch; b++) {
        l->length[b] = given ? hn_tensor_int(given, b) : l->steps;
        if (l->length[b] < 0 || l->length[b] > l->steps)
            HN_FAIL(l->call->diag, HONE_INVALID_ARGUMENT, "sequence_lens[%lld] is %lld; allowed: 0 to %lld",
                    (long long)b, (long long)l->length[b], (long long)l->steps);
    }
    return HONE_OK;
}

/* Inputs of all steps up to the end of the longest sequence have one grid. */
static void lay_grid(layer *l) {
    int64_t last = 0;
    for (int64_t b = 0; b < l->batch; b++)
        if (l->length[b] > last) last = l->length[b];
    for (int64_t row = 0; row < last * l->batch; row++) {
        hn_panel_load(l->x, l->call->in[0], row * l->in, l->in);
        hn_recurrent_see(&l->grid, l->x, l->in);
    }
    hn_recurrent_lay(&l->grid);
}

static hone_status prepare(layer *l) {
    const hn_tensor *x = l->call->in[0];
    HN_TRY(hn_recurrent_read(l->call->attrs, l->kind, &l->a, l->call->diag));
    l->steps = x->dim[l->a.batch_first ? 1 : 0];
    l->batch = x->dim[l->a.batch_first ? 0 : 1];
    l->in = x->dim[2];
    l->hidden = l->call->in[2]->dim[l->kind->quantized ? 1 : 2];
    l->panels = l->hidden / HN_PANEL + (l->hidden % HN_PANEL != 0);
    HN_TRY(load_lengths(l));
    HN_TRY_ALLOC(l->active = hn_arena_alloc(l->call->scratch, (size_t)l->batch * sizeof(bool)));
    HN_TRY_ALLOC(l->x = hn_panel_scratch(l->call, l->batch * l->in));
    HN_TRY_ALLOC(l->h = hn_panel_scratch(l->call, l->batch * l->hidden));
    HN_TRY_ALLOC(l->c = hn_panel_scratch(l->call, l->batch * l->hidden));
    HN_TRY_ALLOC(l->mixed = hn_panel_scratch(l->call, l->batch * l->hidden));
    HN_TRY_ALLOC(l->gate = hn_panel_scratch(l->call, l->kind->gates * gate_size(l)));
    HN_TRY_ALLOC(l->extra = hn_panel_scratch(l->call, gate_size(l)));
    if (l->kind->quantized) lay_grid(l);
    return HONE_OK;
}

static hone_status run(layer *l) {
    HN_TRY(prepare(l));
    hn_tensor *y = l->call->n_out > 0 ? l->call->out[0] : NULL;
    if (y) memset(y->data, 0, hn_tensor_bytes(y)); /* steps behind the end of a sequence stay 0 */
    for (int64_t d = 0; d < l->a.directions; d++) {
        bool backwards = d == 1 || l->a.reverse;
        HN_TRY(load_direction(l, d));
        for (int64_t t = 0; t < l->steps; t++) run_step(l, d, backwards, t);
        store_state(l, 1, d, l->h);
        store_state(l, 2, d, l->c);
    }
    return HONE_OK;
}

static hone_status run_lstm(hn_call *call, const hn_recurrent_kind *kind) {
    layer l = {.call = call, .kind = kind, .step = lstm_step};
    l.coupled = hn_attrs_int(call->attrs, "input_forget", 0) != 0;
    return run(&l);
}

hone_status hn_ops_ref_lstm(hn_call *call) { return run_lstm(call, &hn_recurrent_lstm); }
hone_status hn_ops_ref_quantized_lstm(hn_call *call) { return run_lstm(call, &hn_recurrent_quantized_lstm); }

hone_status hn_ops_ref_gru(hn_call *call) {
    layer l = {.call = call, .kind = &hn_recurrent_gru, .step = gru_step};
    l.linear_before_reset = hn_attrs_int(call->attrs, "linear_before_reset", 0) != 0;
    return run(&l);
}

hone_status hn_ops_ref_rnn(hn_call *call) {
    layer l = {.call = call, .kind = &hn_recurrent_rnn, .step = rnn_step};
    return run(&l);
}
