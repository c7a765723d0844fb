/* Every pass, in order. A new pass is a file with one function of type hn_pass_fn and one row here.
 *
 * Names. Messages, calibration tables and layer-by-layer comparisons speak of values by the names that they have in the
 * source file, so every pass obeys one rule: the value that leaves a rewrite keeps the name and the origin of the value
 * that it replaces. Values that a rewrite needs on its way get new names and no origin. A node that computes an old
 * value in a new way keeps its node name and origin; a group has those of its anchor. Inputs and outputs of the model
 * never change their names or their order. */
#include "passes/pipeline.h"

#define INFERRED HN_FACT_INFERRED
#define ORDERED  HN_FACT_ORDERED

/* Passes that find out more about values than was known before do not keep INFERRED: what depends on them may become
 * known, too. */
static const hn_pass cleaning[] = {
    {"fold_control", INFERRED, ORDERED, hn_pass_fold_control},
    {"fold_constants", ORDERED, ORDERED, hn_pass_fold_constants},
    {"fold_shapes", INFERRED, ORDERED, hn_pass_fold_shapes},
    {"dead_code", ORDERED, INFERRED | ORDERED, hn_pass_dead_code},
    {"identity_removal", INFERRED, INFERRED | ORDERED, hn_pass_identity_removal},
    {"arithmetic", INFERRED, INFERRED | ORDERED, hn_pass_arithmetic},
    {"reshape_chains", INFERRED, INFERRED | ORDERED, hn_pass_reshape_chains},
    {"transpose_chains", INFERRED, INFERRED | ORDERED, hn_pass_transpose_chains},
    {"sink_views", INFERRED, INFERRED | ORDERED, hn_pass_sink_views},
    {"cse", ORDERED, INFERRED | ORDERED, hn_pass_cse},
    {"split_pieces", INFERRED, INFERRED | ORDERED, hn_pass_split_pieces},
    {"pad_fold", INFERRED, INFERRED | ORDERED, hn_pass_pad_fold},
    {"bn_fold", INFERRED, INFERRED | ORDERED, hn_pass_bn_fold},
    {"affine_fold", INFERRED, INFERRED | ORDERED, hn_pass_affine_fold},
    {"activation_fuse", INFERRED, INFERRED | ORDERED, hn_pass_activation_fuse},
    {"gelu_fuse", INFERRED, INFERRED | ORDERED, hn_pass_gelu_fuse},
    {"layernorm_fuse", INFERRED, INFERRED | ORDERED, hn_pass_layernorm_fuse},
    {"matmul_scale", INFERRED, INFERRED | ORDERED, hn_pass_matmul_scale},
};

static const hn_pass grouping[] = {
    {"group", INFERRED, INFERRED | ORDERED, hn_pass_group},
    {"group_elementwise", INFERRED, INFERRED | ORDERED, hn_pass_group_elementwise},
};

#define COUNT(table) (int)(sizeof(table) / sizeof *(table))
const hn_pipeline hn_pipeline_build = {cleaning, grouping, COUNT(cleaning), COUNT(grouping)};
