/* Inference and reference of one node, over constants. */
#include "passes/evaluate.h"

#include "ops/block.h"

static bool inputs_are_constant(const hn_node *node) {
    for (int i = 0; i < node->n_in; i++)
        if (node->in[i] && !hn_ir_is_constant(node->in[i])) return false;
    return true;
}

static bool outputs_are_known(const hn_evaluation *e) {
    const hn_node *node = e->node;
    for (int i = 0; i < node->n_out; i++) {
        if (!node->out[i]) continue;
        const hn_type *type = e->out[i].type;
        if (!type || type->kind != HN_KIND_TENSOR) return false;
        if (!(node->op->facts & HN_DATA_SHAPE) && !hn_shape_is_static(&e->out[i].shape)) return false;
    }
    return true;
}

hone_status hn_evaluate_begin(hn_evaluation *e, const hn_node *node, hn_arena *scratch, bool *ok) {
    *ok = false;
    if (!node->op->ref || !node->op->infer || !inputs_are_constant(node)) return HONE_OK;
    *e = (hn_evaluation){.node = node, .scratch = scratch};
    e->in = HN_NEW_ARRAY(scratch, hn_info, node->n_in);
    e->out = HN_NEW_ARRAY(scratch, hn_info, node->n_out);
    if (!e->in || !e->out) return HONE_OUT_OF_MEMORY;
    for (int i = 0; i < node->n_in; i++) {
        e->in[i].shape = hn_shape_unknown();
        if (node->in[i]) e->in[i] = node->in[i]->info;
        e->in[i].element = NULL;
    }
    for (int i = 0; i < node->n_out; i++) e->out[i].shape = hn_shape_unknown();
    hn_infer infer = {
        .op = node->op, .attrs = node->attrs, .n_in = node->n_in, .n_out = node->n_out, .in = e->in, .out = e->out};
    const hone_status status = hn_infer_run(&infer);
    if (status == HONE_OUT_OF_MEMORY) return status;
    *ok = status == HONE_OK && outputs_are_known(e);
    return HONE_OK;
}

static bool describe(const hn_info *info, hn_tensor *out) {
    int64_t dim[HONE_MAX_RANK];
    *out = (hn_tensor){.dtype = info->type->dtype};
    if (!hn_shape_constant(&info->shape, dim)) return false;
    hn_tensor_set_shape(out, info->shape.rank, dim);
    return true;
}

size_t hn_evaluate_bytes(const hn_evaluation *e) {
    size_t total = 0;
    for (int i = 0; i < e->node->n_out; i++) {
        hn_tensor t;
        if (!e->node->out[i] || !describe(&e->out[i], &t)) continue;
        if (__builtin_add_overflow(total, hn_tensor_bytes(&t), &total)) return SIZE_MAX;
    }
    return total;
}

static hone_status resize(hn_call *call, int out, int rank, const int64_t *dim) {
    hn_tensor *t = call->out[out];
    hn_tensor_set_shape(t, rank, dim);
    const size_t bytes = hn_tensor_bytes(t);
    t->data = bytes == SIZE_MAX ? NULL : hn_arena_alloc_aligned(call->owner, bytes, 64);
    return t->data ? HONE_OK : HONE_OUT_OF_MEMORY;
}

static hone_status prepare_outputs(const hn_evaluation *e, hn_call *call, hn_tensor *out, hn_tensor **at) {
    const bool grows = e->node->op->facts & HN_DATA_SHAPE;
    for (int i = 0; i < e->node->n_out; i++) {
        out[i] = (hn_tensor){0};
        if (!e->node->out[i]) continue;
        at[i] = &out[i];
        const bool known = describe(&e->out[i], &out[i]);
        if (!grows && known) HN_TRY(resize(call, i, out[i].rank, out[i].dim));
        if (grows) out[i].rank = e->out[i].shape.rank;
    }
    return HONE_OK;
}

hone_status hn_evaluate_run(const hn_evaluation *e, hn_arena *arena, hn_tensor *out, bool *ok) {
    const hn_node *node = e->node;
    const hn_tensor **in = HN_NEW_ARRAY(e->scratch, const hn_tensor *, node->n_in);
    hn_tensor **at = HN_NEW_ARRAY(e->scratch, hn_tensor *, node->n_out);
    if (!in || !at) return HONE_OUT_OF_MEMORY;
    for (int i = 0; i < node->n_in; i++) in[i] = node->in[i] ? node->in[i]->info.data : NULL;
    hn_call call = {.op = node->op,
                    .attrs = node->attrs,
                    .n_in = node->n_in,
                    .n_out = node->n_out,
                    .in = in,
                    .out = at,
                    .resize = resize,
                    .owner = arena,
                    .lasting = arena};
    hn_arena scratch;
    hn_arena_init(&scratch, arena->allocator);
    call.scratch = &scratch;
    hone_status status = prepare_outputs(e, &call, out, at);
    if (status == HONE_OK) status = node->op->ref(&call);
    hn_arena_free(&scratch);
    *ok = status == HONE_OK;
    for (int i = 0; i < node->n_out; i++)
        if (at[i] && !out[i].data) *ok = false;
    return status == HONE_OUT_OF_MEMORY ? status : HONE_OK;
}

hone_status hn_evaluate_fill(hn_tensor *t, const hn_dim *dim, hn_arena *arena) {
    const int64_t n = hn_tensor_count(t);
    t->data = hn_arena_alloc_aligned(arena, hn_tensor_bytes(t), 64);
    HN_TRY_ALLOC(t->data);
    for (int64_t i = 0; i < n; i++) hn_block_store_i64(t, i, &dim[i].value, 1);
    return HONE_OK;
}
