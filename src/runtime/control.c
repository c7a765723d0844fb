/* If, Loop and Scan: bodies are blocks whose values live in the same tables; results are handed over, not copied, where
 * the body made them in memory of their own. */
#include <inttypes.h>
#include <string.h>
#include "runtime/context.h"

static uint32_t block_param(const hone_context *c, const hn_plan_block *b, uint32_t i) {
    return c->engine->plan.arg[b->args + i] - 1;
}

static uint32_t block_result(const hone_context *c, const hn_plan_block *b, uint32_t i) {
    return c->engine->plan.arg[b->args + b->n_params + i] - 1;
}

static hone_status check_read(hone_context *c, const hn_tensor *t, const char *what) {
    if (t->rank < 0 || (!t->data && hn_tensor_count(t)))
        HN_FAIL(&c->diag, HONE_MALFORMED, "%s is read before a step has made it", what);
    return HONE_OK;
}

static hone_status read_bool(hone_context *c, uint32_t number, const char *what, bool *out) {
    const hn_tensor *t = &c->value[number];
    HN_TRY(check_read(c, t, what));
    if (t->dtype != HONE_BOOL || hn_tensor_count(t) != 1)
        HN_FAIL(&c->diag, HONE_INVALID_ARGUMENT, "%s must be one bool", what);
    *out = *(const uint8_t *)t->data != 0;
    return HONE_OK;
}

/* True when `value` shows heap memory that a step of `block` made: only such memory may be handed on or given back
 * here. */
static bool owned_by(const hone_context *c, uint32_t value, uint32_t block) {
    const uint32_t root = c->engine->root[value];
    return c->engine->home[root] == block && c->block[root] && c->block[root]->data == c->value[value].data;
}

/* Takes the content of `from` out of `block`: its memory when the block owns it, else a copy in new memory. */
static hone_status take_content(hone_context *c, uint32_t from, uint32_t block, hn_tensor *held,
                                hn_heap_block **memory) {
    const hn_tensor source = c->value[from];
    HN_TRY(check_read(c, &source, "a result"));
    *held = source;
    hn_tensor_set_shape(held, source.rank, source.dim);
    if (owned_by(c, from, block)) {
        *memory = c->block[c->engine->root[from]];
        c->block[c->engine->root[from]] = NULL;
        return HONE_OK;
    }
    *memory = hn_heap_take(&c->heap, hn_tensor_bytes(&source));
    if (!*memory)
        HN_FAIL(&c->diag, HONE_OUT_OF_MEMORY, "no memory for a result of %zu bytes", hn_tensor_bytes(&source));
    held->data = (*memory)->data;
    if (hn_tensor_count(held)) hn_tensor_copy(held, &source);
    return HONE_OK;
}

/* Steps that read a value whose shape the plan tells were prepared for that shape. */
static hone_status check_promise(hone_context *c, uint32_t to, const hn_tensor *held) {
    const hn_plan *plan = &c->engine->plan;
    const hn_plan_value *v = &plan->value[to];
    int64_t dim[HONE_MAX_RANK];
    if (!hn_plan_has_dims(plan, v)) return HONE_OK;
    if (!hn_plan_dims(plan, v, c->symbol, dim) || held->rank != v->rank)
        HN_FAIL(&c->diag, HONE_INVALID_ARGUMENT, "'%s' has rank %d in the plan, the body gives it another shape",
                hn_plan_text(plan, v->name), v->rank);
    for (int i = 0; i < held->rank; i++)
        if (dim[i] != held->dim[i])
            HN_FAIL(&c->diag, HONE_INVALID_ARGUMENT,
                    "axis %d of '%s' has %" PRId64 " elements, the body gives it %" PRId64, i,
                    hn_plan_text(plan, v->name), dim[i], held->dim[i]);
    return HONE_OK;
}

/* Gives content to a value: heap values keep the memory, others (outputs of the model) get a copy. */
static hone_status give_content(hone_context *c, uint32_t to, const hn_tensor *held, hn_heap_block *memory) {
    hn_tensor *t = &c->value[to];
    if (held->dtype != t->dtype) HN_FAIL(&c->diag, HONE_MALFORMED, "a result changes its type");
    HN_TRY(check_promise(c, to, held));
    hn_context_release(c, to);
    hn_tensor_set_shape(t, held->rank, held->dim);
    t->data = held->data;
    if (c->engine->plan.value[to].storage == HN_STORAGE_HEAP) {
        c->block[to] = memory;
        return HONE_OK;
    }
    HN_TRY(hn_context_place(c, to));
    if (hn_tensor_count(t)) hn_tensor_copy(t, held);
    hn_heap_give(memory);
    return HONE_OK;
}

/* One value after the other; `block` owns the sources. */
static hone_status hand_over(hone_context *c, uint32_t from, uint32_t block, uint32_t to) {
    hn_tensor held;
    hn_heap_block *memory;
    HN_TRY(take_content(c, from, block, &held, &memory));
    return give_content(c, to, &held, memory);
}

/* Results `from`.. of a body become its parameters `to`.. of the next round, all at once: two states may swap. */
static hone_status advance_states(hone_context *c, uint32_t block, uint32_t from, uint32_t to, uint32_t n) {
    const hn_plan_block *b = &c->engine->plan.block[block];
    hn_tensor *held = HN_NEW_ARRAY(&c->scratch, hn_tensor, n);
    hn_heap_block **memory = HN_NEW_ARRAY(&c->scratch, hn_heap_block *, n);
    if (!held || !memory) return HONE_OUT_OF_MEMORY;
    for (uint32_t i = 0; i < n; i++) HN_TRY(take_content(c, block_result(c, b, from + i), block, &held[i], &memory[i]));
    for (uint32_t i = 0; i < n; i++) HN_TRY(give_content(c, block_param(c, b, to + i), &held[i], memory[i]));
    return HONE_OK;
}

/* Gives back what a body's results still hold after those that are wanted were taken. */
static void release_results(hone_context *c, uint32_t block) {
    const hn_plan_block *b = &c->engine->plan.block[block];
    for (uint32_t i = 0; i < b->n_results; i++) {
        const uint32_t root = c->engine->root[block_result(c, b, i)];
        if (c->engine->home[root] == block) hn_context_release(c, root);
    }
}

/* The last state, held by a parameter, becomes an output of the step. */
static hone_status give_state(hone_context *c, uint32_t param, uint32_t to) {
    const hn_tensor held = c->value[param];
    hn_heap_block *memory = c->block[param];
    c->block[param] = NULL;
    return give_content(c, to, &held, memory);
}

enum { NOBODY = UINT32_MAX - 1 }; /* owner of values that must be copied */

/* ---- If ---- */

static hone_status run_if(hone_context *c, const hn_bound_step *s) {
    bool condition;
    HN_TRY(read_bool(c, s->in[0] - 1, "the condition of If", &condition));
    const uint32_t block = s->block[condition ? 0 : 1];
    const hn_plan_block *b = &c->engine->plan.block[block];
    if (b->n_results != s->record->n_out || b->n_params)
        HN_FAIL(&c->diag, HONE_MALFORMED, "If and its body do not fit");
    HN_TRY(hn_context_run_block(c, block));
    for (uint32_t i = 0; i < s->record->n_out; i++)
        if (s->out[i]) HN_TRY(hand_over(c, block_result(c, b, i), block, s->out[i] - 1));
    release_results(c, block);
    return HONE_OK;
}

/* ---- scan outputs: slices collected along an axis ---- */

/* Slices of types whose elements share bytes do not begin at a byte. */
static hone_status check_slice(hone_context *c, const hn_tensor *slice) {
    const int bits = hone_dtype_bits(slice->dtype);
    if (bits == 0 || bits >= 8) return HONE_OK;
    HN_FAIL(&c->diag, HONE_UNSUPPORTED, "tensors of %s cannot be cut into slices: cast them before and after the loop",
            hone_dtype_name(slice->dtype));
}

/* Appends `slice` as element `index` of `to`, whose first axis grows; the room doubles so that the copies stay linear.
 */
static hone_status append_slice(hone_context *c, uint32_t to, const hn_tensor *slice, int64_t index) {
    hn_tensor *t = &c->value[to];
    int64_t dim[HONE_MAX_RANK];
    if (slice->rank >= HONE_MAX_RANK)
        HN_FAIL(&c->diag, HONE_UNSUPPORTED, "a scan output has more than %d axes", HONE_MAX_RANK);
    HN_TRY(check_slice(c, slice));
    const size_t bytes = hn_tensor_bytes(slice);
    if (index > 0 &&
        (t->rank != slice->rank + 1 || memcmp(t->dim + 1, slice->dim, (size_t)slice->rank * sizeof *dim) != 0))
        HN_FAIL(&c->diag, HONE_INVALID_ARGUMENT, "iteration %" PRId64 " gives a scan output another shape", index);
    dim[0] = index + 1;
    memcpy(dim + 1, slice->dim, (size_t)slice->rank * sizeof *dim);
    size_t total;
    if (__builtin_mul_overflow(bytes, (size_t)index + 1, &total) || total > SIZE_MAX / 8) return HONE_OUT_OF_MEMORY;
    if (!c->block[to] || c->block[to]->size < total) {
        hn_heap_block *larger = hn_heap_take(&c->heap, 2 * total);
        if (!larger) HN_FAIL(&c->diag, HONE_OUT_OF_MEMORY, "no memory for a scan output of %zu bytes", 2 * total);
        if (c->block[to] && index) memcpy(larger->data, c->block[to]->data, total - bytes);
        hn_heap_give(c->block[to]);
        c->block[to] = larger;
    }
    hn_tensor_set_shape(t, slice->rank + 1, dim);
    t->data = c->block[to]->data;
    hn_tensor last = *slice;
    last.data = (uint8_t *)t->data + (total - bytes);
    hn_tensor_set_shape(&last, slice->rank, slice->dim);
    if (bytes) hn_tensor_copy(&last, slice);
    return HONE_OK;
}

/* A step's scan outputs are collected in heap memory of the output value; results of the model get a copy at the end.
 */
static hone_status settle_scan_output(hone_context *c, uint32_t to) {
    if (c->engine->plan.value[to].storage == HN_STORAGE_HEAP) return HONE_OK;
    hn_tensor *t = &c->value[to];
    hn_heap_block *block = c->block[to];
    HN_TRY(hn_context_place(c, to));
    if (hn_tensor_count(t)) memcpy(t->data, block->data, hn_tensor_bytes(t));
    hn_heap_give(block);
    c->block[to] = NULL;
    return HONE_OK;
}

/* No iteration: zero elements; what the body says about the other dims is unknown and taken as zero too. */
static hone_status empty_scan_output(hone_context *c, uint32_t to, uint32_t result) {
    int64_t dim[HONE_MAX_RANK] = {0};
    const hn_plan_value *v = &c->engine->plan.value[result];
    const int rank = v->rank == HN_PLAN_UNRANKED ? 0 : v->rank;
    for (int i = 0; i < rank && i + 1 < HONE_MAX_RANK; i++)
        if (!hn_plan_eval(&c->engine->plan, v->dim[i], c->symbol, &dim[i + 1])) dim[i + 1] = 0;
    hn_tensor_set_shape(&c->value[to], rank + 1 > HONE_MAX_RANK ? HONE_MAX_RANK : rank + 1, dim);
    return hn_context_place(c, to);
}

/* What a model asks for may have no end. */
static hone_status count_round(hone_context *c, const hn_bound_step *s) {
    if (++c->rounds <= c->loop_limit) return HONE_OK;
    const size_t first = c->diag.n;
    hn_diag_add(&c->diag, HONE_ERROR, HONE_UNSUPPORTED,
                "the loops of one run made %" PRIu64 " rounds, the most allowed", c->loop_limit);
    hn_diag_place(&c->diag, first, s->name, s->fused, NULL);
    hn_diag_hint(&c->diag, first,
                 "look whether the loop ends at all; if it does, allow more (loop_limit, --loop-limit)");
    return HONE_UNSUPPORTED;
}

/* ---- Loop ---- */

static void set_scalar(hone_context *c, uint32_t number, void *at) {
    hn_tensor_set_shape(&c->value[number], 0, NULL);
    c->value[number].data = at;
}

typedef struct loop_run {
    const hn_bound_step *step;
    const hn_plan_block *body;
    uint32_t n_state, n_scan;
    int64_t trips;
    hn_loop_frame frame;
} loop_run;

static hone_status loop_start(hone_context *c, const hn_bound_step *s, loop_run *l) {
    l->step = s;
    l->body = &c->engine->plan.block[s->block[0]];
    l->n_state = s->record->n_in - 2;
    if (l->body->n_params != l->n_state + 2 || l->body->n_results < 1 + l->n_state)
        HN_FAIL(&c->diag, HONE_MALFORMED, "Loop and its body do not fit");
    l->n_scan = l->body->n_results - 1 - l->n_state;
    if (s->record->n_out > l->n_state + l->n_scan) HN_FAIL(&c->diag, HONE_MALFORMED, "Loop and its body do not fit");
    l->trips = INT64_MAX;
    l->frame = (hn_loop_frame){0, true};
    if (s->in[0]) {
        const hn_tensor *t = &c->value[s->in[0] - 1];
        HN_TRY(check_read(c, t, "the trip count of Loop"));
        if (t->dtype != HONE_INT64 || hn_tensor_count(t) != 1)
            HN_FAIL(&c->diag, HONE_INVALID_ARGUMENT, "the trip count of Loop must be one int64");
        l->trips = *(const int64_t *)t->data;
    }
    if (s->in[1]) HN_TRY(read_bool(c, s->in[1] - 1, "the condition of Loop", &l->frame.condition));
    const uint32_t iteration = block_param(c, l->body, 0), condition = block_param(c, l->body, 1);
    if (c->value[iteration].dtype != HONE_INT64 || c->value[condition].dtype != HONE_BOOL)
        HN_FAIL(&c->diag, HONE_MALFORMED, "Loop and its body do not fit");
    set_scalar(c, iteration, &l->frame.iteration);
    set_scalar(c, condition, &l->frame.condition);
    for (uint32_t i = 0; i < l->n_state; i++) {
        if (!s->in[2 + i]) HN_FAIL(&c->diag, HONE_INVALID_ARGUMENT, "state %u of Loop has no initial value", i);
        HN_TRY(hand_over(c, s->in[2 + i] - 1, NOBODY, block_param(c, l->body, 2 + i)));
    }
    return HONE_OK;
}

static hone_status loop_round(hone_context *c, loop_run *l) {
    HN_TRY(hn_context_run_block(c, l->step->block[0]));
    HN_TRY(read_bool(c, block_result(c, l->body, 0), "the condition that the body of Loop gives", &l->frame.condition));
    for (uint32_t i = 0; i < l->n_scan; i++) {
        const uint32_t port = l->n_state + i;
        if (port >= l->step->record->n_out || !l->step->out[port]) continue;
        const hn_tensor *slice = &c->value[block_result(c, l->body, 1 + port)];
        HN_TRY(check_read(c, slice, "a scan output"));
        HN_TRY(append_slice(c, l->step->out[port] - 1, slice, l->frame.iteration));
    }
    HN_TRY(advance_states(c, l->step->block[0], 1, 2, l->n_state));
    release_results(c, l->step->block[0]);
    hn_arena_reset(&c->scratch);
    return HONE_OK;
}

static hone_status run_loop(hone_context *c, const hn_bound_step *s) {
    loop_run l;
    HN_TRY(loop_start(c, s, &l));
    for (; l.frame.iteration < l.trips && l.frame.condition; l.frame.iteration++) {
        HN_TRY(count_round(c, s));
        HN_TRY(loop_round(c, &l));
    }
    for (uint32_t i = 0; i < s->record->n_out; i++) {
        if (!s->out[i]) continue;
        const uint32_t to = s->out[i] - 1;
        if (i < l.n_state) HN_TRY(give_state(c, block_param(c, l.body, 2 + i), to));
        else if (l.frame.iteration == 0) HN_TRY(empty_scan_output(c, to, block_result(c, l.body, 1 + i)));
        else HN_TRY(settle_scan_output(c, to));
    }
    return HONE_OK;
}

/* ---- Scan ---- */

typedef struct scan_run {
    const hn_bound_step *step;
    const hn_plan_block *body;
    uint32_t n_state, n_scan_in;
    int64_t length;
} scan_run;

static int64_t listed(hn_attrs attrs, const char *name, uint32_t i, int64_t otherwise) {
    int n;
    const int64_t *list = hn_attrs_ints(attrs, name, &n);
    return list && (int)i < n ? list[i] : otherwise;
}

static hone_status axis_of(hone_context *c, hn_attrs attrs, const char *name, uint32_t i, int rank, int *axis) {
    const int64_t a = listed(attrs, name, i, 0);
    if (a < -rank || a >= rank) HN_FAIL(&c->diag, HONE_INVALID_ARGUMENT, "%s[%u] is outside rank %d", name, i, rank);
    *axis = (int)(a < 0 ? a + rank : a);
    return HONE_OK;
}

static hone_status scan_start(hone_context *c, const hn_bound_step *s, scan_run *r) {
    const int64_t n = hn_attrs_int(s->attrs, "num_scan_inputs", 0);
    if (n < 1 || n > s->record->n_in) HN_FAIL(&c->diag, HONE_MALFORMED, "Scan has no scan inputs");
    *r = (scan_run){s, &c->engine->plan.block[s->block[0]], s->record->n_in - (uint32_t)n, (uint32_t)n, -1};
    if (r->body->n_params != s->record->n_in || r->body->n_results != s->record->n_out || s->record->n_out < r->n_state)
        HN_FAIL(&c->diag, HONE_MALFORMED, "Scan and its body do not fit");
    for (uint32_t i = 0; i < s->record->n_in; i++) {
        if (!s->in[i]) HN_FAIL(&c->diag, HONE_INVALID_ARGUMENT, "input %u of Scan is missing", i);
        const hn_tensor *t = &c->value[s->in[i] - 1];
        HN_TRY(check_read(c, t, "an input of Scan"));
        if (i < r->n_state) {
            HN_TRY(hand_over(c, s->in[i] - 1, NOBODY, block_param(c, r->body, i)));
            continue;
        }
        int axis;
        HN_TRY(axis_of(c, s->attrs, "scan_input_axes", i - r->n_state, t->rank, &axis));
        if (r->length >= 0 && r->length != t->dim[axis])
            HN_FAIL(&c->diag, HONE_INVALID_ARGUMENT, "scan inputs have %" PRId64 " and %" PRId64 " elements", r->length,
                    t->dim[axis]);
        r->length = t->dim[axis];
    }
    return HONE_OK;
}

/* The body's input for round `at`: a dense copy of one slice. */
static hone_status scan_slice(hone_context *c, const scan_run *r, uint32_t i, int64_t at) {
    const hn_bound_step *s = r->step;
    hn_tensor slice = c->value[s->in[r->n_state + i] - 1];
    const uint32_t to = block_param(c, r->body, r->n_state + i);
    int axis;
    HN_TRY(check_slice(c, &slice));
    HN_TRY(axis_of(c, s->attrs, "scan_input_axes", i, slice.rank, &axis));
    if (listed(s->attrs, "scan_input_directions", i, 0)) at = slice.dim[axis] - 1 - at;
    slice.data = (uint8_t *)slice.data + (size_t)(at * slice.stride[axis]) * hn_element_size(slice.dtype);
    const size_t tail = (size_t)(slice.rank - axis - 1);
    memmove(&slice.dim[axis], &slice.dim[axis + 1], tail * sizeof slice.dim[0]);
    memmove(&slice.stride[axis], &slice.stride[axis + 1], tail * sizeof slice.stride[0]);
    slice.rank--;
    if (c->value[to].dtype != slice.dtype) HN_FAIL(&c->diag, HONE_MALFORMED, "Scan and its body do not fit");
    hn_tensor_set_shape(&c->value[to], slice.rank, slice.dim);
    HN_TRY(hn_context_place(c, to));
    if (hn_tensor_count(&slice)) hn_tensor_copy(&c->value[to], &slice);
    return HONE_OK;
}

/* Collected slices stand along axis 0 in the order of the rounds; the attributes may want another axis or the other
 * order. */
static hone_status turn_scan_output(hone_context *c, const scan_run *r, uint32_t i) {
    const uint32_t to = r->step->out[r->n_state + i] - 1;
    hn_tensor *t = &c->value[to];
    int axis;
    HN_TRY(axis_of(c, r->step->attrs, "scan_output_axes", i, t->rank, &axis));
    const bool backward = listed(r->step->attrs, "scan_output_directions", i, 0) != 0;
    if (axis == 0 && !backward) return settle_scan_output(c, to);
    hn_tensor from = *t;
    hn_heap_block *old = c->block[to];
    c->block[to] = NULL;
    int64_t dim[HONE_MAX_RANK];
    memcpy(dim, from.dim + 1, (size_t)axis * sizeof *dim);
    dim[axis] = from.dim[0];
    memcpy(dim + axis + 1, from.dim + axis + 1, (size_t)(from.rank - axis - 1) * sizeof *dim);
    hn_tensor_set_shape(t, from.rank, dim);
    HN_TRY(hn_context_place(c, to));
    for (int64_t k = 0; k < from.dim[0]; k++) {
        hn_tensor a = from, b = *t;
        memmove(a.dim, from.dim + 1, (size_t)(from.rank - 1) * sizeof *dim);
        memmove(a.stride, from.stride + 1, (size_t)(from.rank - 1) * sizeof *dim);
        memmove(&b.dim[axis], &t->dim[axis + 1], (size_t)(t->rank - axis - 1) * sizeof *dim);
        memmove(&b.stride[axis], &t->stride[axis + 1], (size_t)(t->rank - axis - 1) * sizeof *dim);
        a.rank--, b.rank--;
        const size_t size = hn_element_size(t->dtype);
        a.data = (uint8_t *)from.data + (size_t)(k * from.stride[0]) * size;
        b.data = (uint8_t *)t->data + (size_t)((backward ? from.dim[0] - 1 - k : k) * t->stride[axis]) * size;
        if (hn_tensor_count(&a)) hn_tensor_copy(&b, &a);
    }
    hn_heap_give(old);
    return HONE_OK;
}

static hone_status scan_round(hone_context *c, const scan_run *r, int64_t at) {
    for (uint32_t i = 0; i < r->n_scan_in; i++) HN_TRY(scan_slice(c, r, i, at));
    HN_TRY(hn_context_run_block(c, r->step->block[0]));
    for (uint32_t i = r->n_state; i < r->step->record->n_out; i++) {
        if (!r->step->out[i]) continue;
        const hn_tensor *slice = &c->value[block_result(c, r->body, i)];
        HN_TRY(check_read(c, slice, "a scan output"));
        HN_TRY(append_slice(c, r->step->out[i] - 1, slice, at));
    }
    HN_TRY(advance_states(c, r->step->block[0], 0, 0, r->n_state));
    release_results(c, r->step->block[0]);
    hn_arena_reset(&c->scratch);
    return HONE_OK;
}

static hone_status run_scan(hone_context *c, const hn_bound_step *s) {
    scan_run r;
    HN_TRY(scan_start(c, s, &r));
    for (int64_t at = 0; at < r.length; at++) {
        HN_TRY(count_round(c, s));
        HN_TRY(scan_round(c, &r, at));
    }
    for (uint32_t i = 0; i < s->record->n_out; i++) {
        if (!s->out[i]) continue;
        if (i < r.n_state) HN_TRY(give_state(c, block_param(c, r.body, i), s->out[i] - 1));
        else if (r.length == 0) HN_TRY(empty_scan_output(c, s->out[i] - 1, block_result(c, r.body, i)));
        else HN_TRY(turn_scan_output(c, &r, i - r.n_state));
    }
    return HONE_OK;
}

hone_status hn_context_run_control(hone_context *c, const hn_bound_step *s) {
    switch ((hn_step_kind)s->record->kind) {
    case HN_STEP_IF:
        return run_if(c, s);
    case HN_STEP_LOOP:
        return run_loop(c, s);
    case HN_STEP_SCAN:
        return run_scan(c, s);
    default:
        return HONE_INTERNAL;
    }
}
