/* Scaled dot-product attention, a block of query rows of one head at a time. */
#include <math.h>
#include <string.h>
#include "ops/attention/heads.h"
#include "ops/block.h"
#include "ops/matmul/panel.h"
#include "ops/registry.h"

enum { Q, K, V, MASK, PAST_KEY, PAST_VALUE, NONPAD, BLOCK_ROWS = 64 };
enum { RAW, CAPPED, BIASED, PROBABILITIES }; /* what output 3 holds */

typedef struct attention {
    hn_call *call;
    hn_heads q, k, v, past_key, past_value;
    const hn_tensor *mask, *nonpad;
    int64_t past, total, width; /* keys before and with K; width: `total` in whole panels */
    int64_t left, right;        /* window; -1: open */
    bool causal;
    double scale, softcap; /* scale: of q and of k, each */
    int show;
    hone_dtype type;      /* that each step rounds to; only the narrow ones matter */
    hone_dtype precision; /* of the softmax */
    /* scratch */
    double *keys, *values;               /* rows of one head */
    double *key_panels, *value_panels;   /* and packed */
    double *rows, *scores, *sums, *tile; /* block of q, of scores, of results, of one panel */
    double *bias;
    void *narrow; /* a row in another type */
} attention;

static const hn_tensor *input(const hn_call *call, int i) { return i < call->n_in ? call->in[i] : NULL; }
static hn_tensor *output(const hn_call *call, int i) { return i < call->n_out ? call->out[i] : NULL; }

/* ---- preparation ---- */

/* Rounds n numbers, of which a->narrow has room for, to another type. */
static void round_row(attention *a, hone_dtype dtype, int64_t n, double *row) {
    hn_tensor t = {.dtype = dtype, .data = a->narrow};
    if (dtype == HONE_FLOAT64) return;
    hn_tensor_set_shape(&t, 1, &n);
    hn_panel_store(&t, 0, n, row);
    hn_panel_load(row, &t, 0, n);
}

static void scale_row(attention *a, double *row) {
    for (int64_t i = 0; i < a->q.size; i++) row[i] *= a->scale;
    round_row(a, a->type, a->q.size, row);
}

static void read_operands(attention *a) {
    hn_call *call = a->call;
    const int64_t q_heads = hn_attrs_int(call->attrs, "q_num_heads", 0);
    const int64_t kv_heads = hn_attrs_int(call->attrs, "kv_num_heads", 0);
    a->q = hn_heads_of(call->in[Q], q_heads);
    a->k = hn_heads_of(call->in[K], kv_heads);
    a->v = hn_heads_of(call->in[V], kv_heads);
    if (input(call, PAST_KEY)) {
        a->past_key = hn_heads_of(call->in[PAST_KEY], 0);
        a->past_value = hn_heads_of(call->in[PAST_VALUE], 0);
        a->past = a->past_key.length;
    }
    a->mask = input(call, MASK);
    a->nonpad = input(call, NONPAD);
    a->total = a->past + a->k.length;
    a->width = (a->total + HN_PANEL - 1) / HN_PANEL * HN_PANEL;
}

static void read_attributes(attention *a) {
    const hn_attrs attrs = a->call->attrs;
    a->causal = hn_attrs_int(attrs, "is_causal", 0) != 0;
    a->left = hn_attrs_int(attrs, "left_window_size", -1);
    a->right = hn_attrs_int(attrs, "right_window_size", -1);
    a->show = (int)hn_attrs_int(attrs, "qk_matmul_output_mode", RAW);
    a->softcap = hn_attrs_float(attrs, "softcap", 0);
    a->scale = sqrt(1 / sqrt((double)a->q.size));
    if (hn_attrs_find(attrs, "scale")) a->scale = sqrt(hn_attrs_float(attrs, "scale", 1));
    const hone_dtype type = a->q.t->dtype;
    a->type = type == HONE_FLOAT16 || type == HONE_BFLOAT16 ? type : HONE_FLOAT64;
    a->precision = (hone_dtype)hn_attrs_int(attrs, "softmax_precision", a->type);
}

static int64_t product(int64_t x, int64_t y) {
    int64_t out;
    return __builtin_mul_overflow(x, y, &out) ? -1 : out;
}

static hone_status allocate(attention *a) {
    hn_call *call = a->call;
    const int64_t out_width = (a->v.size + HN_PANEL - 1) / HN_PANEL * HN_PANEL;
    HN_TRY_ALLOC(a->keys = hn_panel_scratch(call, product(a->total, a->q.size)));
    HN_TRY_ALLOC(a->values = hn_panel_scratch(call, product(a->total, a->v.size)));
    HN_TRY_ALLOC(a->key_panels = hn_panel_scratch(call, product(a->width, a->q.size)));
    HN_TRY_ALLOC(a->value_panels = hn_panel_scratch(call, product(a->total, out_width)));
    HN_TRY_ALLOC(a->rows = hn_panel_scratch(call, product(BLOCK_ROWS, a->q.size)));
    HN_TRY_ALLOC(a->scores = hn_panel_scratch(call, product(BLOCK_ROWS, a->total)));
    HN_TRY_ALLOC(a->sums = hn_panel_scratch(call, product(BLOCK_ROWS, a->v.size)));
    HN_TRY_ALLOC(a->tile = hn_panel_scratch(call, BLOCK_ROWS * HN_PANEL));
    HN_TRY_ALLOC(a->bias = hn_panel_scratch(call, a->total));
    HN_TRY_ALLOC(a->narrow = hn_panel_scratch(call, a->total > a->q.size ? a->total : a->q.size + 1));
    round_row(a, a->type, 1, &a->scale);
    return HONE_OK;
}

/* ---- keys and values of a head ---- */

/* The rows of past and present of one head in `to`, and in output `out` when that is wanted. */
static void gather_rows(attention *a, const hn_heads *past, const hn_heads *now, int64_t batch, int64_t head, int out,
                        double *to) {
    const int64_t size = now->size;
    if (a->past) hn_panel_load(to, past->t, hn_heads_row(past, batch, head, 0), a->past * size);
    for (int64_t i = 0; i < now->length; i++)
        hn_panel_load(to + (a->past + i) * size, now->t, hn_heads_row(now, batch, head, i), size);
    if (output(a->call, out))
        hn_panel_store(output(a->call, out), (batch * now->heads + head) * a->total * size, a->total * size, to);
}

/* Panels of 64 rows side by side: panel p, row k holds element k of rows 64 p on. */
static void pack_keys(attention *a) {
    const int64_t size = a->q.size;
    for (int64_t row = 0; row < a->width; row++) {
        double *to = a->key_panels + row / HN_PANEL * size * HN_PANEL + row % HN_PANEL;
        for (int64_t i = 0; i < size; i++) to[i * HN_PANEL] = row < a->total ? a->keys[row * size + i] : 0;
    }
}

static void pack_values(attention *a) {
    const int64_t size = a->v.size;
    for (int64_t row = 0; row < a->total; row++)
        for (int64_t i = 0; i < size; i++)
            a->value_panels[(i / HN_PANEL * a->total + row) * HN_PANEL + i % HN_PANEL] = a->values[row * size + i];
}

/* ---- bias ---- */

static double mask_at(const attention *a, const int64_t index[4]) {
    const hn_tensor *m = a->mask;
    int64_t at = 0;
    if (index[3] >= m->dim[m->rank - 1]) return -INFINITY;
    for (int i = 0; i < m->rank; i++) {
        const int64_t own = index[4 - m->rank + i];
        at = at * m->dim[i] + (i < m->rank - 1 && m->dim[i] == 1 ? 0 : own);
    }
    if (m->dtype == HONE_BOOL) return hn_tensor_int(m, at) ? 0 : -INFINITY;
    return hn_tensor_real(m, at);
}

/* Where query row 0 of the block stands among the keys. */
static int64_t position_of_first(const attention *a, int64_t batch) {
    if (!a->nonpad) return a->past;
    return (int64_t)((uint64_t)hn_tensor_int(a->nonpad, batch) - (uint64_t)a->q.length);
}

static bool is_visible(const attention *a, int64_t position, int64_t key, int64_t valid) {
    int64_t back;
    if (__builtin_sub_overflow(position, key, &back)) back = position < 0 ? INT64_MIN : INT64_MAX;
    if (a->causal && back < 0) return false;
    if (a->left >= 0 && back > a->left) return false;
    if (a->right >= 0 && back < -a->right) return false;
    return key < valid;
}

/* Fills a->bias for one row; true when no key is left to attend to. */
static bool make_bias(attention *a, int64_t batch, int64_t head, int64_t row) {
    const int64_t valid = a->nonpad ? hn_tensor_int(a->nonpad, batch) : a->total;
    int64_t position;
    bool none = true;
    if (__builtin_add_overflow(position_of_first(a, batch), row, &position)) position = INT64_MAX;
    for (int64_t key = 0; key < a->total; key++) {
        const int64_t index[4] = {batch, head, row, key};
        const double given = a->mask ? mask_at(a, index) : 0;
        a->bias[key] = is_visible(a, position, key, valid) ? given : given - INFINITY;
        if (!(a->bias[key] == -INFINITY)) none = false;
    }
    return none;
}

/* ---- one row ---- */

static void show_row(attention *a, int stage, int64_t at, const double *row) {
    hn_tensor *out = output(a->call, 3);
    if (out && a->show == stage) hn_panel_store(out, at, a->total, row);
}

/* Each step rounds to the precision of the softmax. A row that is masked in whole becomes zero. */
static void softmax(attention *a, double *row, bool none) {
    double most = -INFINITY, sum = 0;
    round_row(a, a->precision, a->total, row);
    for (int64_t i = 0; i < a->total; i++)
        if (row[i] > most || isnan(row[i])) most = row[i];
    none |= most == -INFINITY;
    for (int64_t i = 0; i < a->total; i++) row[i] = none ? 0 : exp(row[i] - most);
    round_row(a, a->precision, a->total, row);
    for (int64_t i = 0; i < a->total; i++) sum += row[i];
    round_row(a, a->precision, 1, &sum);
    for (int64_t i = 0; i < a->total && !none; i++) row[i] /= sum;
    round_row(a, a->precision, a->total, row);
}

static void finish_row(attention *a, int64_t batch, int64_t head, int64_t row, double *score) {
    const int64_t at = ((batch * a->q.heads + head) * a->q.length + row) * a->total;
    show_row(a, RAW, at, score);
    for (int64_t i = 0; i < a->total && a->softcap > 0; i++) score[i] = a->softcap * tanh(score[i] / a->softcap);
    show_row(a, CAPPED, at, score);
    const bool none = make_bias(a, batch, head, row);
    round_row(a, a->type, a->total, score);
    for (int64_t i = 0; i < a->total; i++) score[i] += a->bias[i];
    round_row(a, a->type, a->total, score);
    show_row(a, BIASED, at, score);
    softmax(a, score, none);
    show_row(a, PROBABILITIES, at, score);
    round_row(a, a->type, a->total, score);
}

/* ---- one block of rows ---- */

/* sums[rows][columns] = left[rows][k] * panels */
static void multiply(attention *a, int64_t rows, int64_t k, const double *left, const double *panels, int64_t columns,
                     double *to) {
    for (int64_t first = 0; first < columns; first += HN_PANEL) {
        const int64_t n = columns - first < HN_PANEL ? columns - first : HN_PANEL;
        memset(a->tile, 0, (size_t)rows * HN_PANEL * sizeof *a->tile);
        hn_panel_multiply_f64(rows, k, left, k, panels + first * k, a->tile);
        for (int64_t i = 0; i < rows; i++)
            memcpy(to + i * columns + first, a->tile + i * HN_PANEL, (size_t)n * sizeof *to);
    }
}

static void attend(attention *a, int64_t batch, int64_t head, int64_t first, int64_t rows) {
    const int64_t size = a->q.size;
    hn_heads y = {output(a->call, 0), a->q.batch, a->q.heads, a->q.length, a->v.size};
    for (int64_t i = 0; i < rows; i++) {
        hn_panel_load(a->rows + i * size, a->q.t, hn_heads_row(&a->q, batch, head, first + i), size);
        scale_row(a, a->rows + i * size);
    }
    multiply(a, rows, size, a->rows, a->key_panels, a->total, a->scores);
    for (int64_t i = 0; i < rows; i++) finish_row(a, batch, head, first + i, a->scores + i * a->total);
    if (!y.t) return;
    multiply(a, rows, a->total, a->scores, a->value_panels, a->v.size, a->sums);
    for (int64_t i = 0; i < rows; i++)
        hn_panel_store(output(a->call, 0), hn_heads_row(&y, batch, head, first + i), a->v.size,
                       a->sums + i * a->v.size);
}

static void attend_group(attention *a, int64_t batch, int64_t kv_head) {
    const int64_t group = a->q.heads / a->k.heads;
    gather_rows(a, &a->past_key, &a->k, batch, kv_head, 1, a->keys);
    gather_rows(a, &a->past_value, &a->v, batch, kv_head, 2, a->values);
    for (int64_t i = 0; i < a->total; i++) scale_row(a, a->keys + i * a->q.size);
    pack_keys(a);
    pack_values(a);
    for (int64_t head = kv_head * group; head < (kv_head + 1) * group; head++)
        for (int64_t first = 0; first < a->q.length; first += BLOCK_ROWS)
            attend(a, batch, head, first, a->q.length - first < BLOCK_ROWS ? a->q.length - first : BLOCK_ROWS);
}

hone_status hn_ops_ref_attention(hn_call *call) {
    attention a = {.call = call};
    read_operands(&a);
    read_attributes(&a);
    HN_TRY(allocate(&a));
    for (int64_t batch = 0; batch < a.q.batch; batch++)
        for (int64_t head = 0; head < a.k.heads; head++) attend_group(&a, batch, head);
    return HONE_OK;
}
