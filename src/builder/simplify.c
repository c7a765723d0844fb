/* The route of a simplification: read, run the passes, write under a temporary name, compare, keep or discard. */
#include "builder/simplify_steps.h"

#include <stddef.h>
#include <string.h>
#include "frontend/onnx/onnx.h"

#define GROWTH_SHARE 20   /* weights, and the file, may grow by one part in so many */
#define SMALL_GROWTH 1024 /* bytes that a file may always grow: names take some */

/* Passes to leave out, one list after the other, while the result is too large. */
static const char *const leaner[] = {NULL, "fold_constants,bn_fold,affine_fold", "all"};
#define N_LEANER (sizeof leaner / sizeof *leaner)

/* ---- passes ---- */

static bool note_change(void *user, const char *pass) {
    hn_simplify *s = user;
    if (!hn_vec_push(&s->arena, &s->changes, pass)) return false;
    return s->changes.n < s->most_changes;
}

static bool pass_progress(void *user, double share, const char *what) {
    const hn_simplify *s = user;
    const hone_simplify_options *o = &s->options;
    return !o->progress || o->progress(o->progress_user, 0.05 + 0.25 * share, what, -1);
}

/* Composite operators that can be recovered, and the passes that do it. */
static const char *const composite[][2] = {{"gelu", "gelu_fuse"},
                                           {"layernorm", "layernorm_fuse"},
                                           {"activation", "activation_fuse"},
                                           {"attention", "attention_fuse"}};
#define N_COMPOSITE (sizeof composite / sizeof *composite)

/* Everything that is left out, as one list; NULL: out of memory. */
static const char *left_out(hn_simplify *s) {
    hn_str list;
    hn_str_init(&list, &s->arena);
    hn_str_add(&list, "%s,%s", s->options.skip ? s->options.skip : "", s->leaner ? s->leaner : "");
    for (size_t i = 0; i < N_COMPOSITE; i++)
        if (!hn_passes_listed(s->options.recover, composite[i][0], strlen(composite[i][0])))
            hn_str_add(&list, ",%s", composite[i][1]);
    return hn_str_text(&list);
}

static bool is_all(const char *list) { return list && strcmp(list, "all") == 0; }

hone_status hn_simplify_passes(hn_simplify *s, hn_model *model, size_t most_changes) {
    const char *skip = left_out(s);
    HN_TRY_ALLOC(skip);
    const hn_passes_options options = {.pipeline = s->pipeline,
                                       .group = true,
                                       .skip = skip,
                                       .progress = pass_progress,
                                       .changed = note_change,
                                       .user = s};
    model->growth_left = (int64_t)(hn_simplify_bytes(model) / GROWTH_SHARE);
    model->fold_limit = s->options.fold_limit;
    s->changes.n = 0;
    s->most_changes = most_changes;
    if (!most_changes || is_all(s->options.skip) || is_all(s->leaner)) return HONE_OK;
    return hn_passes_run(model, &options, s->diag);
}

/* ---- the check ---- */

/* Is the model as the first `n` changes leave it still the same? */
static hone_status try_changes(hn_simplify *s, hn_simplify_side *original, size_t n, bool *same) {
    hn_model *model;
    HN_TRY(hn_simplify_load(s, true, &model));
    hone_status status = hn_simplify_passes(s, model, n);
    if (status == HONE_OK) status = hn_simplify_compare(s, original, model, same);
    hn_model_destroy(&model);
    return status;
}

/* The first change behind which outputs differ, by halving. */
static hone_status bisect(hn_simplify *s, hn_simplify_side *original) {
    size_t good = 0, bad = s->changes.n;
    while (bad - good > 1) {
        const size_t middle = good + (bad - good) / 2;
        bool same;
        HN_TRY(try_changes(s, original, middle, &same));
        if (same) good = middle;
        else bad = middle;
    }
    bool same;
    HN_TRY(try_changes(s, original, bad, &same)); /* leaves its list of changes */
    if (!same && s->changes.n) s->guilty = s->changes.at[s->changes.n - 1];
    return HONE_OK;
}

static hone_status mismatch(hn_simplify *s, hn_simplify_side *original) {
    HN_TRY(bisect(s, original));
    const size_t first = s->diag ? s->diag->n : 0;
    const hn_simplify_difference *worst = s->differences.n ? &s->differences.at[0] : NULL;
    for (size_t i = 1; i < s->differences.n; i++)
        if (s->differences.at[i].largest > worst->largest) worst = &s->differences.at[i];
    hn_diag_add(s->diag, HONE_ERROR, HONE_INTERNAL,
                "the simplified model gives other outputs ('%s' differs by %.3g, %.3g is allowed); the first pass that "
                "changes them is %s",
                worst ? worst->output : "", worst ? worst->largest : 0, worst ? worst->allowed : 0,
                s->guilty ? s->guilty : "not known");
    if (s->guilty) hn_diag_hint(s->diag, first, "leave out the pass %s, and report this model", s->guilty);
    return HONE_INTERNAL;
}

static hone_status compare(hn_simplify *s, hn_simplify_side *original) {
    bool same;
    const size_t changes = s->changes.n;
    if (hn_simplify_has_other(original)) HN_TRY(hn_simplify_compare(s, original, NULL, &same));
    else HN_TRY(try_changes(s, original, SIZE_MAX, &same));
    s->verdict = same ? HN_SIMPLIFY_SAME : HN_SIMPLIFY_DIFFERS;
    s->changes.n = changes;
    return same ? HONE_OK : mismatch(s, original);
}

/* Uses the model up. */
static hone_status check(hn_simplify *s, hn_model **model) {
    hn_simplify_side *original = NULL;
    if (s->options.samples < 0) {
        s->unchecked = "not asked for";
        return HONE_OK;
    }
    if (s->unknown) {
        s->unchecked = hn_arena_format(&s->arena, "Hone has no operator '%s': such nodes stay as they are", s->unknown);
        HN_TRY_ALLOC(s->unchecked);
    } else {
        HN_TRY(hn_simplify_open_side(s, model, &original));
    }
    if (!original) {
        const size_t first = s->diag ? s->diag->n : 0;
        hn_diag_add(s->diag, HONE_WARNING, HONE_OK, "the result could not be checked: %s", s->unchecked);
        if (s->unknown) hn_diag_hint(s->diag, first, "give a plugin that has it (--plugin FILE)");
        return HONE_OK;
    }
    const hone_status status = compare(s, original);
    hn_simplify_close_side(&original);
    return status;
}

/* ---- the route ---- */

static hone_status report(const hn_simplify *s, double share, const char *what) {
    const hone_simplify_options *o = &s->options;
    if (!o->progress || o->progress(o->progress_user, share, what, -1)) return HONE_OK;
    HN_FAIL(s->diag, HONE_CANCELLED, "cancelled");
}

static hone_status note_unknown(hn_simplify *s, const hn_model *model) {
    const hn_node *node = hn_ir_find_unknown(model->main);
    if (!node || s->unknown) return HONE_OK;
    s->unknown = hn_arena_string(&s->arena, node->op->name, strlen(node->op->name));
    return s->unknown ? HONE_OK : HONE_OUT_OF_MEMORY;
}

static hone_status make(hn_simplify *s, hn_model *model, hn_onnx_pending *pending) {
    const hn_onnx_write_options how = {.opset = s->options.opset, .external_above = s->options.external_above};
    HN_TRY(note_unknown(s, model));
    HN_TRY(hn_simplify_count(s, model, false));
    s->before.bytes = hn_simplify_bytes(model);
    HN_TRY(hn_simplify_passes(s, model, SIZE_MAX));
    HN_TRY(hn_simplify_count(s, model, true));
    HN_TRY(report(s, 0.3, "writing"));
    HN_TRY(hn_onnx_write(model, s->out, &how, pending, s->diag));
    s->after.bytes = pending->bytes;
    return HONE_OK;
}

static bool is_too_large(const hn_simplify *s) {
    return s->after.bytes > s->before.bytes + s->before.bytes / GROWTH_SHARE + SMALL_GROWTH;
}

/* Reads, simplifies and writes the model. What the file's opset has in one node stays one node, unless the file can
 * only be written in another opset. */
static hone_status make_once(hn_simplify *s, hn_model **model, hn_onnx_pending *pending) {
    const size_t first = s->diag ? s->diag->n : 0;
    HN_TRY(hn_simplify_load(s, true, model));
    hone_status status = make(s, *model, pending);
    if (status != HONE_UNSUPPORTED || s->expand) return status;
    hn_model_destroy(model);
    hn_diag_rewind(s->diag, first);
    s->expand = true;
    HN_TRY(hn_simplify_load(s, true, model));
    return make(s, *model, pending);
}

/* The model as it is written, under a temporary name. */
static hone_status make_small(hn_simplify *s, hn_model **model, hn_onnx_pending *pending) {
    for (size_t i = 0; i < N_LEANER; i++) {
        s->leaner = leaner[i];
        const hone_status status = make_once(s, model, pending);
        if (status == HONE_OK && (!is_too_large(s) || i + 1 == N_LEANER)) break;
        hn_model_destroy(model);
        HN_TRY(status);
        hn_onnx_abort(pending);
    }
    if (s->leaner)
        hn_diag_add(s->diag, HONE_WARNING, HONE_OK, "the file would have grown by more than 5 %%: left out: %s",
                    s->leaner);
    return HONE_OK;
}

hone_status hn_simplify_run(hn_simplify *s) {
    hn_onnx_pending pending;
    hn_model *model = NULL;
    HN_TRY(report(s, 0, "reading"));
    HN_TRY(make_small(s, &model, &pending));
    hone_status status = report(s, 0.4, "checking");
    if (status == HONE_OK) status = check(s, &model);
    hn_model_destroy(&model);
    if (status == HONE_OK) return hn_onnx_commit(&pending, s->diag);
    hn_onnx_abort(&pending);
    return status;
}

/* ---- options ---- */

static hone_status check_skip(const char *list, hn_diag *diag) {
    if (!list || strcmp(list, "all") == 0) return HONE_OK;
    while (*list) {
        const size_t n = strcspn(list, ",");
        if (!hn_passes_know(&hn_pipeline_simplify, list, n))
            return hn_passes_unknown(&hn_pipeline_simplify, list, n, diag);
        list += n + (list[n] == ',');
    }
    return HONE_OK;
}

static hone_status check_recover(const char *list, hn_diag *diag) {
    while (list && *list) {
        const size_t n = strcspn(list, ",");
        bool known = false;
        for (size_t i = 0; i < N_COMPOSITE; i++) known = known || hn_passes_listed(composite[i][0], list, n);
        if (!known)
            HN_FAIL(
                diag, HONE_INVALID_ARGUMENT,
                "'%.*s' cannot be recovered; gelu, layernorm, activation and attention can, where the opset has them",
                (int)n, list);
        list += n + (list[n] == ',');
    }
    return HONE_OK;
}

static hone_simplify_options with_defaults(const hone_simplify_options *given) {
    hone_simplify_options o = {.size = sizeof o};
    if (given) memcpy(&o, given, given->size < sizeof o ? given->size : sizeof o);
    if (o.samples == 0) o.samples = 1;
    if (o.rtol <= 0) o.rtol = 1e-4;
    if (o.atol <= 0) o.atol = 1e-5;
    return o;
}

hone_status hone_simplify(const char *in, const char *out, const hone_simplify_options *options,
                          hone_messages *messages, char **json) {
    if (json) *json = NULL;
    if (!in || !out) HN_FAIL(messages, HONE_INVALID_ARGUMENT, "a model and a place for the result are needed");
    hn_simplify s = {
        .in = in, .out = out, .options = with_defaults(options), .pipeline = &hn_pipeline_simplify, .diag = messages};
    HN_TRY(check_skip(s.options.skip, messages));
    HN_TRY(check_recover(s.options.recover, messages));
    hn_arena_init(&s.arena, s.options.allocator);
    hone_status status = hn_simplify_run(&s);
    if (json && (status == HONE_OK || s.verdict == HN_SIMPLIFY_DIFFERS)) {
        const hone_status written = hn_simplify_report(&s, json);
        if (status == HONE_OK) status = written;
    }
    hn_arena_free(&s.arena);
    return status;
}
