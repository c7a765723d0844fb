/* The last stage: walks the chosen program and writes it down as plan records, bodies before the block that uses them.
 */
#include <stdio.h>
#include <string.h>
#include "builder/records.h"

typedef struct emitter {
    hn_records r;
    hn_build *build;
    hn_query *query; /* scratch */
    hn_map copies;   /* value number -> its copy in the other memory space (+1) */
} emitter;

typedef struct block_state {
    emitter *e;
    hn_graph *graph;
    hn_pending_steps steps;
} block_state;

static hone_status emit_block(emitter *e, hn_graph *graph, uint32_t number);

/* ---- values ---- */

static bool is_main_output(const hn_value *value) {
    for (size_t i = 0; i < value->uses.n; i++)
        if (!value->uses.at[i].node && !value->uses.at[i].graph->owner) return true;
    return false;
}

static bool is_object(const hn_value *value) {
    const hn_type *type = value->info.type;
    return type && type->kind > HN_KIND_TENSOR;
}

static bool has_known_dims(const hn_value *value) {
    if (is_object(value)) return true; /* a scalar reference */
    if (value->info.shape.rank < 0) return false;
    for (int i = 0; i < value->info.shape.rank; i++)
        if (hn_dim_has_unknown(value->info.shape.dim[i])) return false;
    return true;
}

/* Elements are addresses: such values never lie in planned memory (plan/plan.h). */
static bool holds_references(const hn_value *value) {
    return is_object(value) || (value->info.type && value->info.type->dtype == HONE_STRING);
}

static hone_status check_storable(emitter *e, const hn_value *value) {
    const hn_type *type = value->info.type;
    if (!type || type->kind == HN_KIND_NONE)
        HN_FAIL(e->build->diag, HONE_UNSUPPORTED, "the type of value '%s' is not known", value->name);
    return HONE_OK;
}

/* {offset, length} pairs, then the texts. */
static hone_status fill_strings(void *user, const hn_plan_weight *item, void *to, hn_diag *diag) {
    (void)item, (void)diag;
    const hn_tensor *t = user;
    const hn_bytes *text = t->data;
    const int64_t n = hn_tensor_count(t);
    uint64_t *pair = to, at = 16 * (uint64_t)n;
    for (int64_t i = 0; i < n; i++) {
        pair[2 * i] = at, pair[2 * i + 1] = text[i].n;
        if (text[i].n) memcpy((char *)to + at, text[i].data, text[i].n);
        at += text[i].n;
    }
    return HONE_OK;
}

static size_t strings_bytes(const hn_tensor *t) {
    const hn_bytes *text = t->data;
    size_t bytes = 0;
    for (int64_t i = 0, n = hn_tensor_count(t); i < n; i++) bytes += 16 + text[i].n;
    return bytes;
}

static void store_constant(emitter *e, const hn_value *value, uint32_t number) {
    hn_plan_value *v = &e->r.value.at[number];
    const hn_tensor *t = value->info.data;
    const bool strings = t->dtype == HONE_STRING;
    const size_t bytes = strings ? strings_bytes(t) : hn_tensor_bytes(t);
    if (v->size || !bytes) return;
    v->size = bytes;
    hn_plan_weight item = {.size = bytes, .bytes = t->data};
    if (strings) item = (hn_plan_weight){.size = bytes, .fill = fill_strings, .user = (void *)(uintptr_t)t};
    v->offset = hn_records_weight(&e->r, item);
}

/* Number (+1) of an input of a node. `stored`: the bytes are wanted as they are. */
static hone_status use_value(emitter *e, hn_value *value, bool stored, uint32_t *out) {
    *out = 0;
    if (!value) return HONE_OK;
    if (!hn_records_known(value)) HN_TRY(check_storable(e, value));
    hn_source source = HN_SOURCE_PARAM;
    hn_storage storage = HN_STORAGE_HEAP;
    if (hn_ir_is_constant(value)) source = HN_SOURCE_CONST, storage = HN_STORAGE_WEIGHTS;
    else if (value->is_input && !value->graph->owner) source = HN_SOURCE_INPUT, storage = HN_STORAGE_CALLER;
    else if (!value->is_input && !hn_records_known(value))
        HN_FAIL(e->build->diag, HONE_INTERNAL, "value '%s' is used before a step makes it", value->name);
    const uint32_t number = hn_records_value(&e->r, value, source, storage);
    if (hn_ir_is_constant(value) && stored) store_constant(e, value, number);
    *out = number + 1;
    return HONE_OK;
}

static hone_status make_output(block_state *b, hn_value *value, hn_storage storage, uint32_t *out) {
    *out = 0;
    if (!value) return HONE_OK;
    HN_TRY(check_storable(b->e, value));
    *out = hn_records_value(&b->e->r, value, HN_SOURCE_STEP, storage) + 1;
    return HONE_OK;
}

static hn_storage output_storage(const block_state *b, const hn_value *value) {
    if (b->graph->owner) return HN_STORAGE_HEAP;
    if (is_main_output(value)) return HN_STORAGE_OUTPUT;
    return has_known_dims(value) && !holds_references(value) ? HN_STORAGE_PLANNED : HN_STORAGE_HEAP;
}

/* ---- steps ---- */

static const char *fused_text(emitter *e, const hn_node *node) {
    if (node->op->id != HN_OP_group) return node->op->name;
    hn_str text;
    hn_str_init(&text, e->r.arena);
    for (const hn_node *n = node->body[0]->first; n; n = n->next)
        hn_str_add(&text, "%s%s", n == node->body[0]->first ? "" : "+", n->op->name);
    return hn_str_text(&text);
}

static hn_plan_step new_step(emitter *e, const hn_node *node, hn_step_kind kind) {
    const hn_op *op = node->op->id == HN_OP_group ? node->body[0]->first->op : node->op;
    hn_plan_step s = {.kind = (uint8_t)kind,
                      .name = hn_records_string(&e->r, node->name),
                      .op = hn_records_string(&e->r, op->name),
                      .fused = hn_records_string(&e->r, fused_text(e, node))};
    return s;
}

static hone_status push_step(block_state *b, hn_plan_step step, uint64_t inplace) {
    const hn_pending_step p = {step, inplace};
    return hn_vec_push(b->e->r.arena, &b->steps, p) ? HONE_OK : HONE_OUT_OF_MEMORY;
}

static hone_status write_args(emitter *e, hn_plan_step *s, const uint32_t *in, uint32_t n_in, const uint32_t *out,
                              uint32_t n_out, const uint32_t *block, uint32_t n_block) {
    s->args = (uint32_t)e->r.arg.n;
    s->n_in = n_in, s->n_out = n_out, s->n_block = n_block;
    for (uint32_t i = 0; i < n_in; i++) (void)hn_records_arg(&e->r, in[i]);
    for (uint32_t i = 0; i < n_out; i++) (void)hn_records_arg(&e->r, out[i]);
    for (uint32_t i = 0; i < n_block; i++) (void)hn_records_arg(&e->r, block[i]);
    return e->r.failed ? HONE_OUT_OF_MEMORY : HONE_OK;
}

static hone_status encode_attrs(emitter *e, const hn_node *node, hn_plan_step *s) {
    hn_str bytes;
    hn_str_init(&bytes, e->r.arena);
    HN_TRY(hn_attrs_encode(node->attrs, &bytes, e->build->diag));
    if (bytes.failed) return HONE_OUT_OF_MEMORY;
    s->attrs = hn_records_blob(&e->r, bytes.data, bytes.n);
    s->attr_bytes = (uint32_t)bytes.n;
    return HONE_OK;
}

static bool is_sized(const emitter *e, const hn_plan_value *v) {
    if (v->rank == HN_PLAN_UNRANKED) return false;
    for (int i = 0; i < v->rank; i++)
        if (!e->r.expr.at[v->dim[i]].n) return false;
    return true;
}

/* A value in the memory of `space`: a copy step is put in front when it lies elsewhere. */
static hone_status bring(block_state *b, uint32_t *number, uint8_t space) {
    emitter *e = b->e;
    if (!*number || e->r.value.at[*number - 1].space == space || b->graph->owner) return HONE_OK;
    const hn_plan_value from = e->r.value.at[*number - 1];
    if (from.source == HN_SOURCE_CONST || from.source == HN_SOURCE_SHAPE) return HONE_OK; /* visible to every device */
    const void *known = hn_map_get(&e->copies, number, sizeof *number);
    if (known) {
        *number = (uint32_t)(uintptr_t)known;
        return HONE_OK;
    }
    hn_plan_value to = from;
    to.source = HN_SOURCE_STEP, to.space = space;
    const bool dims_known = is_sized(e, &from);
    to.storage = dims_known ? HN_STORAGE_PLANNED : HN_STORAGE_HEAP;
    if (!hn_vec_push(e->r.arena, &e->r.value, to)) return HONE_OUT_OF_MEMORY;
    const uint32_t copy = (uint32_t)e->r.value.n, source = *number;
    if (!hn_map_put(&e->copies, &source, sizeof source, (void *)(uintptr_t)copy)) return HONE_OUT_OF_MEMORY;
    hn_plan_step s = {.kind = HN_STEP_COPY, .device = space ? space : from.space, .name = from.name};
    s.op = s.fused = hn_records_string(&e->r, "Copy");
    s.flags = dims_known ? 0 : HN_STEP_INFERS;
    HN_TRY(write_args(e, &s, &source, 1, &copy, 1, NULL, 0));
    *number = copy;
    return push_step(b, s, 0);
}

static uint32_t *number_array(emitter *e, int n) { return HN_NEW_ARRAY(e->r.arena, uint32_t, n); }

static uint16_t infer_flag(const hn_node *node) {
    for (int i = 0; i < node->n_out; i++)
        if (node->out[i] && !has_known_dims(node->out[i])) return HN_STEP_INFERS;
    return 0;
}

/* Such a step runs with the same version of the plugin only. */
static void note_plugin(emitter *e, const hn_op *op, hn_plan_step *s) {
    const hn_plugin_op *own = op->plugin;
    const bool fast = own->own->tasks && !hn_config_int(e->build->config, "reference");
    const char *provider = hn_arena_format(e->r.arena, HN_PLAN_PLUGIN "%s", own->plugin->name);
    if (!provider) e->r.failed = true;
    s->provider = hn_records_string(&e->r, provider);
    s->kernel = hn_records_string(&e->r, fast ? own->own->name : "");
    s->kernel_version = own->plugin->version;
}

static hone_status emit_reference(block_state *b, hn_node *node) {
    emitter *e = b->e;
    const uint8_t device = hn_build_choice(node)->device;
    uint32_t *in = number_array(e, node->n_in), *out = number_array(e, node->n_out);
    if (!in || !out) return HONE_OUT_OF_MEMORY;
    for (int i = 0; i < node->n_in; i++) {
        HN_TRY(use_value(e, node->in[i], true, &in[i]));
        HN_TRY(bring(b, &in[i], device));
    }
    for (int i = 0; i < node->n_out; i++) {
        HN_TRY(make_output(b, node->out[i], node->out[i] ? output_storage(b, node->out[i]) : HN_STORAGE_HEAP, &out[i]));
        if (out[i])
            e->r.value.at[out[i] - 1].space = e->r.value.at[out[i] - 1].storage == HN_STORAGE_OUTPUT ? 0 : device;
    }
    hn_plan_step s = new_step(e, node, HN_STEP_REFERENCE);
    if (node->op->plugin) note_plugin(e, node->op, &s);
    s.device = device;
    s.flags = infer_flag(node);
    HN_TRY(encode_attrs(e, node, &s));
    HN_TRY(write_args(e, &s, in, (uint32_t)node->n_in, out, (uint32_t)node->n_out, NULL, 0));
    const uint32_t facts = HN_INPLACE | HN_ELEMENTWISE;
    return push_step(b, s, (node->op->facts & facts) == facts ? UINT64_MAX : 0);
}

/* Inputs that a non-elementwise operator of the query reads must survive until the whole output is written. */
static uint64_t kernel_inplace(const hn_kernel *kernel, const hn_query *q) {
    if (!kernel->inplace) return 0;
    uint64_t mask = 0;
    _Static_assert(HN_QUERY_VALS <= 64, "one bit for each value");
    for (int i = 0; i < q->n_in; i++)
        if (q->val[i].role == HN_ROLE_IN) mask |= (uint64_t)1 << i;
    for (int k = 0; k < q->n_op; k++) {
        if (hn_op_at(q->op[k].op)->facts & HN_ELEMENTWISE) continue;
        for (int i = 0; i < q->op[k].n_in; i++)
            if (q->op[k].in[i] >= 0) mask &= ~((uint64_t)1 << q->op[k].in[i]);
    }
    return mask;
}

typedef struct pack_job {
    const hn_kernel *kernel;
    hn_query *query;
    void *config;
    int val;
    const hn_tensor *from;
} pack_job;

static hone_status fill_packed(void *user, const hn_plan_weight *item, void *to, hn_diag *diag) {
    (void)item, (void)diag;
    const pack_job *job = user;
    job->kernel->pack(job->query, job->config, job->val, job->from, to);
    return HONE_OK;
}

static hone_status pack_constant(emitter *e, const hn_kernel *kernel, hn_query *query, void *config, int val,
                                 const hn_tensor *from, size_t size, hn_plan_step *s) {
    pack_job *job = HN_NEW(e->r.arena, pack_job);
    HN_TRY_ALLOC(job);
    *job = (pack_job){kernel, query, config, val, from};
    hn_plan_packed p = {.val = (uint32_t)val, .size = size};
    p.offset = hn_records_weight(&e->r, (hn_plan_weight){.size = size, .fill = fill_packed, .user = job});
    if (!s->n_packed++) s->packed = (uint32_t)e->r.packed.n;
    return hn_vec_push(e->r.arena, &e->r.packed, p) ? HONE_OK : HONE_OUT_OF_MEMORY;
}

/* The node's value that query value `val` stands for; inputs come in the order of the node, each once. */
static hn_value *query_input(const hn_node *node, int val) {
    if (node->op->id == HN_OP_group) return node->in[val];
    for (int i = 0; i < node->n_in; i++) {
        bool seen = !node->in[i];
        for (int k = 0; k < i; k++) seen = seen || node->in[k] == node->in[i];
        if (!seen && val-- == 0) return node->in[i];
    }
    return NULL;
}

static hone_status kernel_inputs(block_state *b, const hn_node *node, hn_query *query, void *config, uint32_t *in,
                                 hn_plan_step *s) {
    emitter *e = b->e;
    const hn_kernel *kernel = hn_build_choice(node)->kernel;
    for (int i = 0; i < query->n_in; i++) {
        hn_value *v = query_input(node, i);
        const bool constant = query->val[i].role == HN_ROLE_CONST;
        const size_t packed = constant && kernel->packed_size ? kernel->packed_size(query, config, i) : 0;
        HN_TRY(use_value(e, v, !packed, &in[i]));
        HN_TRY(bring(b, &in[i], 0));
        if (packed) HN_TRY(pack_constant(e, kernel, query, config, i, v->info.data, packed, s));
    }
    return HONE_OK;
}

static hone_status encode_query(emitter *e, const hn_query *query, hn_plan_step *s) {
    hn_str bytes;
    hn_str_init(&bytes, e->r.arena);
    HN_TRY(hn_plan_query_encode(query, &bytes, e->build->diag));
    if (bytes.failed) return HONE_OUT_OF_MEMORY;
    s->query = hn_records_blob(&e->r, bytes.data, bytes.n);
    s->query_bytes = (uint32_t)bytes.n;
    return HONE_OK;
}

static hone_status emit_kernel(block_state *b, hn_node *node) {
    emitter *e = b->e;
    const hn_kernel *kernel = hn_build_choice(node)->kernel;
    const bool flat = hn_build_chosen_query(e->build, node, e->query);
    if (e->build->model->failed) return HONE_OUT_OF_MEMORY;
    if (!flat) HN_FAIL(e->build->diag, HONE_INTERNAL, "node '%s' lost its flat form after selection", node->name);
    hn_query *query = hn_arena_copy(e->r.arena, e->query, HN_QUERY_SIZE(e->query->n_val));
    void *config = hn_arena_alloc(e->r.arena, HN_CONFIG_BYTES);
    uint32_t *in = number_array(e, query ? query->n_in : 0), *out = number_array(e, node->n_out);
    if (!query || !config || !in || !out) return HONE_OUT_OF_MEMORY;
    if (kernel->prepare) HN_TRY(kernel->prepare(query, config, e->build->diag));
    hn_plan_step s = new_step(e, node, HN_STEP_KERNEL);
    HN_TRY(kernel_inputs(b, node, query, config, in, &s));
    uint32_t n_out = 0;
    for (int i = 0; i < node->n_out; i++)
        if (node->out[i]) HN_TRY(make_output(b, node->out[i], output_storage(b, node->out[i]), &out[n_out++]));
    s.kernel = hn_records_string(&e->r, kernel->name);
    s.provider = hn_records_string(&e->r, "cpu");
    s.kernel_version = kernel->version;
    s.config = hn_records_blob(&e->r, config, HN_CONFIG_BYTES);
    s.config_bytes = HN_CONFIG_BYTES;
    HN_TRY(encode_query(e, query, &s));
    HN_TRY(write_args(e, &s, in, query->n_in, out, n_out, NULL, 0));
    return push_step(b, s, kernel_inplace(kernel, query));
}

/* ---- views, shapes, control flow ---- */

/* A reorder that moves nothing: one channel, or one point in space. */
static bool is_trivial_reorder(const hn_node *node) {
    if (node->op->id != HN_OP_reorder) return false;
    const hn_shape *s = &node->in[0]->info.shape;
    bool one_point = true;
    for (int i = 2; i < s->rank; i++) one_point = one_point && hn_dim_is(s->dim[i], 1);
    return one_point || hn_dim_is(s->dim[1], 1);
}

static bool is_view(const block_state *b, const hn_node *node) {
    if (hn_build_choice(node)->device) return false;
    if (!(node->op->facts & HN_VIEW) && !is_trivial_reorder(node)) return false;
    return b->graph->owner || !is_main_output(node->out[0]);
}

static hone_status emit_view(block_state *b, hn_node *node) {
    emitter *e = b->e;
    uint32_t in[HN_QUERY_ARGS], out;
    for (int i = 0; i < node->n_in; i++) HN_TRY(use_value(e, node->in[i], true, &in[i]));
    HN_TRY(bring(b, &in[0], 0));
    const hn_plan_value *root = &e->r.value.at[hn_records_root(&e->r, in[0] - 1)];
    const bool fixed =
        has_known_dims(node->out[0]) && !holds_references(node->out[0]) && root->storage != HN_STORAGE_HEAP;
    HN_TRY(make_output(b, node->out[0], HN_STORAGE_ALIAS, &out));
    e->r.value.at[out - 1].alias = in[0] - 1;
    if (fixed) return e->r.failed ? HONE_OUT_OF_MEMORY : HONE_OK;
    hn_plan_step s = new_step(e, node, HN_STEP_VIEW);
    s.flags = infer_flag(node);
    HN_TRY(encode_attrs(e, node, &s));
    HN_TRY(write_args(e, &s, in, (uint32_t)node->n_in, &out, 1, NULL, 0));
    return push_step(b, s, 0);
}

static hone_status emit_shape(block_state *b, hn_node *node) {
    emitter *e = b->e;
    const hn_attr *dims = hn_attrs_find(node->attrs, "dims");
    if (!dims || dims->kind != HN_ATTR_DIMS)
        HN_FAIL(e->build->diag, HONE_INTERNAL, "node '%s' has no dims", node->name);
    HN_TRY(check_storable(e, node->out[0]));
    const uint32_t number = hn_records_value(&e->r, node->out[0], HN_SOURCE_SHAPE, HN_STORAGE_CONTEXT);
    uint32_t first = 0;
    for (uint32_t i = 0; i < dims->n; i++) {
        const uint32_t at = hn_records_arg(&e->r, hn_records_expr(&e->r, dims->dims[i]));
        if (i == 0) first = at;
    }
    e->r.value.at[number].offset = first;
    e->r.value.at[number].n_elements = dims->n;
    return e->r.failed ? HONE_OUT_OF_MEMORY : HONE_OK;
}

static hone_status emit_control(block_state *b, hn_node *node) {
    emitter *e = b->e;
    uint32_t *in = number_array(e, node->n_in), *out = number_array(e, node->n_out),
             *block = number_array(e, node->n_body);
    if (!in || !out || !block) return HONE_OUT_OF_MEMORY;
    for (int i = 0; i < node->n_in; i++) {
        HN_TRY(use_value(e, node->in[i], true, &in[i]));
        HN_TRY(bring(b, &in[i], 0));
    }
    for (int i = 0; i < node->n_body; i++) {
        const hn_plan_block empty = {0};
        block[i] = (uint32_t)e->r.block.n;
        if (!hn_vec_push(e->r.arena, &e->r.block, empty)) return HONE_OUT_OF_MEMORY;
        HN_TRY(emit_block(e, node->body[i], block[i]));
    }
    for (int i = 0; i < node->n_out; i++) {
        hn_value *v = node->out[i];
        HN_TRY(make_output(b, v, v && !b->graph->owner && is_main_output(v) ? HN_STORAGE_OUTPUT : HN_STORAGE_HEAP,
                           &out[i]));
    }
    const hn_step_kind kind = node->op->id == HN_OP_if_    ? HN_STEP_IF
                              : node->op->id == HN_OP_loop ? HN_STEP_LOOP
                                                           : HN_STEP_SCAN;
    hn_plan_step s = new_step(e, node, kind);
    s.flags = HN_STEP_INFERS;
    HN_TRY(encode_attrs(e, node, &s));
    HN_TRY(write_args(e, &s, in, (uint32_t)node->n_in, out, (uint32_t)node->n_out, block, (uint32_t)node->n_body));
    return push_step(b, s, 0);
}

static hone_status emit_node(block_state *b, hn_node *node) {
    if (node->op->id == HN_OP_shape_value) return emit_shape(b, node);
    if (node->op->facts & HN_CONTROL) return emit_control(b, node);
    if (is_view(b, node)) return emit_view(b, node);
    if (hn_build_choice(node)->kernel) return emit_kernel(b, node);
    if (node->op->id == HN_OP_group) HN_FAIL(b->e->build->diag, HONE_INTERNAL, "group '%s' has no kernel", node->name);
    return emit_reference(b, node);
}

static hone_status finish_block(block_state *b, uint32_t number) {
    emitter *e = b->e;
    hn_plan_block *block = &e->r.block.at[number];
    block->first_step = (uint32_t)e->r.step.n;
    block->n_steps = (uint32_t)b->steps.n;
    for (size_t i = 0; i < b->steps.n; i++)
        if (!hn_vec_push(e->r.arena, &e->r.step, b->steps.at[i])) return HONE_OUT_OF_MEMORY;
    return HONE_OK;
}

static hone_status emit_block(emitter *e, hn_graph *graph, uint32_t number) {
    block_state b = {.e = e, .graph = graph};
    uint32_t *port = number_array(e, (int)(graph->inputs.n + graph->outputs.n));
    HN_TRY_ALLOC(port);
    uint32_t n = 0;
    for (size_t i = 0; i < graph->inputs.n; i++) HN_TRY(use_value(e, graph->inputs.at[i], true, &port[n++]));
    for (hn_node *node = graph->first; node; node = node->next) HN_TRY(emit_node(&b, node));
    for (size_t i = 0; i < graph->outputs.n; i++) HN_TRY(use_value(e, graph->outputs.at[i], true, &port[n++]));
    HN_TRY(finish_block(&b, number));
    hn_plan_block *block = &e->r.block.at[number];
    block->args = (uint32_t)e->r.arg.n;
    block->n_params = (uint32_t)graph->inputs.n;
    block->n_results = (uint32_t)graph->outputs.n;
    for (uint32_t i = 0; i < n; i++) (void)hn_records_arg(&e->r, port[i]);
    return e->r.failed ? HONE_OUT_OF_MEMORY : HONE_OK;
}

/* ---- the whole plan ---- */

/* Every output of the model gets memory of its own: inputs, constants, shapes and repeated outputs pass through an
 * Identity. */
static hone_status own_outputs(hn_build *build) {
    hn_graph *main = build->model->main;
    for (size_t i = 0; i < main->outputs.n; i++) {
        hn_value *v = main->outputs.at[i];
        bool plain = v->producer && v->graph == main && v->producer->op->id != HN_OP_shape_value;
        for (size_t k = 0; k < i; k++) plain = plain && main->outputs.at[k] != v;
        if (plain) continue;
        hn_node *node = hn_ir_node(main, NULL, hn_op_at(HN_OP_identity), v->name, (hn_attrs){0}, 1, &v, 1);
        hn_choice *choice = HN_NEW(&build->arena, hn_choice);
        if (!node || !choice) return HONE_OUT_OF_MEMORY;
        node->mark = choice;
        node->out[0]->info = v->info;
        hn_ir_set_output(main, (int)i, node->out[0]);
        /* The port keeps its name; an input that is passed through keeps the same one. */
        const char *name = v->name;
        if (!v->is_input) v->name = node->out[0]->name;
        node->out[0]->name = name;
    }
    return build->model->failed ? HONE_OUT_OF_MEMORY : HONE_OK;
}

static void forget_marks(hn_graph *graph) {
    for (size_t i = 0; i < graph->inputs.n; i++) graph->inputs.at[i]->mark = NULL;
    for (size_t i = 0; i < graph->outputs.n; i++) graph->outputs.at[i]->mark = NULL;
    for (hn_node *n = graph->first; n; n = n->next) {
        for (int i = 0; i < n->n_in; i++)
            if (n->in[i]) n->in[i]->mark = NULL;
        for (int i = 0; i < n->n_out; i++)
            if (n->out[i]) n->out[i]->mark = NULL;
        for (int i = 0; i < n->n_body; i++) forget_marks(n->body[i]);
    }
}

static uint32_t *emit_symbols(emitter *e) {
    const hn_expr_pool *pool = e->build->model->exprs;
    uint32_t *symbol = number_array(e, e->build->n_symbol);
    for (int i = 0; symbol && i < e->build->n_symbol; i++)
        symbol[i] = hn_records_string(&e->r, hn_expr_symbol_name(pool, i));
    return symbol;
}

static uint8_t *emit_profiles(emitter *e, uint64_t *bytes) {
    const hn_build *build = e->build;
    const size_t ranges = (size_t)build->n_symbol * sizeof(hn_plan_range), each = sizeof(hn_plan_profile) + ranges;
    uint8_t *at = hn_arena_alloc(e->r.arena, each * (size_t)build->n_profile);
    *bytes = each * (size_t)build->n_profile;
    for (int p = 0; at && p < build->n_profile; p++) {
        char name[16];
        snprintf(name, sizeof name, "%d", p);
        const hn_plan_profile head = {hn_records_string(&e->r, name), build->bounded[p]};
        memcpy(at + (size_t)p * each, &head, sizeof head);
        if (ranges)
            memcpy(at + (size_t)p * each + sizeof head, build->range + (size_t)p * (size_t)build->n_symbol, ranges);
    }
    return at;
}

static hn_plan_meta *emit_meta(emitter *e, uint32_t *n) {
    const hn_meta_pair *pair;
    int count;
    if (hn_build_meta(e->build, &pair, &count) != HONE_OK) return NULL;
    hn_plan_meta *meta = HN_NEW_ARRAY(e->r.arena, hn_plan_meta, count);
    for (int i = 0; meta && i < count; i++)
        meta[i] = (hn_plan_meta){hn_records_string(&e->r, pair[i].key), hn_records_string(&e->r, pair[i].value)};
    *n = (uint32_t)count;
    return meta;
}

static hone_status check_memory_limit(emitter *e, const hn_plan *plan) {
    const int64_t limit = hn_config_int(e->build->config, "memory-limit");
    bool bounded = true;
    for (int p = 0; p < e->build->n_profile; p++) bounded = bounded && e->build->bounded[p];
    if (!limit || !bounded) return HONE_OK;
    uint64_t *offset = HN_NEW_ARRAY(e->r.arena, uint64_t, plan->n_value), total, live;
    HN_TRY_ALLOC(offset);
    HN_TRY(hn_plan_memory(plan, e->build->high, 0, e->r.arena, offset, &total, &live, e->build->diag));
    if (total <= (uint64_t)limit) return HONE_OK;
    HN_FAIL(e->build->diag, HONE_UNSUPPORTED,
            "the largest shapes need %llu bytes of arena, the memory limit is %lld; %llu bytes are live at once, so no "
            "order of "
            "buffers can do with less than that",
            (unsigned long long)total, (long long)limit, (unsigned long long)live);
}

static hone_status write_plan(emitter *e, const char *path) {
    hn_plan plan = {0};
    hn_plan_step *step = HN_NEW_ARRAY(e->r.arena, hn_plan_step, e->r.step.n);
    plan.symbol = emit_symbols(e);
    plan.n_symbol = (uint32_t)e->build->n_symbol;
    plan.profiles = emit_profiles(e, &plan.n_profiles_bytes);
    plan.n_profile = (uint32_t)e->build->n_profile;
    plan.meta = emit_meta(e, &plan.n_meta);
    if (!step || !plan.symbol || !plan.profiles || !plan.meta || e->r.failed) return HONE_OUT_OF_MEMORY;
    for (size_t i = 0; i < e->r.step.n; i++) step[i] = e->r.step.at[i].step;
    hn_records_plan(&e->r, &plan, step);
    HN_TRY(check_memory_limit(e, &plan));
    return hn_plan_write(path, &plan, e->r.weight.at, e->r.weight.n, e->build->diag);
}

hone_status hn_build_emit(hn_build *build, const char *path) {
    HN_TRY(own_outputs(build));
    forget_marks(build->model->main);
    emitter e = {.build = build, .query = HN_NEW(&build->arena, hn_query)};
    if (!e.query || !hn_records_init(&e.r, build)) return HONE_OUT_OF_MEMORY;
    hn_map_init(&e.copies, &build->arena);
    const hn_plan_block empty = {0};
    if (!hn_vec_push(&build->arena, &e.r.block, empty)) return HONE_OUT_OF_MEMORY;
    HN_TRY(emit_block(&e, build->model->main, 0));
    const hn_plan_block *main = &e.r.block.at[0];
    HN_TRY(hn_records_lifetimes(&e.r, main->first_step, main->n_steps));
    return write_plan(&e, path);
}
