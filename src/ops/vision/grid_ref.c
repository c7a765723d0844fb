/* AffineGrid and GridSample. Coordinates are computed in the precision of the grid (float for narrower types), on which
 * ties of `nearest` depend; values are summed in double. */
#include <math.h>
#include <string.h>
#include "ops/matmul/panel.h"
#include "ops/parts.h"
#include "ops/registry.h"
#include "ops/vision/sample.h"

/* ---- AffineGrid ---- */

/* Centre of element `at` out of `size` on an axis that spans -1 to 1; a single element lies in the middle. */
static double normalized(int64_t at, int64_t size, bool align_corners) {
    if (!align_corners) return (2 * (double)at + 1) / (double)size - 1;
    return size > 1 ? 2 * (double)at / (double)(size - 1) - 1 : 0;
}

hone_status hn_ops_ref_affine_grid(hn_call *call) {
    const hn_tensor *theta = call->in[0];
    hn_tensor *out = call->out[0];
    if (!out || hn_tensor_count(out) == 0) return HONE_OK;
    const int n = out->rank - 2;
    const bool align = hn_attrs_int(call->attrs, "align_corners", 0) != 0;
    const int64_t points = hn_tensor_count(out) / n, per_image = points / out->dim[0];
    for (int64_t p = 0; p < points; p++) {
        double position[HN_SAMPLE_AXES], row[HN_SAMPLE_AXES + 1], to[HN_SAMPLE_AXES];
        int64_t rest = p;
        for (int i = 0; i < n; rest /= out->dim[n - i], i++)
            position[i] = normalized(rest % out->dim[n - i], out->dim[n - i], align);
        for (int i = 0; i < n; i++) {
            hn_panel_load(row, theta, (p / per_image * n + i) * (n + 1), n + 1);
            to[i] = row[n];
            for (int k = 0; k < n; k++) to[i] += row[k] * position[k];
        }
        hn_panel_store(out, p * n, n, to);
    }
    return HONE_OK;
}

/* ---- GridSample ---- */

typedef enum mode { LINEAR, NEAREST, CUBIC } mode;
typedef enum padding { ZEROS, BORDER, REFLECTION } padding;

typedef struct sampling {
    mode mode;
    padding padding;
    bool align_corners, wide; /* wide: coordinates in double */
    int n;                    /* axes */
    int64_t in[HN_SAMPLE_AXES], stride[HN_SAMPLE_AXES];
    int64_t planes, in_count, out_count; /* of one image */
} sampling;

static double denormalized(const sampling *s, double x, int64_t size) {
    if (s->wide) return s->align_corners ? (x + 1) / 2 * (double)(size - 1) : ((x + 1) * (double)size - 1) / 2;
    const float f = (float)x, n = (float)size;
    return s->align_corners ? (f + 1) / 2 * (n - 1) : ((f + 1) * n - 1) / 2;
}

/* x mirrored at the borders until it lies between them. */
static double reflect(double x, double low, double high) {
    const double range = high - low, beyond = x < low ? low - x : x - high;
    if (range <= 0) return low < 0 ? 0 : low;
    if (x >= low && x <= high) return x;
    const double rest = fmod(beyond, range);
    const bool even = fmod(floor(beyond / range), 2) == 0;
    return (x < low) == even ? low + rest : high - rest;
}

/* Where a coordinate beyond the borders is read. Infinite ones and NaN stay what they are without padding. */
static double padded(const sampling *s, double x, int64_t size) {
    const double low = s->align_corners ? 0 : -0.5, high = (double)(size - 1) - low;
    if (s->padding == ZEROS || (x >= low && x <= high)) return x;
    if (!(x > -INFINITY && x < INFINITY) && (s->padding == REFLECTION || isnan(x))) return 0;
    if (s->padding == BORDER) return x < 0 ? 0 : x > (double)(size - 1) ? (double)(size - 1) : x;
    return reflect(x, low, high);
}

/* The element that stands for number `at` of an axis; -1 for a zero. */
static int64_t padded_index(const sampling *s, double at, int64_t size) {
    if (at >= 0 && at < (double)size) return (int64_t)at;
    if (s->padding == ZEROS || size == 0) return -1;
    const double inside = padded(s, at, size);
    return inside < 0 ? 0 : inside >= (double)size ? size - 1 : (int64_t)inside;
}

static void cubic_weights(double x, double *weight) {
    const double a = -0.75;
    for (int k = 0; k < 4; k++) {
        const double d = fabs(x - (k - 1));
        weight[k] = d <= 1 ? ((a + 2) * d - (a + 3)) * d * d + 1 : ((a * d - 5 * a) * d + 8 * a) * d - 4 * a;
    }
}

/* Taps of one axis at the normalized coordinate x. */
static void place_axis(const sampling *s, int axis, double x, hn_sample *out) {
    static const int taps[] = {[LINEAR] = 2, [NEAREST] = 1, [CUBIC] = 4};
    double weight[HN_SAMPLE_TAPS] = {1};
    double at = denormalized(s, x, s->in[axis]);
    at = padded(s, s->mode == NEAREST ? rint(at) : at, s->in[axis]);
    const double low = floor(at), part = at - low;
    if (s->mode == LINEAR) {
        weight[0] = 1 - part;
        weight[1] = part;
    } else if (s->mode == CUBIC) cubic_weights(part, weight);
    out->taps = taps[s->mode];
    for (int k = 0; k < out->taps; k++) {
        const int64_t index = padded_index(s, low + k - (s->mode == CUBIC), s->in[axis]);
        out->offset[axis][k] = index < 0 ? 0 : index * s->stride[axis];
        out->weight[axis][k] = index < 0 ? 0 : weight[k];
    }
}

/* Where point p of an image lies. The grid lists coordinates last axis first. */
static void place_point(const sampling *s, const hn_tensor *grid, int64_t p, hn_sample *out) {
    double at[HN_SAMPLE_AXES];
    hn_panel_load(at, grid, p * s->n, s->n);
    for (int i = 0; i < s->n; i++) place_axis(s, i, at[s->n - 1 - i], out);
}

static void sample_image(const sampling *s, hn_call *call, int64_t image, const double *x, double *y) {
    hn_sample place = {.n = s->n};
    for (int64_t p = 0; p < s->out_count; p++) {
        place_point(s, call->in[1], image * s->out_count + p, &place);
        for (int64_t c = 0; c < s->planes; c++) y[c * s->out_count + p] = hn_sample_read(&place, x + c * s->in_count);
    }
}

static hone_status interpolate(hn_call *call, const sampling *s) {
    const hn_tensor *x = call->in[0];
    double *image = hn_panel_scratch(call, s->planes * s->in_count),
           *y = hn_panel_scratch(call, s->planes * s->out_count);
    HN_TRY_ALLOC(image);
    HN_TRY_ALLOC(y);
    for (int64_t i = 0; i < x->dim[0]; i++)
        for (int part = 0; part < hn_parts_of(x->dtype); part++) {
            hn_part_load(image, x, part, i * s->planes * s->in_count, s->planes * s->in_count);
            sample_image(s, call, i, image, y);
            hn_part_store(call->out[0], part, i * s->planes * s->out_count, s->planes * s->out_count, y);
        }
    return HONE_OK;
}

/* The nearest element is copied, whatever its type; outside lie zeros and empty texts. */
static void move_nearest(hn_call *call, const sampling *s) {
    const size_t size = hn_element_size(call->in[0]->dtype);
    hn_sample place = {.n = s->n};
    for (int64_t p = 0; p < call->in[0]->dim[0] * s->out_count; p++) {
        const int64_t image = p / s->out_count;
        int64_t offset = 0;
        bool inside = true;
        place_point(s, call->in[1], p, &place);
        for (int i = 0; i < s->n; i++) {
            offset += place.offset[i][0];
            inside = inside && place.weight[i][0] != 0;
        }
        for (int64_t c = image * s->planes; c < (image + 1) * s->planes; c++) {
            const char *from = (const char *)call->in[0]->data + (size_t)(c * s->in_count + offset) * size;
            char *to = (char *)call->out[0]->data + (size_t)(c * s->out_count + p % s->out_count) * size;
            if (inside) memcpy(to, from, size);
            else memset(to, 0, size);
        }
    }
}

static mode mode_of(hn_attrs attrs) {
    if (hn_attrs_text_is(attrs, "mode", "linear", "nearest")) return NEAREST;
    return hn_attrs_text_is(attrs, "mode", "linear", "cubic") ? CUBIC : LINEAR;
}

static padding padding_of(hn_attrs attrs) {
    if (hn_attrs_text_is(attrs, "padding_mode", "zeros", "border")) return BORDER;
    return hn_attrs_text_is(attrs, "padding_mode", "zeros", "reflection") ? REFLECTION : ZEROS;
}

hone_status hn_ops_ref_grid_sample(hn_call *call) {
    const hn_tensor *x = call->in[0];
    hn_tensor *out = call->out[0];
    if (!out || hn_tensor_count(out) == 0) return HONE_OK;
    sampling s = {.mode = mode_of(call->attrs), .padding = padding_of(call->attrs), .n = x->rank - 2};
    s.align_corners = hn_attrs_int(call->attrs, "align_corners", 0) != 0;
    s.wide = call->in[1]->dtype == HONE_FLOAT64;
    for (int i = 0; i < s.n; i++) {
        s.in[i] = x->dim[i + 2];
        s.stride[i] = x->stride[i + 2];
    }
    s.planes = x->dim[1];
    s.in_count = hn_panel_count(s.n, x->dim + 2);
    s.out_count = hn_panel_count(s.n, out->dim + 2);
    if (s.mode != NEAREST) return interpolate(call, &s);
    move_nearest(call, &s);
    return HONE_OK;
}
