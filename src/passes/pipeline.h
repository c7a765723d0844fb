/* The ordered tables of passes and the function behind each. */
#ifndef HN_PASSES_PIPELINE_H
#define HN_PASSES_PIPELINE_H

#include "passes/passes.h"

typedef hone_status hn_pass_fn(hn_model *model, bool *changed, hn_diag *diag);
hn_pass_fn hn_pass_fold_control, hn_pass_fold_constants, hn_pass_fold_shapes, hn_pass_dead_code,
    hn_pass_identity_removal, hn_pass_arithmetic, hn_pass_reshape_chains, hn_pass_transpose_chains, hn_pass_sink_views,
    hn_pass_cse, hn_pass_split_pieces, hn_pass_pad_fold, hn_pass_bn_fold, hn_pass_affine_fold, hn_pass_activation_fuse,
    hn_pass_gelu_fuse, hn_pass_layernorm_fuse, hn_pass_matmul_scale, hn_pass_group, hn_pass_group_elementwise,
    hn_pass_default_states, hn_pass_shape_sources, hn_pass_attention_fuse;

#endif
