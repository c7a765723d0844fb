/* Windows: sums of cosines over one period. */
#include <math.h>
#include "ops/block.h"
#include "ops/checks.h"
#include "ops/registry.h"
#include "ops/shape/shape.h"
#include "ops/signal/output_type.h"

#define PI 3.14159265358979323846

hone_status hn_ops_infer_window(hn_infer *infer) {
    hn_shape out;
    hone_dtype dtype;
    HN_TRY(hn_signal_output_type(infer, &dtype));
    HN_TRY(hn_ops_check_type(infer, 0, HN_TYPE(INT32) | HN_TYPE(INT64)));
    int n;
    hn_dim size[1] = {HN_UNKNOWN_DIM};
    HN_TRY(hn_infer_elements(infer, 0, 1, size, &n));
    if (n == 0) HN_FAIL(infer->diag, HONE_INVALID_MODEL, "input 0 is empty where one number is needed");
    out = (hn_shape){.rank = 1, .dim = {n == 1 ? size[0] : HN_UNKNOWN_DIM}};
    HN_TRY(hn_shape_check_sizes(infer, &out));
    hn_infer_set(infer, 0, dtype, &out);
    return HONE_OK;
}

/* a - b cos(x) + c cos(2 x), where x runs once around in the window's period. A window of one element is 1. */
static hone_status fill(hn_call *call, double a, double b, double c) {
    hn_tensor *y = call->out[0];
    if (!y) return HONE_OK;
    const int64_t n = hn_tensor_count(y);
    const bool periodic = hn_attrs_int(call->attrs, "periodic", 1) != 0;
    const double period = (double)(periodic ? n : n - 1);
    for (int64_t i = 0; i < n; i++) {
        const double x = 2 * PI * (double)i / period;
        const double value = period == 0 ? 1 : a - b * cos(x) + c * cos(2 * x);
        hn_block_store_f64(y, i, &value, 1);
    }
    return HONE_OK;
}

hone_status hn_ops_ref_hann_window(hn_call *call) { return fill(call, 0.5, 0.5, 0); }
hone_status hn_ops_ref_hamming_window(hn_call *call) { return fill(call, 25.0 / 46, 21.0 / 46, 0); }
hone_status hn_ops_ref_blackman_window(hn_call *call) { return fill(call, 0.42, 0.5, 0.08); }
