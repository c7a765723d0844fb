/* Reads the operators behind an anchor into steps, and finds their operands at run time. */
#include "kernels/cpu/gemm/epilogue.h"

#include <math.h>
#include <string.h>

/* While parsing: the running value, and where the channels are. */
typedef struct parser {
    const hn_query *query;
    int axis, value;
    hn_epilogue *out;
} parser;

static bool same_dims(const hn_qval *a, const hn_qval *b) {
    return a->rank == b->rank && a->layout == b->layout && memcmp(a->dim, b->dim, a->rank * sizeof a->dim[0]) == 0;
}

static bool is_one(const hn_qdim *dim) { return dim->min == 1 && dim->max == 1; }

/* A constant with one element, or one per channel, that broadcasts to the anchor's output. */
static bool is_channel_constant(const parser *p, int v) {
    const hn_qval *c = &p->query->val[v], *out = &p->query->val[p->query->op[0].out[0]];
    if (c->role != HN_ROLE_CONST || c->dtype != HONE_FLOAT32 || c->rank > out->rank) return false;
    int shift = out->rank - c->rank;
    for (int i = 0; i < c->rank; i++) {
        if (is_one(&c->dim[i])) continue;
        const hn_qdim *channels = &out->dim[p->axis];
        if (i + shift != p->axis || c->dim[i].min != c->dim[i].max) return false;
        if (channels->min != c->dim[i].min || channels->max != c->dim[i].max) return false;
    }
    return true;
}

/* An activation with the shape and layout of the anchor's output. */
static bool is_same_tensor(const parser *p, int v) {
    const hn_qval *t = &p->query->val[v], *out = &p->query->val[p->query->op[0].out[0]];
    return t->role == HN_ROLE_IN && t->dtype == HONE_FLOAT32 && same_dims(t, out);
}

static bool is_scalar_constant(const parser *p, int v) {
    const hn_qval *c = &p->query->val[v];
    if (c->role != HN_ROLE_CONST || c->dtype != HONE_FLOAT32 || c->rank > 1) return false;
    return c->rank == 0 || is_one(&c->dim[0]);
}

static hn_epilogue_step *add_step(parser *p, hn_epilogue_kind kind, float a, float b) {
    hn_epilogue_step *step = &p->out->step[p->out->n++];
    *step = (hn_epilogue_step){.kind = (uint8_t)kind, .val = -1, .val2 = -1, .a = a, .b = b};
    return step;
}

/* Add, Sub, Mul, Div of the running value and something else. */
static bool parse_binary(parser *p, const hn_qop *op) {
    if (op->n_in != 2) return false;
    bool left = op->in[0] == p->value;
    int other = left ? op->in[1] : op->in[0];
    if ((!left && op->in[1] != p->value) || other == p->value || other < 0) return false;
    bool channel = is_channel_constant(p, other);
    if (!channel && !is_same_tensor(p, other)) return false;
    int kind = -1;
    switch (op->op) {
    case HN_OP_add:
        kind = channel ? HN_EPILOGUE_ADD_CHANNEL : HN_EPILOGUE_ADD;
        break;
    case HN_OP_mul:
        kind = channel ? HN_EPILOGUE_MUL_CHANNEL : HN_EPILOGUE_MUL;
        break;
    case HN_OP_sub:
        kind = left ? (channel ? HN_EPILOGUE_SUB_CHANNEL : HN_EPILOGUE_SUB) : channel ? -1 : HN_EPILOGUE_SUB_FROM;
        break;
    case HN_OP_div:
        kind = left && channel ? HN_EPILOGUE_DIV_CHANNEL : -1;
        break;
    default:
        break;
    }
    if (kind < 0) return false;
    add_step(p, (hn_epilogue_kind)kind, 0, 0)->val = (int8_t)other;
    return true;
}

static bool parse_clip(parser *p, const hn_qop *op) {
    int low = op->n_in > 1 ? op->in[1] : -1, high = op->n_in > 2 ? op->in[2] : -1;
    if ((low >= 0 && !is_scalar_constant(p, low)) || (high >= 0 && !is_scalar_constant(p, high))) return false;
    hn_epilogue_step *step = add_step(p, HN_EPILOGUE_CLAMP, -INFINITY, INFINITY);
    step->val = (int8_t)low;
    step->val2 = (int8_t)high;
    return true;
}

/* Operators over the running value alone. */
static bool parse_activation(parser *p, const hn_qop *op, hn_attrs attrs) {
    if (op->in[0] != p->value) return false;
    switch (op->op) {
    case HN_OP_relu:
        add_step(p, HN_EPILOGUE_CLAMP, 0, INFINITY);
        return true;
    case HN_OP_clip:
        return parse_clip(p, op);
    case HN_OP_leaky_relu:
        add_step(p, HN_EPILOGUE_LEAKY_RELU, hn_attrs_float(attrs, "alpha", 0.01f), 0);
        return true;
    case HN_OP_sigmoid:
        add_step(p, HN_EPILOGUE_SIGMOID, 0, 0);
        return true;
    case HN_OP_tanh:
        add_step(p, HN_EPILOGUE_TANH, 0, 0);
        return true;
    case HN_OP_hard_sigmoid:
        add_step(p, HN_EPILOGUE_HARD_SIGMOID, hn_attrs_float(attrs, "alpha", 0.2f),
                 hn_attrs_float(attrs, "beta", 0.5f));
        return true;
    case HN_OP_hard_swish:
        add_step(p, HN_EPILOGUE_HARD_SWISH, 0, 0);
        return true;
    case HN_OP_swish:
        add_step(p, HN_EPILOGUE_SILU, hn_attrs_float(attrs, "alpha", 1), 0);
        return true;
    case HN_OP_gelu:
        add_step(p, hn_attrs_text_is(attrs, "approximate", "none", "tanh") ? HN_EPILOGUE_GELU_TANH : HN_EPILOGUE_GELU,
                 0, 0);
        return true;
    default:
        return false;
    }
}

/* Sigmoid followed by the product with its own input. */
static bool parse_gate(parser *p, int i) {
    if (i + 1 >= p->query->n_op) return false;
    const hn_qop *op = &p->query->op[i], *next = op + 1;
    if (op->op != HN_OP_sigmoid || op->in[0] != p->value || next->op != HN_OP_mul || next->n_in != 2) return false;
    int gate = op->out[0];
    bool ok = (next->in[0] == p->value && next->in[1] == gate) || (next->in[1] == p->value && next->in[0] == gate);
    if (ok) add_step(p, HN_EPILOGUE_SILU, 1, 0);
    return ok;
}

/* The running value is read by operators first..last only. */
static bool is_private(const parser *p, int first, int last) {
    for (int i = 0; i < p->query->n_op; i++) {
        const hn_qop *op = &p->query->op[i];
        for (int j = 0; j < op->n_in; j++)
            if (op->in[j] == p->value && (i < first || i > last)) return false;
    }
    return p->query->val[p->value].role == HN_ROLE_TEMP;
}

static bool parse_op(parser *p, int i, hn_arena *scratch) {
    const hn_qop *op = &p->query->op[i];
    hn_attrs attrs;
    if (op->n_in < 1 || op->n_out != 1 || hn_query_attrs(p->query, i, scratch, &attrs, NULL) != HONE_OK) return false;
    if (op->op == HN_OP_add || op->op == HN_OP_sub || op->op == HN_OP_mul || op->op == HN_OP_div)
        return parse_binary(p, op);
    return parse_activation(p, op, attrs);
}

bool hn_epilogue_parse(const hn_query *query, int axis, hn_epilogue *out) {
    memset(out, 0, sizeof *out);
    if (query->n_out != 1 || query->n_op < 1 || query->op[0].n_out != 1) return false;
    parser p = {query, axis, query->op[0].out[0], out};
    const hn_qval *anchor = &query->val[p.value];
    hn_arena scratch;
    hn_arena_init(&scratch, NULL);
    bool ok = true;
    for (int i = 1; ok && i < query->n_op; i++) {
        bool gate = parse_gate(&p, i);
        int last = gate ? i + 1 : i;
        ok = is_private(&p, i, last) && (gate || parse_op(&p, i, &scratch));
        if (ok) p.value = query->op[last].out[0];
        ok = ok && same_dims(&query->val[p.value], anchor) && query->val[p.value].dtype == HONE_FLOAT32;
        i = last;
    }
    hn_arena_free(&scratch);
    out->out = (int8_t)p.value;
    return ok && query->val[p.value].role == HN_ROLE_OUT;
}

static float scalar_of(const hn_args *args, int v) { return *(const float *)args->val[v].data; }

static bool tensors_match(const hn_tensor *a, const hn_tensor *b) {
    for (int i = 0; i < b->rank; i++)
        if (a->dim[i] != b->dim[i] || (a->dim[i] > 1 && a->stride[i] != b->stride[i])) return false;
    return true;
}

/* The first steps move into the registers' form (bias, residual, clamp, in this order) as far as they go. */
static bool absorb(hn_epilogue_run *run, const hn_epilogue_step_run *step, bool *residual, bool *clamp) {
    if (run->n > 0 || *clamp) return false;
    if (step->kind == HN_EPILOGUE_ADD_CHANNEL && !run->bias && !*residual && !step->scalar) {
        run->bias = step->operand;
    } else if (step->kind == HN_EPILOGUE_ADD && !*residual) {
        run->residual = step->operand;
        *residual = true;
    } else if (step->kind == HN_EPILOGUE_CLAMP) {
        run->low = step->a;
        run->high = step->b;
        *clamp = true;
    } else {
        return false;
    }
    return true;
}

hone_status hn_epilogue_bind(const hn_epilogue *epilogue, const hn_args *args, const float *bias,
                             hn_epilogue_run *out) {
    *out = (hn_epilogue_run){.bias = bias, .low = -INFINITY, .high = INFINITY};
    const hn_tensor *result = &args->val[epilogue->out];
    bool residual = false, clamp = false;
    for (int i = 0; i < epilogue->n; i++) {
        const hn_epilogue_step *step = &epilogue->step[i];
        hn_epilogue_step_run run = {.kind = (hn_epilogue_kind)step->kind, .a = step->a, .b = step->b};
        if (run.kind == HN_EPILOGUE_CLAMP) {
            if (step->val >= 0) run.a = scalar_of(args, step->val);
            if (step->val2 >= 0) run.b = scalar_of(args, step->val2);
        } else if (step->val >= 0) {
            const hn_tensor *operand = &args->val[step->val];
            run.operand = operand->data;
            run.scalar = hn_tensor_count(operand) == 1;
            if (run.kind <= HN_EPILOGUE_MUL && !tensors_match(operand, result)) return HONE_INVALID_ARGUMENT;
        }
        if (!absorb(out, &run, &residual, &clamp)) out->step[out->n++] = run;
    }
    return HONE_OK;
}
