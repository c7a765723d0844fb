/* Two forms of a model side by side: the same inputs, the same kernels, no passes. */
#include "abi/value.h"
#include "builder/simplify_steps.h"

#include <math.h>
#include <string.h>
#include <strings.h>
#include "base/pool.h"
#include "base/rng.h"
#include "builder/report.h"
#include "ops/block.h"

#define SMALL_NUMBER 8 /* single numbers of which nothing is known lie in 0..8 */

#define MUCH (1 << 16) /* elements of an input of which one of a batch is enough */

/* Sizes that dimensions are tried with which nothing tells; leading ones, mostly batches, are 2, or 1 where that is
 * much.
 */
static const int64_t trial_sizes[] = {16, 64, 224, 1024, 4096, 1};
#define N_SIZES (sizeof trial_sizes / sizeof *trial_sizes)
/* Integers of which nothing is known are drawn from low to high; some models take few. */
static const struct { int low, high; } trial_ints[] = {{0, 8}, {0, 1}, {1, 1}, {2, 2}};
#define N_INTS (sizeof trial_ints / sizeof *trial_ints)

typedef struct runner {
    hone_engine *engine;
    hone_context *context;
} runner;

typedef struct input {
    const char *name;
    hone_dtype dtype;
    int64_t limit; /* size of the axis that it indexes, or 0 */
    hone_named_shape shape;
    hone_value *drawn;
} input;

struct hn_simplify_side {
    runner runner;
    runner other; /* of the simplified model, when it was opened along with the original */
    int sample;   /* whose outputs the original holds, or -1 */
    input *input;
    int n;
    size_t ints; /* index into trial_ints */
};

/* ---- running ---- */

static void close_runner(runner *r) {
    hone_context_destroy(&r->context);
    hone_engine_destroy(&r->engine);
}

static hone_status load_runner(const hn_simplify *s, const char *path, runner *out, hn_diag *diag) {
    const hone_engine_options options = {.size = sizeof options,
                                         .allocator = s->options.allocator,
                                         .threads = s->options.threads,
                                         .plugins = s->options.plugins};
    HN_TRY(hone_engine_load(path, &options, diag, &out->engine));
    return hone_context_create(out->engine, NULL, diag, &out->context);
}

static hone_status configure(const hn_simplify_side *side, hone_build_config *config, hn_diag *diag) {
    for (int i = 0; i < side->n; i++) {
        const hone_named_shape *shape = &side->input[i].shape;
        HN_TRY(hone_build_config_profile(config, 0, shape->name, shape->rank, NULL, shape->dim, NULL, diag));
    }
    return HONE_OK;
}

/* Uses the model up. */
static hone_status open_runner(const hn_simplify *s, const hn_simplify_side *side, hn_model *model, const char *path,
                               runner *out, hn_diag *diag) {
    hone_build_config *config;
    *out = (runner){NULL, NULL};
    HN_TRY(hone_build_config_create(&config));
    hn_ir_expand_kept(model);
    hone_status status = configure(side, config, diag);
    if (status == HONE_OK) status = hn_build_plan(model, config, true, path, diag);
    hone_build_config_destroy(&config);
    HN_TRY(status);
    status = load_runner(s, path, out, diag);
    const hone_status removed = hn_file_remove(path, diag); /* what is mapped stays readable */
    if (status == HONE_OK && removed == HONE_OK) return HONE_OK;
    close_runner(out);
    return status != HONE_OK ? status : removed;
}

/* One of the forms that are opened at once, in a thread each. */
typedef struct opening {
    const hn_simplify *s;
    const hn_simplify_side *side;
    hn_model *model;
    const char *path;
    runner runner;
    hn_diag diag;
    hone_status status;
} opening;

static void open_one(void *argument, int task, int worker) {
    opening *o = (opening *)argument + task;
    (void)worker;
    o->status = open_runner(o->s, o->side, o->model, o->path, &o->runner, &o->diag);
}

static hone_status open_both(opening *o, int n) {
    hn_pool *pool;
    HN_TRY(hn_pool_create(NULL, n, &pool));
    hn_pool_run(pool, n, open_one, o);
    hn_pool_destroy(&pool);
    return HONE_OK;
}

static hone_status run(runner *r, const hn_simplify *s, const hn_simplify_side *side) {
    for (int i = 0; i < side->n; i++) {
        const input *in = &side->input[i];
        const hone_value *value = in->drawn;
        for (int k = 0; k < s->options.n_input; k++)
            if (strcmp(s->options.input[k].name, in->name) == 0) value = s->options.input[k].value;
        HN_TRY(hone_context_set_input(r->context, in->name, value));
    }
    return hone_context_run(r->context);
}

/* ---- inputs ---- */

static bool is_float(hone_dtype dtype) { return hn_block_kind_of(dtype) == HN_BLOCK_F64; }

static double draw(const input *in, size_t ints, uint64_t key, int64_t i) {
    if (is_float(in->dtype)) {
        if (strcasestr(in->name, "mask")) return 1;
        return in->shape.rank ? hn_rng_normal(key, (uint64_t)i) : hn_rng_uniform(key, (uint64_t)i) * SMALL_NUMBER;
    }
    if (in->dtype == HONE_BOOL || strcasestr(in->name, "mask")) return 1;
    const double low = in->limit > 0 ? 0 : trial_ints[ints].low;
    const double high = in->limit > 0 ? (double)(in->limit - 1) : trial_ints[ints].high;
    return low + floor(hn_rng_uniform(key, (uint64_t)i) * (high - low + 1));
}

static hone_status draw_input(const hn_simplify *s, input *in, size_t ints, int sample) {
    const uint64_t key = hn_hash(in->name, strlen(in->name), s->options.seed + ((uint64_t)sample << 32));
    hone_value_destroy(&in->drawn);
    HN_TRY(hone_value_create(in->dtype, in->shape.rank, in->shape.dim, s->options.allocator, &in->drawn));
    hn_tensor *t = &in->drawn->tensor;
    const int64_t n = hn_tensor_count(t);
    for (int64_t i = 0; i < n; i++) {
        const double value = draw(in, ints, key, i);
        const int64_t whole = (int64_t)value;
        if (is_float(in->dtype)) hn_block_store_f64(t, i, &value, 1);
        else hn_block_store_i64(t, i, &whole, 1);
    }
    return HONE_OK;
}

static hone_status draw_inputs(const hn_simplify *s, hn_simplify_side *side, int sample) {
    for (int i = 0; i < side->n; i++) HN_TRY(draw_input(s, &side->input[i], side->ints, sample));
    return HONE_OK;
}

/* ---- shapes of the inputs ---- */

/* A shape without a name is for the only input, as the check of the shapes has made sure. */
static const hone_named_shape *asked_shape(const hn_simplify *s, const char *name) {
    for (int i = 0; i < s->options.n_test_shape; i++) {
        const char *own = s->options.test_shape[i].name;
        if (!own || strcmp(own, name) == 0) return &s->options.test_shape[i];
    }
    return NULL;
}

static const hone_value *given_value(const hn_simplify *s, const char *name) {
    for (int i = 0; i < s->options.n_input; i++)
        if (strcmp(s->options.input[i].name, name) == 0) return s->options.input[i].value;
    return NULL;
}

/* Extent `axis` of an input when the caller tells it, or -1. */
static int64_t told_extent(const hn_simplify *s, const char *name, int rank, int axis) {
    const hone_named_shape *shape = asked_shape(s, name);
    const hone_value *value = given_value(s, name);
    if (value) return hone_value_rank(value) == rank ? hone_value_dims(value)[axis] : -1;
    return shape && shape->rank == rank ? shape->dim[axis] : -1;
}

static int64_t elements_behind_first(const hn_shape *shape, int64_t trial) {
    int64_t n = 1;
    for (int k = 1; k < shape->rank && n < MUCH; k++) n *= hn_dim_is_const(shape->dim[k]) ? shape->dim[k].value : trial;
    return n;
}

/* Extent of a dim that varies: what another input says of the same symbol, else the trial size. */
static int64_t free_extent(const hn_simplify *s, const hn_graph *main, hn_dim dim, int64_t trial) {
    bool leads = false, much = false;
    for (size_t i = 0; i < main->inputs.n; i++) {
        const hn_shape *shape = &main->inputs.at[i]->info.shape;
        for (int k = 0; k < shape->rank; k++) {
            if (!hn_dim_same(shape->dim[k], dim)) continue;
            const int64_t told = told_extent(s, main->inputs.at[i]->name, shape->rank, k);
            if (told >= 0) return told;
            leads = leads || (k == 0 && shape->rank > 1);
            much = much || (k == 0 && elements_behind_first(shape, trial) >= MUCH);
        }
    }
    return !leads ? trial : much ? 1 : 2;
}

static hone_status choose_shape(const hn_simplify *s, const hn_graph *main, const hn_value *value, int64_t trial,
                                input *out) {
    const hn_shape *known = &value->info.shape;
    const hone_named_shape *asked = asked_shape(s, value->name);
    const hone_value *given = given_value(s, value->name);
    out->shape.name = out->name;
    out->shape.rank = known->rank >= 0 ? known->rank : given ? hone_value_rank(given) : asked ? asked->rank : -1;
    if (out->shape.rank < 0) HN_FAIL(NULL, HONE_UNSUPPORTED, "rank");
    for (int k = 0; k < out->shape.rank; k++) {
        const int64_t told = told_extent(s, value->name, out->shape.rank, k);
        const bool fixed = known->rank >= 0 && hn_dim_is_const(known->dim[k]);
        out->shape.dim[k] = fixed              ? known->dim[k].value
                            : told >= 0        ? told
                            : known->rank >= 0 ? free_extent(s, main, known->dim[k], trial)
                                               : trial;
    }
    return HONE_OK;
}

/* False when an input cannot be drawn; s->unchecked then says why. */
static bool describe(hn_simplify *s, const hn_model *model, int64_t trial, hn_simplify_side *side) {
    const hn_graph *main = model->main;
    for (size_t i = 0; i < main->inputs.n; i++) {
        const hn_value *value = main->inputs.at[i];
        input *in = &side->input[i];
        in->name = hn_arena_string(&s->arena, value->name, strlen(value->name));
        const hn_type *type = value->info.type;
        in->dtype = type && type->kind == HN_KIND_TENSOR ? type->dtype : HONE_NO_DTYPE;
        in->limit = hn_build_index_limit(value);
        s->unchecked = "an input is no tensor of numbers: give it";
        if (!in->name || hn_block_kind_of(in->dtype) == HN_BLOCK_NONE) return false;
        s->unchecked = "an input has no declared rank: give its shape";
        if (choose_shape(s, main, value, trial, in) != HONE_OK) return false;
    }
    return true;
}

static bool has_free_extent(const hn_simplify *s, const hn_graph *main) {
    for (size_t i = 0; i < main->inputs.n; i++) {
        const hn_shape *shape = &main->inputs.at[i]->info.shape;
        for (int k = 0; k < shape->rank; k++)
            if (!hn_dim_is_const(shape->dim[k]) && told_extent(s, main->inputs.at[i]->name, shape->rank, k) < 0)
                return true;
    }
    return false;
}

/* ---- the original ---- */

static hone_status first_run(hn_simplify *s, hn_simplify_side *side, hn_diag *diag) {
    HN_TRY(draw_inputs(s, side, 0));
    const hone_status status = run(&side->runner, s, side);
    if (status == HONE_OK) return HONE_OK;
    const hone_messages *told = hone_context_messages(side->runner.context);
    if (hone_messages_count(told)) hn_diag_add(diag, HONE_ERROR, status, "%s", hone_messages_at(told, 0)->text);
    return status;
}

/* Opens and runs the original; `*simplified`, when there is one, is used up and opened along. Why the simplified one
 * does not open is told when it is opened again. */
static hone_status try_original(hn_simplify *s, hn_simplify_side *side, hn_model *model, hn_model **simplified,
                                hn_diag *diag) {
    opening o[2] = {{.s = s, .side = side, .model = model}, {.s = s, .side = side, .model = *simplified}};
    o[0].path = hn_arena_format(&s->arena, "%s.before.plan", s->out);
    o[1].path = hn_arena_format(&s->arena, "%s.after.plan", s->out);
    if (!o[0].path || !o[1].path) return HONE_OUT_OF_MEMORY;
    for (int i = 0; i < 2; i++) hn_diag_init(&o[i].diag, NULL);
    hone_status status = open_both(o, *simplified ? 2 : 1);
    side->runner = o[0].runner;
    side->other = o[1].runner;
    if (*simplified) hn_model_destroy(simplified);
    if (status == HONE_OK) status = o[0].status;
    if (status != HONE_OK && o[0].diag.n)
        hn_diag_add(diag, HONE_ERROR, status, "%s", o[0].diag.at[o[0].diag.n - 1].text);
    for (int i = 0; i < 2; i++) hn_diag_free(&o[i].diag);
    if (status == HONE_OK) status = first_run(s, side, diag);
    side->sample = status == HONE_OK ? 0 : -1;
    if (status == HONE_OK) return HONE_OK;
    close_runner(&side->runner);
    close_runner(&side->other);
    return status;
}

static hone_status why_not(hn_simplify *s, const hn_diag *tried, hone_status status) {
    const char *text = tried->n ? tried->at[tried->n - 1].text : hone_status_text(status);
    s->unchecked = hn_arena_format(&s->arena, "the model does not run: %s", text);
    return s->unchecked ? HONE_OK : HONE_OUT_OF_MEMORY;
}

/* One trial size; *open false and s->unchecked set when the model does not run with it. */
static hone_status try_size(hn_simplify *s, hn_simplify_side *side, hn_model **simplified, int64_t trial, bool *open,
                            bool *last) {
    hn_model *model;
    hn_diag tried;
    *open = false;
    HN_TRY(hn_simplify_load(s, false, &model));
    *last = !has_free_extent(s, model->main);
    hone_status status = HONE_OK;
    if (describe(s, model, trial, side)) {
        hn_diag_init(&tried, NULL);
        status = try_original(s, side, model, simplified, &tried);
        *open = status == HONE_OK;
        if (status != HONE_OUT_OF_MEMORY) status = *open ? HONE_OK : why_not(s, &tried, status);
        hn_diag_free(&tried);
    } else {
        *last = true;
    }
    hn_model_destroy(&model);
    return status;
}

static bool draws_ints(const hn_simplify *s, const hn_simplify_side *side) {
    for (int i = 0; i < side->n; i++) {
        const hn_block_kind kind = hn_block_kind_of(side->input[i].dtype);
        if ((kind == HN_BLOCK_I64 || kind == HN_BLOCK_U64) && !given_value(s, side->input[i].name)) return true;
    }
    return false;
}

static hone_status open_some_size(hn_simplify *s, hn_simplify_side *side, hn_model **simplified, bool *open) {
    bool last = false;
    *open = false;
    for (side->ints = 0; side->ints < N_INTS; side->ints++) {
        for (size_t i = 0; i < N_SIZES && !*open && !last; i++)
            HN_TRY(try_size(s, side, simplified, trial_sizes[i], open, &last));
        if (*open || !draws_ints(s, side)) break;
        last = false;
    }
    if (*open) s->unchecked = NULL;
    return HONE_OK;
}

static hone_status count_inputs(hn_simplify *s, hn_simplify_side *side) {
    hn_model *model;
    HN_TRY(hn_simplify_load(s, false, &model));
    side->n = (int)model->main->inputs.n;
    hn_model_destroy(&model);
    side->input = HN_NEW_ARRAY(&s->arena, input, side->n);
    return side->input ? HONE_OK : HONE_OUT_OF_MEMORY;
}

hone_status hn_simplify_open_side(hn_simplify *s, hn_model **simplified, hn_simplify_side **out) {
    bool open;
    *out = NULL;
    hn_simplify_side *side = HN_NEW(&s->arena, hn_simplify_side);
    HN_TRY_ALLOC(side);
    HN_TRY(count_inputs(s, side));
    const hone_status status = open_some_size(s, side, simplified, &open);
    if (status == HONE_OK && open) *out = side;
    else hn_simplify_close_side(&side);
    return status;
}

void hn_simplify_close_side(hn_simplify_side **side) {
    if (!*side) return;
    for (int i = 0; i < (*side)->n; i++) hone_value_destroy(&(*side)->input[i].drawn);
    close_runner(&(*side)->runner);
    close_runner(&(*side)->other);
    *side = NULL;
}

/* ---- comparing ---- */

static bool same_form(const hn_tensor *a, const hn_tensor *b) {
    return a->dtype == b->dtype && a->rank == b->rank && memcmp(a->dim, b->dim, (size_t)a->rank * sizeof *a->dim) == 0;
}

/* Largest |a - b|, infinite where only one is a number; *peak gets the largest |a|. */
static double largest_difference(const hn_tensor *a, const hn_tensor *b, double *peak) {
    const int64_t n = hn_tensor_count(a);
    double x[HN_BLOCK], y[HN_BLOCK], largest = 0;
    *peak = 0;
    for (int64_t first = 0; first < n; first += HN_BLOCK) {
        const int many = (int)(n - first < HN_BLOCK ? n - first : HN_BLOCK);
        hn_block_load_f64(x, a, first, many);
        hn_block_load_f64(y, b, first, many);
        for (int i = 0; i < many; i++) {
            if (x[i] == y[i] || (isnan(x[i]) && isnan(y[i]))) continue;
            const double difference = fabs(x[i] - y[i]);
            if (!isfinite(difference)) return INFINITY;
            if (difference > largest) largest = difference;
        }
        for (int i = 0; i < many; i++)
            if (isfinite(x[i]) && fabs(x[i]) > *peak) *peak = fabs(x[i]);
    }
    return largest;
}

static bool same_strings(const hn_tensor *a, const hn_tensor *b) {
    const hn_bytes *x = a->data, *y = b->data;
    for (int64_t i = 0, n = hn_tensor_count(a); i < n; i++)
        if (x[i].n != y[i].n || (x[i].n && memcmp(x[i].data, y[i].data, x[i].n) != 0)) return false;
    return true;
}

static hn_simplify_difference compare_tensors(const hn_simplify *s, const hn_tensor *before, const hn_tensor *after) {
    double peak;
    if (!same_form(before, after)) return (hn_simplify_difference){.largest = INFINITY};
    if (before->dtype == HONE_STRING)
        return (hn_simplify_difference){.largest = same_strings(before, after) ? 0 : INFINITY};
    const double largest = largest_difference(before, after, &peak);
    const bool real = is_float(before->dtype);
    return (hn_simplify_difference){.largest = largest, .allowed = real ? s->options.rtol * peak + s->options.atol : 0};
}

/* The worst item stands for a list. */
static hn_simplify_difference compare_output(const hn_simplify *s, const hone_value *before, const hone_value *after) {
    hn_simplify_difference worst = {0};
    if (!before || !after || before->kind != after->kind || before->n != after->n)
        return (hn_simplify_difference){.largest = INFINITY};
    if (before->kind == HONE_TENSOR) return compare_tensors(s, &before->tensor, &after->tensor);
    for (int64_t i = 0; i < before->n; i++) {
        const hn_simplify_difference one = compare_output(s, before->item[i], after->item[i]);
        if (one.largest - one.allowed >= worst.largest - worst.allowed) worst = one;
    }
    return worst;
}

/* The worst of all samples stands for an output. */
static hone_status note_difference(hn_simplify *s, const runner *original, int i, hn_simplify_difference found) {
    hone_port port;
    HN_TRY(hone_engine_output(original->engine, i, &port));
    found.output = hn_arena_string(&s->arena, port.name, strlen(port.name));
    HN_TRY_ALLOC(found.output);
    if (s->differences.n <= (size_t)i)
        return hn_vec_push(&s->arena, &s->differences, found) ? HONE_OK : HONE_OUT_OF_MEMORY;
    hn_simplify_difference *known = &s->differences.at[i];
    if (found.largest - found.allowed > known->largest - known->allowed) *known = found;
    return HONE_OK;
}

static hone_status compare_outputs(hn_simplify *s, const runner *a, const runner *b, bool *same) {
    const int n = hone_engine_output_count(a->engine);
    for (int i = 0; i < n; i++) {
        const hn_simplify_difference found =
            compare_output(s, hone_context_output(a->context, i), hone_context_output(b->context, i));
        *same = *same && found.largest <= found.allowed;
        HN_TRY(note_difference(s, a, i, found));
    }
    return HONE_OK;
}

static hone_status compare_samples(hn_simplify *s, hn_simplify_side *original, runner *other, bool *same) {
    *same = hone_engine_output_count(original->runner.engine) == hone_engine_output_count(other->engine);
    s->differences.n = 0;
    for (int k = 0; k < s->options.samples && *same; k++) {
        if (original->sample != k) {
            original->sample = -1;
            HN_TRY(draw_inputs(s, original, k));
            HN_TRY(run(&original->runner, s, original));
            original->sample = k;
        }
        const hone_status status = run(other, s, original);
        if (status == HONE_OUT_OF_MEMORY) return status;
        if (status != HONE_OK) *same = false;
        else HN_TRY(compare_outputs(s, &original->runner, other, same));
    }
    return HONE_OK;
}

bool hn_simplify_has_other(const hn_simplify_side *side) { return side->other.context != NULL; }

hone_status hn_simplify_compare(hn_simplify *s, hn_simplify_side *original, hn_model *model, bool *same) {
    if (!model) return compare_samples(s, original, &original->other, same);
    runner other;
    const char *path = hn_arena_format(&s->arena, "%s.after.plan", s->out);
    HN_TRY_ALLOC(path);
    HN_TRY(open_runner(s, original, model, path, &other, s->diag));
    const hone_status status = compare_samples(s, original, &other, same);
    close_runner(&other);
    return status;
}
