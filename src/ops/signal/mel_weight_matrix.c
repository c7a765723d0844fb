/* MelWeightMatrix: triangles over the frequencies of a transform, evenly spaced on the mel scale. */
#include <math.h>
#include <string.h>
#include "ops/block.h"
#include "ops/checks.h"
#include "ops/matmul/panel.h"
#include "ops/registry.h"
#include "ops/shape/shape.h"
#include "ops/signal/output_type.h"

enum { BINS, LENGTH, RATE, LOW, HIGH };

hone_status hn_signal_output_type(const hn_infer *infer, hone_dtype *out) {
    const int64_t asked = hn_attrs_int(infer->attrs, "output_datatype", HONE_FLOAT32);
    if (asked < 0 || asked > 31 || !(HN_TYPES_NUMBER >> asked & 1))
        HN_FAIL(infer->diag, HONE_INVALID_MODEL, "attribute output_datatype %lld is no integer or float type",
                (long long)asked);
    *out = (hone_dtype)asked;
    return HONE_OK;
}

/* ---- inference ---- */

static hone_status read_size(const hn_infer *infer, int i, hn_dim *out) {
    int n;
    *out = HN_UNKNOWN_DIM;
    HN_TRY(hn_infer_elements(infer, i, 1, out, &n));
    if (n < 0) *out = HN_UNKNOWN_DIM;
    if (n == 0) HN_FAIL(infer->diag, HONE_INVALID_MODEL, "input %d is empty where one number is needed", i);
    return HONE_OK;
}

hone_status hn_ops_infer_mel_weight_matrix(hn_infer *infer) {
    hn_shape out = {.rank = 2};
    hone_dtype dtype;
    hn_dim length;
    HN_TRY(hn_signal_output_type(infer, &dtype));
    for (int i = BINS; i <= RATE; i++) HN_TRY(hn_ops_check_type(infer, i, HN_TYPE(INT32) | HN_TYPE(INT64)));
    for (int i = LOW; i <= HIGH; i++) HN_TRY(hn_ops_check_type(infer, i, HN_TYPES_FLOAT));
    HN_TRY(read_size(infer, BINS, &out.dim[1]));
    HN_TRY(read_size(infer, LENGTH, &length));
    out.dim[0] = hn_dim_add(infer->exprs, hn_dim_floor_div(infer->exprs, length, hn_dim_const(2)), hn_dim_const(1));
    HN_TRY(hn_shape_check_sizes(infer, &out));
    hn_infer_set(infer, 0, dtype, &out);
    return HONE_OK;
}

/* ---- reference ---- */

typedef struct mel_scale {
    double low, step; /* in mel */
    double length, rate;
} mel_scale;

static double mel_of(double hertz) { return 2595 * log10(1 + hertz / 700); }

/* The frequency bin where edge `i` of the triangles lies. */
static int64_t edge_bin(const mel_scale *m, int64_t i) {
    const double hertz = 700 * (pow(10, (m->low + m->step * (double)i) / 2595) - 1);
    return hn_block_to_i64(floor((m->length + 1) * hertz / m->rate));
}

/* One column: up from `left` to `center`, down to `right`; bins outside of the matrix are left out. */
static void triangle(double *column, int64_t rows, int64_t left, int64_t center, int64_t right) {
    const double rise = (double)center - (double)left, fall = (double)right - (double)center;
    memset(column, 0, (size_t)rows * sizeof *column);
    for (int64_t j = left > 0 ? left : 0; j <= center && j < rows; j++)
        column[j] = rise == 0 ? 1 : ((double)j - (double)left) / rise;
    for (int64_t j = center > 0 ? center : 0; j < right && j < rows; j++)
        column[j] = ((double)right - (double)j) / fall;
}

static hone_status read_scale(hn_call *call, int64_t bins, mel_scale *m) {
    double high;
    HN_TRY(hn_call_real(call, LENGTH, 0, &m->length));
    HN_TRY(hn_call_real(call, RATE, 0, &m->rate));
    HN_TRY(hn_call_real(call, LOW, 0, &m->low));
    HN_TRY(hn_call_real(call, HIGH, 0, &high));
    m->low = mel_of(m->low);
    m->step = (mel_of(high) - m->low) / ((double)bins + 2);
    if (m->rate > 0) return HONE_OK;
    HN_FAIL(call->diag, HONE_INVALID_ARGUMENT, "sample_rate is %g; it must be positive", m->rate);
}

hone_status hn_ops_ref_mel_weight_matrix(hn_call *call) {
    hn_tensor *y = call->out[0];
    mel_scale m;
    double *column;
    if (!y) return HONE_OK;
    HN_TRY(read_scale(call, y->dim[1], &m));
    HN_TRY_ALLOC(column = hn_panel_scratch(call, y->dim[0]));
    for (int64_t bin = 0; bin < y->dim[1]; bin++) {
        triangle(column, y->dim[0], edge_bin(&m, bin), edge_bin(&m, bin + 1), edge_bin(&m, bin + 2));
        for (int64_t j = 0; j < y->dim[0]; j++) hn_block_store_f64(y, j * y->dim[1] + bin, column + j, 1);
    }
    return HONE_OK;
}
