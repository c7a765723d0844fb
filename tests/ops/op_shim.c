/* One operator call for tests written in Python: attributes and inputs in, inference in several states of knowledge,
 * element function, reference, outputs out. Every buffer has its exact size (ASan sees each step beyond it) and, in
 * plain builds, a canary behind it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "abi/operator.h"
#include "base/dtype.h"

#define EXPORT     __attribute__((visibility("default")))
#define MAX_VALUES 300
#define MAX_ATTRS  32
#if defined(__SANITIZE_ADDRESS__)
#define CANARY 0
#else
#define CANARY 32
#endif
#define SMALL 64   /* elements of inputs whose elements are made symbolic */
#define LARGE 4096 /* symbols stand for sizes, whose products fit into 32 bits; data beyond this are none */

enum shape_mode { EXACT, SAME_SYMBOLS, OWN_SYMBOLS, UNKNOWN_DIMS, UNKNOWN_RANKS };
enum data_mode { ALL_DATA, SYMBOLIC_DATA, NO_DATA, HOST_DATA };

typedef struct op_case {
    const hn_op *op;
    hn_arena arena;
    hn_diag diag;
    hn_expr_pool *pool;
    hn_attr attr[MAX_ATTRS];
    int n_attr, n_in, n_out;
    hn_tensor in_tensor[MAX_VALUES], out_tensor[MAX_VALUES];
    const hn_tensor *in[MAX_VALUES];
    hn_tensor *out[MAX_VALUES];
    hn_info in_info[MAX_VALUES], out_info[MAX_VALUES];
    void *owned[4 * MAX_VALUES];
    size_t owned_bytes[4 * MAX_VALUES];
    int n_owned;
    int64_t symbol[1 << 16];
    int n_symbol;
} op_case;

static bool canaries_hold(const op_case *c) {
    for (int i = 0; i < c->n_owned; i++)
        for (int k = 0; k < CANARY; k++)
            if (((uint8_t *)c->owned[i])[c->owned_bytes[i] + (size_t)k] != 0xA7) return false;
    return true;
}

/* Memory of a tensor, filled with a pattern that no test expects. */
static void *own(op_case *c, size_t bytes) {
    char *memory = malloc(bytes + CANARY ? bytes + CANARY : 1);
    if (!memory || c->n_owned == 4 * MAX_VALUES) abort();
    memset(memory, 0xCD, bytes);
    for (int i = 0; i < CANARY; i++) memory[bytes + (size_t)i] = (char)0xA7;
    c->owned[c->n_owned] = memory;
    c->owned_bytes[c->n_owned++] = bytes;
    return memory;
}

EXPORT int op_count(void) { return HN_OP_COUNT; }
EXPORT const char *op_name(int i) { return hn_op_at((hn_op_id)i)->name; }
EXPORT unsigned op_facts(const char *name) {
    const hn_op *op = hn_op_find(name);
    return op ? op->facts : 0;
}
EXPORT int op_implemented(const char *name) {
    const hn_op *op = hn_op_find(name);
    return op && op->infer && op->ref;
}
EXPORT int op_has_element(const char *name) { return hn_op_find(name)->element != NULL; }

EXPORT op_case *case_begin(const char *name, int n_in, int n_out) {
    op_case *c = calloc(1, sizeof *c);
    c->op = hn_op_find(name);
    c->n_in = n_in;
    c->n_out = n_out;
    hn_arena_init(&c->arena, NULL);
    hn_diag_init(&c->diag, NULL);
    if (!c->op || hn_expr_pool_create(NULL, &c->pool) != HONE_OK) abort();
    return c;
}

EXPORT void case_end(op_case *c) {
    for (int i = 0; i < c->n_owned; i++) free(c->owned[i]);
    hn_expr_pool_destroy(&c->pool);
    hn_diag_free(&c->diag);
    hn_arena_free(&c->arena);
    free(c);
}

/* ---- attributes: kept sorted by name ---- */

static hn_attr *add_attr(op_case *c, const char *name, hn_attr_kind kind) {
    int at = c->n_attr++;
    for (; at > 0 && strcmp(c->attr[at - 1].name, name) > 0; at--) c->attr[at] = c->attr[at - 1];
    c->attr[at] = (hn_attr){.name = hn_arena_string(&c->arena, name, strlen(name)), .kind = kind};
    return &c->attr[at];
}

EXPORT void attr_int(op_case *c, const char *name, int64_t value) { add_attr(c, name, HN_ATTR_INT)->i = value; }
EXPORT void attr_float(op_case *c, const char *name, float value) { add_attr(c, name, HN_ATTR_FLOAT)->f = value; }
EXPORT void attr_string(op_case *c, const char *name, const char *text, size_t n) {
    add_attr(c, name, HN_ATTR_STRING)->s = (hn_bytes){hn_arena_string(&c->arena, text, n), n};
}
EXPORT void attr_ints(op_case *c, const char *name, const int64_t *values, uint32_t n) {
    hn_attr *a = add_attr(c, name, HN_ATTR_INTS);
    a->ints = hn_arena_copy(&c->arena, values, n * sizeof *values);
    a->n = n;
}
EXPORT void attr_floats(op_case *c, const char *name, const float *values, uint32_t n) {
    hn_attr *a = add_attr(c, name, HN_ATTR_FLOATS);
    a->floats = hn_arena_copy(&c->arena, values, n * sizeof *values);
    a->n = n;
}
EXPORT void attr_strings(op_case *c, const char *name, const char *const *texts, uint32_t n) {
    hn_attr *a = add_attr(c, name, HN_ATTR_STRINGS);
    hn_bytes *list = HN_NEW_ARRAY(&c->arena, hn_bytes, n);
    for (uint32_t i = 0; i < n; i++)
        list[i] = (hn_bytes){hn_arena_string(&c->arena, texts[i], strlen(texts[i])), strlen(texts[i])};
    a->strings = list;
    a->n = n;
}
EXPORT void attr_dims(op_case *c, const char *name, const int64_t *values, uint32_t n) {
    hn_attr *a = add_attr(c, name, HN_ATTR_DIMS);
    hn_dim *list = HN_NEW_ARRAY(&c->arena, hn_dim, n);
    for (uint32_t i = 0; i < n; i++) list[i] = hn_dim_const(values[i]);
    a->dims = list;
    a->n = n;
}

/* ---- tensors ---- */

static void describe(hn_tensor *t, int dtype, int rank, const int64_t *dim) {
    *t = (hn_tensor){.dtype = (hone_dtype)dtype};
    hn_tensor_set_shape(t, rank, dim);
}

/* Strings come one behind another, each ended by NUL. */
static void copy_strings(op_case *c, hn_tensor *t, const char *bytes) {
    hn_bytes *to = t->data;
    for (int64_t i = 0; i < hn_tensor_count(t); i++) {
        size_t n = strlen(bytes);
        to[i] = (hn_bytes){hn_arena_string(&c->arena, bytes, n), n};
        bytes += n + 1;
    }
}

static void fill(op_case *c, hn_tensor *t, int dtype, int rank, const int64_t *dim, const void *bytes) {
    describe(t, dtype, rank, dim);
    size_t size = hn_tensor_bytes(t);
    t->data = own(c, size);
    if (dtype == HONE_STRING) copy_strings(c, t, bytes);
    else if (size) memcpy(t->data, bytes, size);
}

EXPORT void case_input(op_case *c, int i, int dtype, int rank, const int64_t *dim, const void *bytes) {
    fill(c, &c->in_tensor[i], dtype, rank, dim, bytes);
    c->in[i] = &c->in_tensor[i];
}

EXPORT void attr_tensor(op_case *c, const char *name, int dtype, int rank, const int64_t *dim, const void *bytes) {
    hn_tensor *t = HN_NEW(&c->arena, hn_tensor);
    fill(c, t, dtype, rank, dim, bytes);
    add_attr(c, name, HN_ATTR_TENSOR)->tensor = t;
}

/* ---- inference ---- */

/* A symbol that stands for `value`: one for each value, or a new one each time. */
static hn_dim make_symbol(op_case *c, int64_t value, bool shared) {
    char name[64];
    if (shared) snprintf(name, sizeof name, "n%lld", (long long)value);
    else snprintf(name, sizeof name, "s%d", hn_expr_symbol_count(c->pool));
    int before = hn_expr_symbol_count(c->pool);
    hn_dim symbol = hn_expr_symbol(c->pool, name);
    if (hn_expr_symbol_count(c->pool) > before) {
        if (before >= (int)(sizeof c->symbol / sizeof *c->symbol)) abort();
        c->symbol[before] = value;
        if (value > 0 && shared) hn_expr_set_bounds(c->pool, before, 1, INT64_MAX);
        if (value < 0) hn_expr_set_bounds(c->pool, before, INT64_MIN, INT64_MAX);
    }
    return symbol;
}

static bool is_small_integers(const hn_tensor *t) {
    bool integers = (hn_dtype_is_int(t->dtype) && t->dtype != HONE_UINT64) || t->dtype == HONE_BOOL;
    return integers && hn_tensor_count(t) <= SMALL;
}

static bool may_be_sizes(const hn_tensor *t) {
    for (int64_t i = 0; i < hn_tensor_count(t); i++)
        if (hn_tensor_int(t, i) > LARGE || hn_tensor_int(t, i) < -LARGE) return false;
    return true;
}

/* The elements as expressions; `kept` (a number) stays constant. */
static hn_dim *symbolic_elements(op_case *c, const hn_tensor *t, bool symbolic) {
    int64_t n = hn_tensor_count(t);
    hn_dim *element = HN_NEW_ARRAY(&c->arena, hn_dim, n);
    for (int64_t i = 0; i < n; i++) {
        int64_t value = hn_tensor_int(t, i);
        bool kept = !symbolic || value <= 0 || value > LARGE || t->dtype == HONE_BOOL;
        element[i] = kept ? hn_dim_const(value) : make_symbol(c, value, true);
    }
    return element;
}

static void describe_input(op_case *c, int i, int shape_mode, int data_mode) {
    const hn_tensor *t = c->in[i];
    hn_info *info = &c->in_info[i];
    *info = (hn_info){.shape = hn_shape_unknown()};
    if (!t) return;
    info->type = hn_type_tensor(t->dtype);
    if (shape_mode != UNKNOWN_RANKS) info->shape = hn_shape_of_tensor(t);
    for (int d = 0; d < info->shape.rank; d++) {
        int64_t n = t->dim[d];
        if (shape_mode == SAME_SYMBOLS && n > 1) info->shape.dim[d] = make_symbol(c, n, true);
        if (shape_mode == OWN_SYMBOLS && n > 1) info->shape.dim[d] = make_symbol(c, n, false);
        if (shape_mode == UNKNOWN_DIMS) info->shape.dim[d] = HN_UNKNOWN_DIM;
    }
    bool host = i < 32 && (c->op->host & HN_HOST(i));
    bool numbers = data_mode == HOST_DATA || (data_mode == SYMBOLIC_DATA && !is_small_integers(t));
    if (data_mode == ALL_DATA || (host && numbers)) info->data = t;
    if (data_mode == SYMBOLIC_DATA && host && is_small_integers(t)) info->element = symbolic_elements(c, t, true);
    if (info->data || info->element) info->shape = hn_shape_of_tensor(t);
}

static hn_infer start_infer(op_case *c, int shape_mode, int data_mode) {
    for (int i = 0; i < c->n_in; i++) describe_input(c, i, shape_mode, data_mode);
    for (int i = 0; i < c->n_out; i++) c->out_info[i] = (hn_info){.shape = hn_shape_unknown()};
    return (hn_infer){c->op,   {c->attr, (uint32_t)c->n_attr}, c->n_in, c->n_out, c->in_info, c->out_info, c->pool,
                      &c->diag};
}

/* `symbolic` 0: as at run time, without a pool. */
EXPORT int case_infer(op_case *c, int shape_mode, int data_mode, int symbolic) {
    hn_infer infer = start_infer(c, shape_mode, data_mode);
    if (!symbolic) infer.exprs = NULL;
    return hn_infer_run(&infer);
}

/* Type and rank of output i as last inferred; rank -1: unknown, type 0: not a known tensor. */
EXPORT int inferred_dtype(op_case *c, int i) {
    const hn_type *type = c->out_info[i].type;
    return type && type->kind == HN_KIND_TENSOR ? (int)type->dtype : 0;
}
EXPORT int inferred_rank(op_case *c, int i) { return c->out_info[i].shape.rank; }
/* 1: dim d of output i is known and has this value for the symbols' values; 0: unknown; -1: cannot be evaluated. */
EXPORT int inferred_dim(op_case *c, int i, int d, int64_t *value) {
    hn_dim dim = c->out_info[i].shape.dim[d];
    if (hn_dim_has_unknown(dim)) return 0;
    return hn_dim_eval(dim, c->symbol, hn_expr_symbol_count(c->pool), value) ? 1 : -1;
}
EXPORT const char *inferred_text(op_case *c, int i) {
    hn_str text;
    hn_str_init(&text, &c->arena);
    hn_info_print(&text, &c->out_info[i], c->pool);
    return hn_str_text(&text);
}

/* ---- the reference ---- */

static hone_status resize_output(hn_call *call, int out, int rank, const int64_t *dim) {
    op_case *c = call->owner;
    hn_tensor *t = &c->out_tensor[out];
    hn_tensor_set_shape(t, rank, dim);
    size_t bytes = hn_tensor_bytes(t);
    if (bytes == SIZE_MAX) return HONE_OUT_OF_MEMORY;
    t->data = own(c, bytes);
    return HONE_OK;
}

/* True when the operator promises that output 0 may overwrite input i, and both have the same size. */
EXPORT int may_overwrite(op_case *c, int i) {
    bool sized = c->in[i] && c->in[i]->rank == c->out_tensor[0].rank;
    for (int d = 0; sized && d < c->in[i]->rank; d++) sized = c->in[i]->dim[d] == c->out_tensor[0].dim[d];
    return (c->op->facts & HN_INPLACE) && sized &&
           hn_element_size(c->in[i]->dtype) == hn_element_size(c->out_tensor[0].dtype);
}

/* Runs over the shapes inferred last, which must be numbers. Output `left_out` is not wanted, output 0 lies in the
 * memory of a copy of input `overwritten` (none: -1). -1000: an output has no size and the operator is not one whose
 * data decide. -1001: memory behind a tensor was written. */
EXPORT int case_run(op_case *c, int left_out, int overwritten) {
    hn_arena scratch;
    hn_tensor shared = {0};
    const hn_tensor *in[MAX_VALUES];
    memcpy(in, c->in, sizeof in);
    for (int i = 0; i < c->n_out; i++) {
        int64_t dim[HONE_MAX_RANK];
        c->out[i] = i == left_out ? NULL : &c->out_tensor[i];
        bool sized = hn_shape_constant(&c->out_info[i].shape, dim);
        if (!sized && !(c->op->facts & HN_DATA_SHAPE)) return -1000;
        describe(&c->out_tensor[i], inferred_dtype(c, i), sized ? c->out_info[i].shape.rank : 0, dim);
        size_t bytes = hn_tensor_bytes(&c->out_tensor[i]);
        if (bytes > ((size_t)1 << 32)) return -1000;
        if (sized) c->out_tensor[i].data = own(c, bytes);
    }
    if (overwritten >= 0) {
        shared = *c->in[overwritten];
        shared.data = own(c, hn_tensor_bytes(&shared));
        hn_tensor_copy(&shared, c->in[overwritten]);
        in[overwritten] = &shared;
        c->out_tensor[0].data = shared.data;
    }
    hn_arena_init(&scratch, NULL);
    hn_call call = {.op = c->op, .attrs = {c->attr, (uint32_t)c->n_attr}, .n_in = c->n_in, .n_out = c->n_out};
    call.in = in;
    call.out = c->out;
    call.resize = resize_output;
    call.owner = c;
    call.scratch = &scratch;
    call.lasting = &c->arena;
    call.diag = &c->diag;
    hone_status status = c->op->ref(&call);
    hn_arena_free(&scratch);
    return status == HONE_OK && !canaries_hold(c) ? -1001 : (int)status;
}

EXPORT int output_dtype(op_case *c, int i) { return (int)c->out_tensor[i].dtype; }
EXPORT int output_rank(op_case *c, int i) { return c->out_tensor[i].rank; }
EXPORT const int64_t *output_dims(op_case *c, int i) { return c->out_tensor[i].dim; }
EXPORT const void *output_data(op_case *c, int i) { return c->out_tensor[i].data; }
EXPORT const char *output_string(op_case *c, int i, int64_t at) {
    hn_bytes text = ((const hn_bytes *)c->out_tensor[i].data)[at];
    return hn_arena_string(&c->arena, text.data, text.n);
}

/* ---- elements ---- */

/* Makes input i a tensor of dims. Symbols stand for the positive elements of what the operator computes with. */
static hn_tensor *dims_of(op_case *c, int i, bool symbolic) {
    hn_tensor *t = HN_NEW(&c->arena, hn_tensor);
    *t = *c->in[i];
    t->dtype = HN_DTYPE_DIM;
    t->data = symbolic_elements(c, c->in[i], symbolic);
    return t;
}

/* Elements of output 0 by the element function, for inputs of small integers: -1 when the operator or these inputs do
 * not allow it, else how many of the known ones differ from the reference (run before); *known counts the known ones.
 */
EXPORT int case_elements(op_case *c, int symbolic, int *known) {
    bool move = (c->op->facts & HN_MOVE) && c->op->max_in != HN_ANY;
    const hn_tensor *in[MAX_VALUES] = {NULL};
    hn_tensor *out[MAX_VALUES];
    *known = 0;
    for (int i = 0; i < c->n_out; i++) {
        if (!is_small_integers(&c->out_tensor[i])) return -1;
        out[i] = HN_NEW(&c->arena, hn_tensor);
        *out[i] = c->out_tensor[i];
        out[i]->dtype = HN_DTYPE_DIM;
        out[i]->data = own(c, hn_tensor_bytes(out[i]));
    }
    hn_infer infer = start_infer(c, EXACT, ALL_DATA);
    for (int i = 0; i < c->n_in; i++) {
        if (!c->in[i]) continue;
        bool integers = is_small_integers(c->in[i]) && (!symbolic || may_be_sizes(c->in[i]));
        if (!integers && (i == 0 || !move) && c->op->id != HN_OP_shape && c->op->id != HN_OP_size) return -1;
        if (integers) in[i] = dims_of(c, i, symbolic && (i == 0 || !move));
        if (i == 0 || !move) c->in_info[i].data = NULL;
        if (in[i]) c->in_info[i].element = in[i]->data;
    }
    if (!c->op->element || hn_infer_run(&infer) != HONE_OK || !c->op->element(&infer, in, out)) return -1;
    int wrong = canaries_hold(c) ? 0 : 1;
    for (int i = 0; i < c->n_out; i++) {
        const hn_dim *dim = out[i]->data;
        for (int64_t k = 0; k < hn_tensor_count(out[i]); k++) {
            int64_t value;
            if (hn_dim_has_unknown(dim[k])) continue;
            (*known)++;
            bool good = hn_dim_eval(dim[k], c->symbol, hn_expr_symbol_count(c->pool), &value);
            wrong += !good || value != hn_tensor_int(&c->out_tensor[i], k);
        }
    }
    return wrong;
}

/* ---- messages ---- */

EXPORT int message_count(op_case *c) { return (int)hone_messages_count(&c->diag); }
EXPORT const char *message_text(op_case *c, int i) { return hone_messages_at(&c->diag, (size_t)i)->text; }
EXPORT const char *status_name(int status) { return hone_status_text((hone_status)status); }
