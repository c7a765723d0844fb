/* Conversions of nodes of older opsets into the newest one, and what they are made of. */
#ifndef HN_FRONTEND_ONNX_CONVERT_H
#define HN_FRONTEND_ONNX_CONVERT_H

#include "frontend/onnx/onnx_import.h"

/* Changes node->op, node->attrs and node->in to the newest form, or emits nodes and sets node->result. */
typedef hone_status hn_onnx_convert_fn(hn_onnx_node *node);

/* One row of onnx_map.def. */
typedef struct hn_onnx_row {
    const char *name;           /* hn_onnx_node.key */
    int since;                  /* first opset for which the row holds, until the next row of the name */
    const char *op;             /* of the IR */
    hn_onnx_convert_fn *import; /* NULL: the newest form already */
} hn_onnx_row;

/* The row for `name` at `opset`. NULL: no such operator; *since then is the first opset that has it, or 0. */
const hn_onnx_row *hn_onnx_find_row(const char *name, int64_t opset, int *since);
/* Row number i in the order of the file, or NULL behind the last. */
const hn_onnx_row *hn_onnx_row_at(size_t i);

/* Functions named in onnx_map.def. */
hn_onnx_convert_fn hn_onnx_axes_to_input, hn_onnx_clip_limits, hn_onnx_pad_inputs, hn_onnx_slice_inputs,
    hn_onnx_split_input, hn_onnx_split_evenly, hn_onnx_top_k_input, hn_onnx_dropout_ratio, hn_onnx_dropout_mask,
    hn_onnx_coerced_to_2d, hn_onnx_group_scale, hn_onnx_batch_norm_7, hn_onnx_batch_norm_9, hn_onnx_upsample_7,
    hn_onnx_upsample_9, hn_onnx_resize_10, hn_onnx_resize_11, hn_onnx_resize_inputs, hn_onnx_scan_8,
    hn_onnx_branches_in_order, hn_onnx_sequence_map;
/* Operators written out in others (onnx_convert_function.c). */
hn_onnx_convert_fn hn_onnx_mean_variance, hn_onnx_swiglu, hn_onnx_cross_entropy, hn_onnx_dft_axis, hn_onnx_random_seed,
    hn_onnx_dropout_seed, hn_onnx_flex_attention, hn_onnx_label_encoder_1;
/* Differentiates the nodes before (onnx_convert_gradient.c). */
hn_onnx_convert_fn hn_onnx_gradient;
/* Of before opset 7 (onnx_convert_early.c). */
hn_onnx_convert_fn hn_onnx_aligned_at_axis, hn_onnx_slope_per_channel, hn_onnx_gemm_1, hn_onnx_dropout_1,
    hn_onnx_batch_norm_1, hn_onnx_cast_1, hn_onnx_concat_1, hn_onnx_pad_1, hn_onnx_reshape_1, hn_onnx_split_1,
    hn_onnx_tile_1, hn_onnx_upsample_1, hn_onnx_lp_pool_1, hn_onnx_selu_1;

/* Of operators that sample images (onnx_convert_vision.c). */
hn_onnx_convert_fn hn_onnx_grid_sample_16, hn_onnx_roi_align_10;

/* Of com.microsoft, most of them expansions (onnx_convert_fused.c, _attention.c, _cache.c, _position.c,
 * _qlinear.c, _weights.c). */
hn_onnx_convert_fn hn_onnx_fused_matmul, hn_onnx_fused_gemm, hn_onnx_fused_conv, hn_onnx_bias_gelu, hn_onnx_fast_gelu,
    hn_onnx_quick_gelu, hn_onnx_bias_split_gelu, hn_onnx_bias_add, hn_onnx_skip_layer_norm, hn_onnx_skip_rms_norm,
    hn_onnx_simplified_layer_norm, hn_onnx_ms_group_norm, hn_onnx_skip_group_norm, hn_onnx_ms_attention,
    hn_onnx_ms_multi_head_attention, hn_onnx_embed_layer_norm, hn_onnx_qlinear_add, hn_onnx_qlinear_mul,
    hn_onnx_qlinear_sigmoid, hn_onnx_qlinear_leaky_relu, hn_onnx_qlinear_softmax, hn_onnx_qlinear_reduce_mean,
    hn_onnx_qlinear_where, hn_onnx_qlinear_concat, hn_onnx_qlinear_average_pool, hn_onnx_qlinear_global_average_pool,
    hn_onnx_ms_qlinear_conv, hn_onnx_matmul_integer_to_float, hn_onnx_dynamic_quantize_matmul, hn_onnx_qgemm,
    hn_onnx_qattention, hn_onnx_qembed_layer_norm, hn_onnx_nhwc_max_pool, hn_onnx_matmul_nbits,
    hn_onnx_ms_rotary_embedding, hn_onnx_decoder_attention, hn_onnx_nhwc_conv, hn_onnx_nhwc_fused_conv,
    hn_onnx_group_query_attention, hn_onnx_relative_position_bias, hn_onnx_gated_relative_position_bias,
    hn_onnx_longformer_attention, hn_onnx_gather_block_quantized;

/* ---- what conversions of several files share (onnx_convert.c) ---- */

/* Input `i` becomes the INTS attribute `name` as a constant; nothing happens when it is absent. */
HONE_MUST_USE hone_status hn_onnx_ints_to_input(hn_onnx_node *node, const char *name, size_t i);
/* Forms that keep operands in attributes have one data input; more would be overwritten. */
HONE_MUST_USE hone_status hn_onnx_one_input(const hn_onnx_node *node);
/* Emits Dropout; its mask gets the type of the data. */
HONE_MUST_USE hone_status hn_onnx_dropout_typed_mask(hn_onnx_node *node);

/* The seed of a node that has none. */
uint64_t hn_onnx_stream_of(const char *name);

/* ---- building blocks (onnx_call.c) ---- */

/* Removes the attribute and gives it, or NULL. */
const hn_attr *hn_onnx_take_attr(hn_onnx_node *node, const char *name);
const hn_attr *hn_onnx_get_attr(const hn_onnx_node *node, const char *name);
/* Replaces or adds. */
HONE_MUST_USE hone_status hn_onnx_set_attr(hn_onnx_node *node, hn_attr attr);
hn_attr hn_onnx_text_attr(const char *name, const char *text);
/* Input i, NULL when absent. */
hn_value *hn_onnx_in(const hn_onnx_node *node, size_t i);
HONE_MUST_USE hone_status hn_onnx_set_in(hn_onnx_node *node, size_t i, hn_value *value);
/* Constants named <node>_<suffix>. */
HONE_MUST_USE hone_status hn_onnx_ints(hn_onnx_node *node, const char *suffix, const int64_t *value, int n,
                                       hn_value **out);
HONE_MUST_USE hone_status hn_onnx_floats(hn_onnx_node *node, const char *suffix, const float *value, int n,
                                         hn_value **out);
/* A scalar of the element type of `like`. */
HONE_MUST_USE hone_status hn_onnx_scalar_like(hn_onnx_node *node, const char *suffix, hn_value *like, float value,
                                              hn_value **out);
/* Emits a node <node>_<suffix> with one output before the one being imported. `attrs` may be NULL. */
HONE_MUST_USE hone_status hn_onnx_emit(hn_onnx_node *node, const char *suffix, hn_op_id op, const hn_attr *attrs,
                                       uint32_t n_attrs, int n_in, hn_value *const *in, hn_value **out);
/* A copy of a list of attributes in the order that the IR wants. */
HONE_MUST_USE hone_status hn_onnx_sorted_attrs(hn_onnx_node *node, const hn_attr *at, size_t n, hn_attrs *out);
/* The same with n_out outputs. */
HONE_MUST_USE hone_status hn_onnx_emit_many(hn_onnx_node *node, const char *suffix, hn_op_id op, const hn_attr *attrs,
                                            uint32_t n_attrs, int n_in, hn_value *const *in, int n_out, hn_value **out);
/* Emits the node itself as it stands now: node->result gets its outputs. */
HONE_MUST_USE hone_status hn_onnx_emit_self(hn_onnx_node *node);
/* Finds out types and shapes of all values made so far, for conversions that ask for them. Faults are reported by the
 * inference of the whole model. */
HONE_MUST_USE hone_status hn_onnx_infer_now(const hn_onnx_node *node);
/* Rank of a value, -1 while unknown. */
int hn_onnx_rank(const hn_value *value);

#endif
