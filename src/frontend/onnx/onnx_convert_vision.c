/* Conversions of operators that sample images. */
#include "frontend/onnx/onnx_convert.h"

#include <string.h>

/* Up to opset 19 the modes of GridSample had the names of their two-dimensional forms. */
hone_status hn_onnx_grid_sample_16(hn_onnx_node *node) {
    const hn_attr *mode = hn_onnx_get_attr(node, "mode");
    if (!mode) return HONE_OK;
    if (hn_onnx_text_is(mode->s, "bilinear", 8)) return hn_onnx_set_attr(node, hn_onnx_text_attr("mode", "linear"));
    if (hn_onnx_text_is(mode->s, "bicubic", 7)) return hn_onnx_set_attr(node, hn_onnx_text_attr("mode", "cubic"));
    return HONE_OK;
}

/* Up to opset 15 RoiAlign did not shift coordinates. */
hone_status hn_onnx_roi_align_10(hn_onnx_node *node) {
    return hn_onnx_set_attr(node, hn_onnx_text_attr("coordinate_transformation_mode", "output_half_pixel"));
}
