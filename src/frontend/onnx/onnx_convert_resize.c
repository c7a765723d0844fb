/* Conversions of Upsample and of the older forms of Resize. */
#include "frontend/onnx/onnx_convert.h"

#include <string.h>

static hone_status set_text(hn_onnx_node *node, const char *name, const char *text) {
    return hn_onnx_set_attr(node, hn_onnx_text_attr(name, text));
}

static bool text_is(const hn_attr *attr, const char *text) {
    return attr && attr->s.n == strlen(text) && memcmp(attr->s.data, text, attr->s.n) == 0;
}

/* Before opset 11: output pixel i lies at i / scale, and the nearest source pixel is the one before (or at) that place.
 */
static hone_status asymmetric(hn_onnx_node *node, const char *nearest) {
    HN_TRY(set_text(node, "coordinate_transformation_mode", "asymmetric"));
    return set_text(node, "nearest_mode", nearest);
}

/* X, scales -> X, (roi), scales */
static hone_status scales_last(hn_onnx_node *node) {
    hn_value *scales = hn_onnx_in(node, 1);
    if (node->in.n != 2 || !scales)
        HN_FAIL(node->scope->import->diag, HONE_INVALID_MODEL, "%s has %zu inputs; in opset %lld it takes X and scales",
                node->type, node->in.n, (long long)node->opset);
    HN_TRY(hn_onnx_set_in(node, 1, NULL));
    return hn_onnx_set_in(node, 2, scales);
}

hone_status hn_onnx_upsample_7(hn_onnx_node *node) {
    const hn_attr *attr = hn_onnx_take_attr(node, "scales");
    hn_value *scales;
    if (!attr || node->in.n != 1) return scales_last(node);
    HN_TRY(hn_onnx_floats(node, "scales", attr->floats, (int)attr->n, &scales));
    HN_TRY(hn_onnx_set_in(node, 2, scales));
    return asymmetric(node, "floor");
}

hone_status hn_onnx_upsample_9(hn_onnx_node *node) {
    HN_TRY(scales_last(node));
    return asymmetric(node, "floor");
}

/* A part of the scales, the others 1. */
static hone_status partial_scales(hn_onnx_node *node, const hn_tensor *scales, bool growing, hn_value **out) {
    float part[HONE_MAX_RANK];
    const int n = (int)scales->dim[0];
    for (int i = 0; i < n; i++) {
        const float s = (float)hn_tensor_real(scales, i);
        part[i] = (s >= 1) == growing ? s : 1;
    }
    return hn_onnx_floats(node, growing ? "grow" : "shrink", part, n, out);
}

static void count_scales(const hn_tensor *scales, int *growing, int *shrinking) {
    *growing = *shrinking = 0;
    for (int64_t i = 0; i < scales->dim[0]; i++) {
        const double s = hn_tensor_real(scales, i);
        *growing += s > 1;
        *shrinking += s < 1;
    }
}

/* Nearest neighbours of opset 10: the pixel before where an axis grows, the one behind where it shrinks. An image that
 * does both is resized twice, which is exact because the axes are independent. */
static hone_status nearest_10(hn_onnx_node *node, const hn_tensor *scales) {
    int growing, shrinking;
    count_scales(scales, &growing, &shrinking);
    HN_TRY(asymmetric(node, shrinking ? "ceil" : "floor"));
    if (!growing || !shrinking) return HONE_OK;
    hn_value *in[3] = {hn_onnx_in(node, 0), NULL, NULL}, *shrunk, *grow;
    HN_TRY(partial_scales(node, scales, false, &in[2]));
    HN_TRY(hn_onnx_emit(node, "shrunk", HN_OP_resize, node->attrs.at, (uint32_t)node->attrs.n, 3, in, &shrunk));
    HN_TRY(partial_scales(node, scales, true, &grow));
    HN_TRY(hn_onnx_set_in(node, 0, shrunk));
    HN_TRY(hn_onnx_set_in(node, 2, grow));
    return asymmetric(node, "floor");
}

hone_status hn_onnx_resize_10(hn_onnx_node *node) {
    HN_TRY(scales_last(node));
    const hn_value *value = hn_onnx_in(node, 2);
    const hn_tensor *scales = hn_ir_is_constant(value) ? value->info.data : NULL;
    const hn_attr *mode = hn_onnx_get_attr(node, "mode");
    const bool nearest = !mode || text_is(mode, "nearest");
    if (scales && nearest && scales->dtype == HONE_FLOAT32 && scales->rank == 1 && scales->dim[0] <= HONE_MAX_RANK)
        return nearest_10(node, scales);
    return asymmetric(node, "floor");
}

/* Exporters write empty tensors where an input is not used. */
static bool is_empty_constant(const hn_value *value) {
    return hn_ir_is_constant(value) && value->info.data && hn_tensor_count(value->info.data) == 0;
}

hone_status hn_onnx_resize_inputs(hn_onnx_node *node) {
    for (size_t i = 1; i < node->in.n; i++)
        if (is_empty_constant(hn_onnx_in(node, i))) HN_TRY(hn_onnx_set_in(node, i, NULL));
    return HONE_OK;
}

/* tf_half_pixel_for_nn ended with opset 12: x = (i + 0.5) / scale, half a pixel behind half_pixel's. So its floor is
 * that one's rounding with .5 upwards, and its rounding with .5 downwards is that one's ceil. */
hone_status hn_onnx_resize_11(hn_onnx_node *node) {
    HN_TRY(hn_onnx_resize_inputs(node));
    if (!text_is(hn_onnx_get_attr(node, "coordinate_transformation_mode"), "tf_half_pixel_for_nn")) return HONE_OK;
    const hn_attr *nearest = hn_onnx_get_attr(node, "nearest_mode");
    const bool rounds = !nearest || text_is(nearest, "round_prefer_floor");
    if (!rounds && !text_is(nearest, "floor"))
        HN_FAIL(node->scope->import->diag, HONE_UNSUPPORTED,
                "Resize with tf_half_pixel_for_nn is supported with nearest_mode 'floor' and 'round_prefer_floor'");
    HN_TRY(set_text(node, "coordinate_transformation_mode", "half_pixel"));
    return set_text(node, "nearest_mode", rounds ? "ceil" : "round_prefer_ceil");
}
