/* Parsing and geometry of convolutions. */
#include "kernels/cpu/conv/conv_shape.h"

#include <string.h>

#define SIZE_LIMIT (1 << 20) /* of kernel, stride, dilation and padding; keeps every product far from overflow */

static bool parse_auto_pad(hn_attrs attrs, hn_conv *conv, bool *valid) {
    *valid = hn_attrs_text_is(attrs, "auto_pad", "NOTSET", "VALID");
    if (hn_attrs_text_is(attrs, "auto_pad", "NOTSET", "SAME_UPPER")) {
        conv->auto_pad = HN_CONV_PAD_SAME_UPPER;
    } else if (hn_attrs_text_is(attrs, "auto_pad", "NOTSET", "SAME_LOWER")) {
        conv->auto_pad = HN_CONV_PAD_SAME_LOWER;
    } else {
        conv->auto_pad = HN_CONV_PAD_EXPLICIT;
        return *valid || hn_attrs_text_is(attrs, "auto_pad", "NOTSET", "NOTSET");
    }
    return true;
}

/* Spatial attributes; `w` is the weight (filters, channels, kernel...). */
static bool parse_window(hn_attrs attrs, const hn_qval *w, hn_conv *conv) {
    int n = conv->spatial, lead = HN_CONV_AXES - n;
    int64_t stride[HN_CONV_AXES], dilation[HN_CONV_AXES], pad[2 * HN_CONV_AXES], kernel[HN_CONV_AXES];
    bool valid;
    if (!parse_auto_pad(attrs, conv, &valid)) return false;
    if (hn_attrs_ints_exact(attrs, "strides", n, 1, stride, NULL) != HONE_OK) return false;
    if (hn_attrs_ints_exact(attrs, "dilations", n, 1, dilation, NULL) != HONE_OK) return false;
    if (hn_attrs_ints_exact(attrs, "pads", 2 * n, 0, pad, NULL) != HONE_OK) return false;
    if (hn_attrs_ints_exact(attrs, "kernel_shape", n, -1, kernel, NULL) != HONE_OK) return false;
    for (int i = 0; i < HN_CONV_AXES; i++) {
        conv->kernel[i] = conv->stride[i] = conv->dilation[i] = 1;
        conv->pad[i] = 0;
    }
    for (int i = 0; i < n; i++) {
        int64_t size = w->dim[i + 2].min;
        if (kernel[i] != -1 && kernel[i] != size) return false;
        if (size > SIZE_LIMIT || stride[i] < 1 || stride[i] > SIZE_LIMIT || dilation[i] < 1 ||
            dilation[i] > SIZE_LIMIT || pad[i] < 0 || pad[i] > SIZE_LIMIT || pad[n + i] < 0)
            return false;
        conv->kernel[lead + i] = (int32_t)size;
        conv->stride[lead + i] = (int32_t)stride[i];
        conv->dilation[lead + i] = (int32_t)dilation[i];
        conv->pad[lead + i] = valid ? 0 : (int32_t)pad[i];
    }
    return true;
}

static bool parse_attrs(const hn_query *query, const hn_qval *w, hn_conv *conv) {
    hn_arena scratch;
    hn_attrs attrs;
    hn_arena_init(&scratch, NULL);
    bool ok = hn_query_attrs(query, 0, &scratch, &attrs, NULL) == HONE_OK && parse_window(attrs, w, conv);
    if (ok) {
        int64_t group = hn_attrs_int(attrs, "group", 1);
        ok = group >= 1 && group <= w->dim[0].min && w->dim[0].min % group == 0;
        conv->group = ok ? (int32_t)group : 1;
    }
    hn_arena_free(&scratch);
    return ok;
}

/* Every dim known, positive, and their product far from overflow. */
static bool is_weight(const hn_qval *w) {
    int64_t count = 1;
    if (w->role != HN_ROLE_CONST || w->dtype != HONE_FLOAT32 || w->rank < 3 || w->rank > 5) return false;
    for (int i = 0; i < w->rank; i++) {
        if (w->dim[i].min != w->dim[i].max || w->dim[i].min < 1) return false;
        if (__builtin_mul_overflow(count, w->dim[i].min, &count) || count > INT32_MAX) return false;
    }
    return true;
}

bool hn_conv_parse(const hn_query *query, hn_conv *out) {
    memset(out, 0, sizeof *out);
    if (query->n_op < 1 || query->op[0].op != HN_OP_conv || query->op[0].n_in < 2) return false;
    const hn_qop *op = &query->op[0];
    out->x = op->in[0], out->w = op->in[1], out->bias = op->n_in > 2 ? op->in[2] : -1;
    if (out->x < 0 || out->w < 0) return false;
    const hn_qval *x = &query->val[out->x], *w = &query->val[out->w], *y = &query->val[op->out[0]];
    if (!is_weight(w) || x->dtype != HONE_FLOAT32 || x->rank != w->rank || y->rank != w->rank) return false;
    if (x->role == HN_ROLE_CONST || y->layout != HN_LAYOUT_CHANNELS_LAST) return false;
    out->x_dense = x->layout == HN_LAYOUT_DENSE;
    out->spatial = (uint8_t)(w->rank - 2);
    if (!parse_attrs(query, w, out)) return false;
    out->channels = (int32_t)w->dim[1].min;
    out->filters = (int32_t)(w->dim[0].min / out->group);
    if (out->bias >= 0) {
        const hn_qval *bias = &query->val[out->bias];
        if (bias->role != HN_ROLE_CONST || bias->dtype != HONE_FLOAT32 || bias->rank != 1) return false;
        if (bias->dim[0].min != w->dim[0].min || bias->dim[0].max != w->dim[0].min) return false;
    }
    return hn_epilogue_parse(query, 1, &out->epilogue);
}

static int64_t pad_before(const hn_conv *conv, int axis, int64_t in, int64_t out) {
    if (conv->auto_pad == HN_CONV_PAD_EXPLICIT) return conv->pad[axis];
    int64_t total = (out - 1) * conv->stride[axis] + (int64_t)(conv->kernel[axis] - 1) * conv->dilation[axis] + 1 - in;
    if (total < 0) total = 0;
    return conv->auto_pad == HN_CONV_PAD_SAME_UPPER ? total / 2 : total - total / 2;
}

hone_status hn_conv_extent_of(const hn_conv *conv, const hn_args *args, hn_conv_extent *out) {
    const hn_tensor *x = &args->val[conv->x], *y = &args->val[conv->epilogue.out];
    int lead = HN_CONV_AXES - conv->spatial;
    if (x->rank != conv->spatial + 2 || y->rank != x->rank || x->dim[0] != y->dim[0]) return HONE_INVALID_ARGUMENT;
    if (x->dim[1] != (int64_t)conv->channels * conv->group || y->dim[1] != (int64_t)conv->filters * conv->group)
        return HONE_INVALID_ARGUMENT;
    *out = (hn_conv_extent){.batch = x->dim[0], .x_batch = x->stride[0], .x_channel = x->stride[1], .rows = x->dim[0]};
    for (int i = 0; i < HN_CONV_AXES; i++) {
        out->in[i] = i < lead ? 1 : x->dim[i - lead + 2];
        out->out[i] = i < lead ? 1 : y->dim[i - lead + 2];
        out->x_axis[i] = i < lead ? 0 : x->stride[i - lead + 2];
        out->pad[i] = pad_before(conv, i, out->in[i], out->out[i]);
        out->rows *= out->out[i];
    }
    bool channels_last = conv->channels * conv->group == 1 || out->x_channel == 1;
    return conv->x_dense || channels_last ? HONE_OK : HONE_INVALID_ARGUMENT;
}

hn_conv_line hn_conv_line_of(const hn_conv_extent *extent, int64_t row) {
    int64_t line = row / extent->out[2];
    hn_conv_line at;
    at.at[1] = line % extent->out[1];
    line /= extent->out[1];
    at.at[0] = line % extent->out[0];
    at.batch = line / extent->out[0];
    return at;
}

void hn_conv_sizes(const hn_query *query, const hn_conv *conv, double *rows, double *bytes) {
    const hn_qval *x = &query->val[conv->x], *y = &query->val[conv->epilogue.out];
    double in = 1, out = 1;
    for (int i = 0; i < x->rank; i++) in *= (double)x->dim[i].opt, out *= (double)y->dim[i].opt;
    double filters = (double)conv->filters * conv->group;
    *rows = out / filters;
    *bytes = 4 * (in + out + filters * conv->channels * (double)hn_conv_taps(conv));
}
