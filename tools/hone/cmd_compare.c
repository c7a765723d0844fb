/* hone compare: accuracy between two sources of outputs. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "commands.h"
#include "compare.h"
#include "console.h"
#include "runner.h"
#include "base/json.h"

/* ---- sources ---- */

static bool is_stored(const char *path) {
    if (is_folder(path)) return true;
    const size_t n = strlen(path);
    return n > 4 && strcmp(path + n - 4, ".npz") == 0;
}

static void open_side(side *s, const args *a, const char *path, bool optimize) {
    *s = (side){.path = path};
    if (is_stored(path)) {
        s->kind = STORED;
        load_all(&s->stored, path, &(expectation){0});
        return;
    }
    source_open(&s->source, a, path);
    s->source.want_report = arg_given(a, "layers");
    s->kind = s->source.is_plan || optimize ? ENGINE : REFERENCE;
}

static void prepare_side(side *s, const args *a, const tensors *in) {
    if (s->kind == STORED) return;
    const tensors own = side_inputs(s, in);
    const shape_list shapes = inputs_shapes(&own);
    source_prepare(&s->source, a, &shapes, 1, s->kind == REFERENCE, NULL);
    s->context = new_context(&s->source, a);
}

static void close_side(side *s) {
    hone_context_destroy(&s->context);
    tensors_free(&s->stored);
    source_close(&s->source);
}

static const char *side_text(const side *s) {
    static const char *const what[] = {"reference of ", "", "stored outputs "};
    return text_of("%s%s", what[s->kind], s->path);
}

tensors side_inputs(const side *s, const tensors *in) {
    tensors own = {0};
    for (int i = 0; i < s->source.n_input; i++) {
        const char *name = s->source.input[i].name;
        const tensor *t = tensors_find(in, name);
        if (!t && i < in->n) t = &in->at[i];
        if (!t) fail("%s has an input '%s' that the other source has not", s->path, name);
        tensors_add(&own, name, value_copy(t->value));
    }
    return own;
}

/* ---- outputs ---- */

/* Stored outputs of several samples carry "sample_N/" before their names. */
static tensors stored_sample(const side *s, int64_t sample, int64_t samples) {
    tensors out = {0};
    const char *prefix = text_of("sample_%" PRId64 "/", sample);
    const size_t n = strlen(prefix);
    for (int i = 0; i < s->stored.n; i++) {
        const char *name = s->stored.at[i].name;
        if (strncmp(name, prefix, n) == 0) tensors_add(&out, name + n, value_copy(s->stored.at[i].value));
        else if (samples == 1) tensors_add(&out, name, value_copy(s->stored.at[i].value));
    }
    if (!out.n) fail("%s holds no outputs of sample %" PRId64, s->path, sample);
    return out;
}

static tensors side_outputs(side *s, const args *a, const tensors *in, int64_t sample, int64_t samples) {
    if (s->kind == STORED) return stored_sample(s, sample, samples);
    tensors own = side_inputs(s, in);
    tensors all = run_inputs(s->context, &s->source, a, &own), out = tensors_flat(&all);
    tensors_free(&own);
    tensors_free(&all);
    return out;
}

comparison *comparisons_add(comparisons *list, const char *name, const char *other_name) {
    list->at = grow(list->at, (size_t)list->n + 1, sizeof *list->at);
    list->at[list->n] = (comparison){.name = name, .other_name = other_name, .op = "", .shape = ""};
    return &list->at[list->n++];
}

/* Which output of B stands against each of A: by name, else by position. */
static void match_outputs(comparisons *list, const tensors *a, const tensors *b) {
    bool by_name = true;
    for (int i = 0; i < a->n; i++) by_name = by_name && tensors_find(b, a->at[i].name);
    if (!by_name) note("the names of the outputs differ: they are compared by position");
    if (a->n != b->n) note("A has %d outputs, B has %d", a->n, b->n);
    for (int i = 0; i < a->n && (by_name || i < b->n); i++) {
        const char *name = a->at[i].name, *other = by_name ? name : b->at[i].name;
        const char *own = text_copy(name, strlen(name));
        (void)comparisons_add(list, own, by_name ? own : text_copy(other, strlen(other)));
    }
    if (!list->n) fail("there is no output to compare");
}

static void compare_sample(comparisons *list, const tensors *a, const tensors *b, const tolerance *t) {
    if (!list->n) match_outputs(list, a, b);
    for (int i = 0; i < list->n; i++) {
        comparison *c = &list->at[i];
        const tensor *x = tensors_find(a, c->name), *y = tensors_find(b, c->other_name);
        if (!x || !y) fail("output '%s' is missing in a sample", c->name);
        c->shape = shape_text(hone_value_rank(x->value), hone_value_dims(x->value));
        if (hone_value_dtype(x->value) != hone_value_dtype(y->value) && !c->metrics.samples)
            note("output '%s' is %s in A and %s in B", c->name, hone_dtype_name(hone_value_dtype(x->value)),
                 hone_dtype_name(hone_value_dtype(y->value)));
        metrics_add(&c->metrics, x->value, y->value, t);
    }
}

/* ---- reports ---- */

static const char *share_text(int64_t part, int64_t all) {
    return all ? text_of("%.2f %%", 100 * (double)part / (double)all) : "-";
}

static const char *verdict(const metrics *m, const tolerance *t) {
    if (m->other_shape) return "other shape";
    if (m->unlike) return text_of("%" PRId64 " unlike", m->unlike);
    return metrics_pass(m, t) ? "good" : "differs";
}

static void print_table(const comparisons *list, const tolerance *t, bool layers) {
    table out = {.align = layers ? "lllrrrrr"
                                   "l"
                                 : "llrrrrrrrrl"};
    static const char *const head[] = {"max_abs", "mean_abs", "rmse", "cosine", "psnr dB"};
    table_add(&out, layers ? "value" : "output");
    if (layers) table_add(&out, "step");
    table_add(&out, "shape");
    for (int i = 0; i < 5; i++) table_add(&out, "%s", head[i]);
    if (!layers) table_add(&out, "top-1"), table_add(&out, "top-5"), table_add(&out, "allowed");
    table_add(&out, "%s", "");
    for (int i = 0; i < list->n; i++) {
        const comparison *c = &list->at[i];
        const metrics *m = &c->metrics;
        table_add(&out, "%s", c->name);
        if (layers) table_add(&out, "%s", c->op);
        table_add(&out, "%s", c->shape);
        table_add(&out, "%.3g", m->max_abs), table_add(&out, "%.3g", metrics_mean(m));
        table_add(&out, "%.3g", metrics_rmse(m)), table_add(&out, "%.7f", m->cosine);
        table_add(&out, "%.1f", metrics_psnr(m));
        if (!layers) {
            table_add(&out, "%s", share_text(m->top1, m->rows)), table_add(&out, "%s", share_text(m->top5, m->rows));
            table_add(&out, "%.3g", m->allowed);
        }
        table_add(&out, "%s", verdict(m, t));
    }
    table_print(stdout, &out);
}

static void write_comparisons(hn_json *json, const char *key, const comparisons *list, const tolerance *t) {
    hn_json_array(json, key, list->n == 0);
    for (int i = 0; i < list->n; i++) {
        const comparison *c = &list->at[i];
        const metrics *m = &c->metrics;
        hn_json_object(json, NULL, false);
        hn_json_string(json, "name", c->name);
        if (strcmp(c->name, c->other_name) != 0) hn_json_string(json, "name_in_b", c->other_name);
        if (*c->op) hn_json_string(json, "step", c->op);
        hn_json_string(json, "shape", c->shape);
        hn_json_bool(json, "pass", metrics_pass(m, t));
        hn_json_bool(json, "same_shape", !m->other_shape);
        hn_json_int(json, "elements", m->count);
        hn_json_int(json, "not_finite_in_one", m->unlike);
        hn_json_number(json, "max_abs", m->max_abs);
        hn_json_number(json, "mean_abs", metrics_mean(m));
        hn_json_number(json, "rmse", metrics_rmse(m));
        hn_json_number(json, "cosine", m->cosine);
        hn_json_number(json, "psnr_db", metrics_psnr(m));
        if (m->rows) hn_json_number(json, "top1", (double)m->top1 / (double)m->rows);
        if (m->rows) hn_json_number(json, "top5", (double)m->top5 / (double)m->rows);
        hn_json_number(json, "allowed", m->allowed);
        hn_json_end_object(json);
    }
    hn_json_end_array(json);
}

static bool all_pass(const comparisons *list, const tolerance *t) {
    bool pass = true;
    for (int i = 0; i < list->n; i++) pass = pass && metrics_pass(&list->at[i].metrics, t);
    return pass;
}

static void print_failures(const comparisons *list, const tolerance *t) {
    for (int i = 0; i < list->n; i++) {
        const metrics *m = &list->at[i].metrics;
        if (metrics_pass(m, t) || m->other_shape) continue;
        printf("  %s: element %" PRId64 " is %.9g in A and %.9g in B\n", list->at[i].name, m->worst, m->worst_a,
               m->worst_b);
    }
}

typedef struct compare_run {
    const args *args;
    side a, b;
    inputs inputs;
    tolerance tolerance;
    comparisons outputs, layers;
    int64_t samples;
    bool counts_differ;
} compare_run;

static bool passes(const compare_run *r) { return all_pass(&r->outputs, &r->tolerance) && !r->counts_differ; }

static void print_result(const compare_run *r) {
    printf("A: %s\nB: %s\n", side_text(&r->a), side_text(&r->b));
    print_table(&r->outputs, &r->tolerance, false);
    if (r->layers.n) {
        printf("layers:\n");
        print_table(&r->layers, &r->tolerance, true);
    }
    const bool good = passes(r);
    print_failures(&r->outputs, &r->tolerance);
    printf("%s%s%s over %" PRId64 " sample%s\n", style_on(stdout, good ? GREEN : RED), good ? "good" : "differs",
           style_off(stdout), r->samples, r->samples == 1 ? "" : "s");
}

static void print_json(const compare_run *r) {
    hn_str text;
    hn_str_init(&text, tool_arena());
    hn_json json;
    hn_json_init(&json, &text);
    hn_json_object(&json, NULL, false);
    hn_json_string(&json, "a", side_text(&r->a));
    hn_json_string(&json, "b", side_text(&r->b));
    hn_json_int(&json, "samples", r->samples);
    hn_json_bool(&json, "pass", passes(r));
    hn_json_number(&json, "rtol", r->tolerance.rtol);
    hn_json_number(&json, "atol", r->tolerance.atol);
    if (r->tolerance.min_cosine >= -1) hn_json_number(&json, "min_cosine", r->tolerance.min_cosine);
    write_comparisons(&json, "outputs", &r->outputs, &r->tolerance);
    if (arg_given(r->args, "layers")) write_comparisons(&json, "layers", &r->layers, &r->tolerance);
    hn_json_end_object(&json);
    printf("%s\n", text_done(&text));
}

/* ---- the run ---- */

static tolerance read_tolerance(const args *a) {
    const tolerance t = {arg_number(a, "rtol", 5e-5), arg_number(a, "atol", 1e-5), arg_number(a, "min-cosine", -2),
                         arg_given(a, "rtol") || arg_given(a, "atol")};
    if (t.rtol < 0 || t.atol < 0) fail("--rtol and --atol: not below 0");
    return t;
}

static void open_sides(compare_run *r) {
    const args *a = r->args;
    const char *left = arg_operand(a, 0, "two sources"), *right = a->n_operand > 1 ? a->operand[1] : left;
    arg_no_more_operands(a, 2);
    open_side(&r->a, a, left, false);
    if (a->n_operand < 2 && r->a.kind != REFERENCE) (void)arg_operand(a, 1, "two sources, or one model");
    open_side(&r->b, a, right, a->n_operand < 2);
    if (arg_given(a, "layers") && (r->a.kind == STORED || r->b.kind == STORED))
        fail("--layers: stored outputs have no layers");
}

/* The side that says what the inputs are: a plan before a model, since it knows which shapes it is tuned for. */
static const side *leading_side(const compare_run *r) {
    const side *both[] = {&r->a, &r->b};
    for (int i = 0; i < 2; i++)
        if (both[i]->source.is_plan) return both[i];
    for (int i = 0; i < 2; i++)
        if (both[i]->kind != STORED) return both[i];
    return NULL;
}

static void open_inputs(compare_run *r) {
    const side *with = leading_side(r);
    const args *a = r->args;
    const bool given = arg_given(a, "input") || arg_given(a, "inputs") || arg_given(a, "random");
    if (!with) return;
    if ((r->a.kind == STORED || r->b.kind == STORED) && !given)
        fail_hint("give --inputs FILE.npz, or --random with the seed used then",
                  "stored outputs can only be compared on the inputs that they came from");
    inputs_open(&r->inputs, &with->source, a, arg_text(a, "shapes", NULL), true);
}

static void compare_all(compare_run *r) {
    progress bar;
    progress_start(&bar);
    r->samples = r->inputs.source ? r->inputs.samples : 1;
    for (int64_t k = 0; k < r->samples; k++) {
        tensors in = {0};
        if (r->inputs.source) in = inputs_sample(&r->inputs, k);
        if (k == 0) prepare_side(&r->a, r->args, &in), prepare_side(&r->b, r->args, &in);
        tensors a = side_outputs(&r->a, r->args, &in, k, r->samples),
                b = side_outputs(&r->b, r->args, &in, k, r->samples);
        r->counts_differ = r->counts_differ || a.n != b.n;
        compare_sample(&r->outputs, &a, &b, &r->tolerance);
        if (k == 0 && arg_given(r->args, "layers")) r->layers = compare_layers(&r->a, &r->b, &in, &r->tolerance);
        tensors_free(&a), tensors_free(&b), tensors_free(&in);
        if (r->samples > 1) progress_show(&bar, (double)(k + 1) / (double)r->samples, "samples", -1);
    }
    progress_end(&bar);
}

int command_compare(const args *a) {
    compare_run r = {.args = a, .tolerance = read_tolerance(a)};
    open_sides(&r);
    open_inputs(&r);
    compare_all(&r);
    if (arg_given(a, "json")) print_json(&r);
    else print_result(&r);
    const int status = passes(&r) ? GOOD : DIFFERS;
    tensors_free(&r.inputs.files);
    close_side(&r.a), close_side(&r.b);
    free(r.outputs.at), free(r.layers.at);
    return status;
}
