/* The passes of a model that goes back into a file. What only helps kernels is left out; composite operators are
 * made on request and where the opset has them. Names obey the rule of pipeline.c. */
#include "passes/pipeline.h"

#define INFERRED HN_FACT_INFERRED
#define ORDERED  HN_FACT_ORDERED

static const hn_pass shrinking[] = {
    {"fold_control", INFERRED, ORDERED, hn_pass_fold_control},
    {"fold_constants", ORDERED, ORDERED, hn_pass_fold_constants},
    {"fold_shapes", INFERRED, ORDERED, hn_pass_fold_shapes},
    {"dead_code", ORDERED, INFERRED | ORDERED, hn_pass_dead_code},
    {"identity_removal", INFERRED, INFERRED | ORDERED, hn_pass_identity_removal},
    {"reshape_chains", INFERRED, INFERRED | ORDERED, hn_pass_reshape_chains},
    {"transpose_chains", INFERRED, INFERRED | ORDERED, hn_pass_transpose_chains},
    {"default_states", INFERRED, INFERRED | ORDERED, hn_pass_default_states},
    {"shape_sources", INFERRED, INFERRED | ORDERED, hn_pass_shape_sources},
    {"cse", ORDERED, INFERRED | ORDERED, hn_pass_cse},
    {"pad_fold", INFERRED, INFERRED | ORDERED, hn_pass_pad_fold},
    {"bn_fold", INFERRED, INFERRED | ORDERED, hn_pass_bn_fold},
    {"affine_fold", INFERRED, INFERRED | ORDERED, hn_pass_affine_fold},
    {"activation_fuse", INFERRED, INFERRED | ORDERED, hn_pass_activation_fuse},
    {"gelu_fuse", INFERRED, INFERRED | ORDERED, hn_pass_gelu_fuse},
    {"layernorm_fuse", INFERRED, INFERRED | ORDERED, hn_pass_layernorm_fuse},
    {"attention_fuse", INFERRED, INFERRED | ORDERED, hn_pass_attention_fuse},
};

const hn_pipeline hn_pipeline_simplify = {shrinking, NULL, (int)(sizeof shrinking / sizeof *shrinking), 0};
