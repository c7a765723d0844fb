/* Shape inference on tensors that exist: the operators' own rules, with every dim a constant and nothing allocated. */
#include <string.h>
#include "abi/object.h"
#include "runtime/context.h"

static void describe(const hn_op *op, int i, const hn_tensor *t, hn_info *info) {
    memset(info, 0, sizeof *info);
    info->shape.rank = -1;
    if (!t) return;
    const bool object = t->dtype == HN_DTYPE_OBJECT;
    info->type = object ? (t->data ? hn_object_in(t)->type : NULL) : hn_type_tensor(t->dtype);
    info->shape.rank = t->rank;
    for (int k = 0; k < t->rank; k++) info->shape.dim[k] = hn_dim_const(t->dim[k]);
    if (i < 32 && (op->host >> i & 1) && (t->data || hn_tensor_count(t) == 0)) info->data = t;
}

hone_status hn_context_infer(hone_context *c, const hn_op *op, hn_attrs attrs, int n_in, const hn_tensor *const *in,
                             int n_out, hn_tensor *out) {
    for (int i = 0; i < n_in; i++) describe(op, i, in[i], &c->info_in[i]);
    for (int i = 0; i < n_out; i++) c->info_out[i] = (hn_info){.shape = {.rank = -1}};
    hn_infer infer = {op, attrs, n_in, n_out, c->info_in, c->info_out, NULL, &c->diag};
    HN_TRY(hn_infer_run(&infer));
    for (int i = 0; i < n_out; i++) {
        const hn_info *info = &c->info_out[i];
        int64_t dim[HONE_MAX_RANK];
        out[i].dtype = HONE_NO_DTYPE;
        out[i].rank = -1;
        if (!info->type || info->type->kind == HN_KIND_NONE) continue;
        if (info->type->kind != HN_KIND_TENSOR) {
            out[i].dtype = HN_DTYPE_OBJECT;
            hn_tensor_set_shape(&out[i], 0, NULL);
            continue;
        }
        out[i].dtype = info->type->dtype;
        if (info->shape.rank < 0 || !hn_shape_constant(&info->shape, dim)) out[i].rank = -1;
        else hn_tensor_set_shape(&out[i], info->shape.rank, dim);
    }
    return HONE_OK;
}
