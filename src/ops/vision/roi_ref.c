/* RoiAlign and MaxRoiPool. Places are computed in single precision unless the regions are double: bounds of bins and
 * counts of samples depend on it. */
#include <math.h>
#include "ops/block.h"
#include "ops/matmul/panel.h"
#include "ops/registry.h"
#include "ops/vision/sample.h"

enum { MOST_SAMPLES = 1 << 14 }; /* on an axis of a bin */

typedef struct regions {
    const hn_tensor *x, *rois;
    hn_tensor *out;
    double *plane; /* one plane of the image */
    int64_t height, width, pooled_height, pooled_width;
    bool wide;
} regions;

/* v in the precision of places. */
static double narrow(const regions *r, double v) { return r->wide ? v : (float)v; }

static hone_status begin(hn_call *call, regions *r) {
    *r = (regions){.x = call->in[0], .rois = call->in[1], .out = call->out[0]};
    r->height = r->x->dim[2];
    r->width = r->x->dim[3];
    r->pooled_height = r->out->dim[2];
    r->pooled_width = r->out->dim[3];
    r->wide = r->rois->dtype == HONE_FLOAT64;
    HN_TRY_ALLOC(r->plane = hn_panel_scratch(call, hn_panel_count(2, r->x->dim + 2)));
    return HONE_OK;
}

static void load_plane(const regions *r, int64_t image, int64_t channel) {
    const int64_t count = r->height * r->width;
    hn_panel_load(r->plane, r->x, (image * r->x->dim[1] + channel) * count, count);
}

static hone_status check_image(hn_call *call, const regions *r, int64_t image) {
    if (image >= 0 && image < r->x->dim[0]) return HONE_OK;
    HN_FAIL(call->diag, HONE_INVALID_ARGUMENT, "a region lies in image %lld of %lld", (long long)image,
            (long long)r->x->dim[0]);
}

/* ---- RoiAlign ---- */

typedef struct bin_axis {
    double start, size; /* of the first bin; bins follow one another */
    int64_t samples;    /* in each bin */
} bin_axis;

/* The bins of one axis of a region from `from` to `to` in coordinates of the image. */
static hone_status cut(hn_call *call, const regions *r, double from, double to, int64_t bins, bin_axis *out) {
    const bool half = hn_attrs_text_is(call->attrs, "coordinate_transformation_mode", "half_pixel", "half_pixel");
    const double scale = hn_attrs_float(call->attrs, "spatial_scale", 1), offset = half ? 0.5 : 0;
    const int64_t ratio = hn_attrs_int(call->attrs, "sampling_ratio", 0);
    out->start = narrow(r, narrow(r, from * scale) - offset);
    double size = narrow(r, narrow(r, narrow(r, to * scale) - offset) - out->start);
    if (!half && size < 1) size = 1;
    out->size = narrow(r, size / (double)bins);
    const double samples = ratio > 0 ? (double)ratio : ceil(out->size);
    if (samples > MOST_SAMPLES)
        HN_FAIL(call->diag, HONE_INVALID_ARGUMENT, "a region of size %g needs more than %d samples a bin", size,
                MOST_SAMPLES);
    out->samples = samples > 0 ? (int64_t)samples : 0;
    return HONE_OK;
}

/* Taps of sample k of a bin; false when it lies outside of the image by more than one element. */
static bool place(const regions *r, const bin_axis *a, int64_t bin, int64_t k, int64_t size, double *low_weight,
                  int64_t *low, int64_t *high) {
    const double base = narrow(r, a->start + narrow(r, (double)bin * a->size));
    const double step = narrow(r, narrow(r, ((double)k + 0.5) * a->size) / (double)a->samples);
    double at = narrow(r, base + step);
    if (size == 0 || !(at >= -1 && at <= (double)size)) return false;
    if (at < 0) at = 0;
    *low = (int64_t)at;
    *high = *low + 1;
    if (*low >= size - 1) {
        *low = *high = size - 1;
        at = (double)*low;
    }
    *low_weight = 1 - (at - (double)*low);
    return true;
}

typedef struct pooled {
    double sum, greatest;
    bool any;
} pooled;

/* The maximum is that of the weighted elements, as ONNX's definition has it. */
static void add_sample(const regions *r, const bin_axis *axis, const int64_t *bin, const int64_t *k, pooled *to) {
    double weight[2], term[4] = {0};
    int64_t row[2], column[2];
    if (place(r, &axis[0], bin[0], k[0], r->height, &weight[0], &row[0], &row[1]) &&
        place(r, &axis[1], bin[1], k[1], r->width, &weight[1], &column[0], &column[1])) {
        for (int i = 0; i < 4; i++) {
            const double y = i < 2 ? weight[0] : 1 - weight[0], x = i % 2 == 0 ? weight[1] : 1 - weight[1];
            term[i] = y * x * r->plane[row[i / 2] * r->width + column[i % 2]];
        }
    }
    for (int i = 0; i < 4; i++) {
        to->sum += term[i];
        if (!to->any || term[i] > to->greatest) to->greatest = term[i];
        to->any = true;
    }
}

static double align_bin(const regions *r, const bin_axis *axis, const int64_t *bin, bool max) {
    pooled total = {0};
    const int64_t count = axis[0].samples * axis[1].samples;
    for (int64_t i = 0; i < count; i++)
        add_sample(r, axis, bin, (const int64_t[]){i / axis[1].samples, i % axis[1].samples}, &total);
    return max ? total.greatest : total.sum / (double)(count > 0 ? count : 1);
}

static void align_region(const regions *r, const bin_axis *axis, int64_t region, int64_t image, bool max) {
    const int64_t bins = r->pooled_height * r->pooled_width;
    for (int64_t c = 0; c < r->x->dim[1]; c++) {
        load_plane(r, image, c);
        for (int64_t i = 0; i < bins; i++) {
            const int64_t bin[2] = {i / r->pooled_width, i % r->pooled_width};
            const double value = align_bin(r, axis, bin, max);
            hn_panel_store(r->out, (region * r->x->dim[1] + c) * bins + i, 1, &value);
        }
    }
}

hone_status hn_ops_ref_roi_align(hn_call *call) {
    regions r;
    if (!call->out[0] || hn_tensor_count(call->out[0]) == 0) return HONE_OK;
    const bool max = hn_attrs_text_is(call->attrs, "mode", "avg", "max");
    HN_TRY(begin(call, &r));
    for (int64_t region = 0; region < r.out->dim[0]; region++) {
        const int64_t image = hn_tensor_int(call->in[2], region);
        double corner[4];
        bin_axis axis[2];
        HN_TRY(check_image(call, &r, image));
        hn_panel_load(corner, r.rois, region * 4, 4);
        HN_TRY(cut(call, &r, corner[1], corner[3], r.pooled_height, &axis[0]));
        HN_TRY(cut(call, &r, corner[0], corner[2], r.pooled_width, &axis[1]));
        align_region(&r, axis, region, image, max);
    }
    return HONE_OK;
}

/* ---- MaxRoiPool ---- */

static int64_t clamp(double at, int64_t size) { return at > 0 ? at < (double)size ? (int64_t)at : size : 0; }

/* Elements [*first, *last) of an axis that belong to a bin; corners are rounded to elements, both ends belong to it. */
static void bin_range(const regions *r, double from, double to, int64_t bin, int64_t bins, int64_t size, int64_t *first,
                      int64_t *last) {
    const double extent = to - from + 1 > 1 ? to - from + 1 : 1, each = narrow(r, extent / (double)bins);
    *first = clamp(floor(narrow(r, (double)bin * each)) + from, size);
    *last = clamp(ceil(narrow(r, (double)(bin + 1) * each)) + from, size);
}

/* An empty bin gives 0. */
static double greatest(const regions *r, const int64_t *row, const int64_t *column) {
    double best = -INFINITY;
    for (int64_t y = row[0]; y < row[1]; y++)
        for (int64_t x = column[0]; x < column[1]; x++) {
            const double value = r->plane[y * r->width + x];
            if (value > best || isnan(value)) best = value;
        }
    return row[0] < row[1] && column[0] < column[1] ? best : 0;
}

static void pool_region(const regions *r, const double *corner, int64_t region, int64_t image) {
    const int64_t bins = r->pooled_height * r->pooled_width;
    for (int64_t c = 0; c < r->x->dim[1]; c++) {
        load_plane(r, image, c);
        for (int64_t i = 0; i < bins; i++) {
            int64_t row[2], column[2];
            bin_range(r, corner[1], corner[3], i / r->pooled_width, r->pooled_height, r->height, &row[0], &row[1]);
            bin_range(r, corner[0], corner[2], i % r->pooled_width, r->pooled_width, r->width, &column[0], &column[1]);
            const double value = greatest(r, row, column);
            hn_panel_store(r->out, (region * r->x->dim[1] + c) * bins + i, 1, &value);
        }
    }
}

hone_status hn_ops_ref_max_roi_pool(hn_call *call) {
    regions r;
    if (!call->out[0] || hn_tensor_count(call->out[0]) == 0) return HONE_OK;
    const double scale = hn_attrs_float(call->attrs, "spatial_scale", 1);
    HN_TRY(begin(call, &r));
    for (int64_t region = 0; region < r.out->dim[0]; region++) {
        double number[5], corner[4];
        hn_panel_load(number, r.rois, region * 5, 5);
        const int64_t image = hn_block_to_i64(number[0]);
        HN_TRY(check_image(call, &r, image));
        for (int i = 0; i < 4; i++) corner[i] = round(narrow(&r, number[i + 1] * scale));
        pool_region(&r, corner, region, image);
    }
    return HONE_OK;
}
