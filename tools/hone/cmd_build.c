/* hone build: model to plan. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "commands.h"
#include "console.h"
#include "metadata.h"
#include "source.h"
#include "step_table.h"

/* ---- profiles from the command line ---- */

enum { MOST_PROFILES = 64 };

typedef struct profile {
    shape_list bound[3]; /* by hone_profile_bound */
} profile;

typedef struct profiles {
    profile at[MOST_PROFILES];
    int n;
} profiles;

static void set_bound(profiles *p, int number, hone_profile_bound bound, const char *option, const char *text) {
    if (number < 0 || number >= MOST_PROFILES) fail("--profile: numbers go from 0 to %d", MOST_PROFILES - 1);
    if (p->at[number].bound[bound].n) fail("--%s: given twice for profile %d", option, number);
    p->at[number].bound[bound] = parse_shapes(option, text);
    if (number >= p->n) p->n = number + 1;
}

static void read_profiles(const args *a, profiles *p) {
    int number = 0;
    for (int i = 0; i < a->n_given; i++) {
        const char *name = a->given[i].flag->name, *value = a->given[i].value;
        if (strcmp(name, "profile") == 0) number = (int)strtol(value, NULL, 10);
        else if (strcmp(name, "min-shapes") == 0) set_bound(p, number, HONE_PROFILE_MIN, name, value);
        else if (strcmp(name, "opt-shapes") == 0) set_bound(p, number, HONE_PROFILE_OPT, name, value);
        else if (strcmp(name, "max-shapes") == 0) set_bound(p, number, HONE_PROFILE_MAX, name, value);
        else if (strcmp(name, "shapes") == 0) set_bound(p, number, HONE_PROFILE_OPT, name, value);
    }
}

static const int64_t *dims_of(const shape_list *list, const char *name, int rank, int number) {
    const named_shape *s = find_shape(list, name);
    if (s && s->rank != rank)
        fail("profile %d: input '%s' has %d dimensions in one range option and %d in another", number, name, s->rank,
             rank);
    return s ? s->dim : NULL;
}

/* An input's range from whichever bounds were given: a missing opt lies at max, missing ends at opt. */
static void add_input(hone_build_config *config, const profile *p, int number, const char *name, int rank,
                      hone_messages *messages) {
    const int64_t *min = dims_of(&p->bound[HONE_PROFILE_MIN], name, rank, number);
    const int64_t *opt = dims_of(&p->bound[HONE_PROFILE_OPT], name, rank, number);
    const int64_t *max = dims_of(&p->bound[HONE_PROFILE_MAX], name, rank, number);
    if (!opt) opt = max ? max : min;
    require(hone_build_config_profile(config, number, name, rank, min, opt, max, messages), messages, name);
}

static bool seen_before(const profile *p, int bound, const char *name) {
    for (int b = 0; b < bound; b++)
        if (find_shape(&p->bound[b], name)) return true;
    return false;
}

static void add_profiles(const args *a, hone_build_config *config, hone_messages *messages) {
    profiles *all = take(1, sizeof *all);
    read_profiles(a, all);
    for (int n = 0; n < all->n; n++) {
        const profile *p = &all->at[n];
        for (int b = 0; b < 3; b++)
            for (int i = 0; i < p->bound[b].n; i++) {
                const named_shape *s = &p->bound[b].at[i];
                if (!seen_before(p, b, s->name)) add_input(config, p, n, s->name, s->rank, messages);
            }
    }
}

/* ---- the summary ---- */

typedef struct step_counts {
    int kernels, plugins, references, others;
} step_counts;

static step_counts count_steps(const json_t *report) {
    size_t i;
    json_t *step;
    step_counts n = {0};
    json_array_foreach(json_object_get(report, "steps"), i, step) {
        const char *kind = json_string_value(json_object_get(step, "kind"));
        if (strcmp(kind, "kernel") == 0) n.kernels++;
        else if (strcmp(kind, "plugin") == 0) n.plugins++;
        else if (strcmp(kind, "reference") == 0) n.references++;
        else n.others++;
    }
    return n;
}

static void print_row(const char *what, const char *value) {
    printf("  %s%-10s%s %s\n", style_on(stdout, BOLD), what, style_off(stdout), value);
}

/* Operator of a step that runs by its reference, NULL for others. */
static const char *fallback_op(const json_t *step) {
    const bool reference = strcmp(json_string_value(json_object_get(step, "kind")), "reference") == 0;
    return reference ? json_string_value(json_object_get(step, "op")) : NULL;
}

/* "Gather 3, NonZero 1": what no kernel took. */
static const char *reference_text(const json_t *report) {
    const json_t *steps = json_object_get(report, "steps");
    hn_str text;
    hn_str_init(&text, tool_arena());
    const size_t n = json_array_size(steps);
    for (size_t i = 0; i < n; i++) {
        const char *op = fallback_op(json_array_get(steps, i));
        size_t count = 0, earlier = 0;
        for (size_t k = 0; op && k < n; k++) {
            const char *other = fallback_op(json_array_get(steps, k));
            if (!other || strcmp(op, other) != 0) continue;
            count++, earlier += k < i;
        }
        if (op && !earlier) hn_str_add(&text, "%s%s %zu", text.n ? ", " : "", op, count);
    }
    return text_done(&text);
}

static const char *memory_text(const json_t *memory) {
    const char *arena = bytes_text((uint64_t)json_integer_value(json_object_get(memory, "arena_bytes")));
    const char *weights = bytes_text((uint64_t)json_integer_value(json_object_get(memory, "weights_bytes")));
    if (json_is_true(json_object_get(memory, "bounded"))) return text_of("weights %s, arena %s", weights, arena);
    return text_of("weights %s, arena unbounded: %s", weights, json_string_value(json_object_get(memory, "reason")));
}

static void print_summary(const char *path, double seconds, bool verbose) {
    char *text;
    json_t *report = plan_report(path, false, &text);
    const step_counts n = count_steps(report);
    const json_t *meta = json_object_get(report, "meta");
    const file_bytes file = read_file(path);
    printf("%sEngine built in %.3f sec.%s\n", style_on(stdout, GREEN), seconds, style_off(stdout));
    print_row("plan", text_of("%s, %s", path, bytes_text(file.n)));
    print_row("steps", text_of("%d by kernels, %s%d by reference, %d views, copies and control flow", n.kernels,
                               n.plugins ? text_of("%d by plugins, ", n.plugins) : "", n.references, n.others));
    if (n.references) print_row("reference", reference_text(report));
    print_row("target", text_of("%s, %s thread%s", json_string_value(json_object_get(meta, "features")),
                                json_string_value(json_object_get(meta, "threads")),
                                strcmp(json_string_value(json_object_get(meta, "threads")), "1") == 0 ? "" : "s"));
    print_row("profiles", json_string_value(json_object_get(meta, "profiles")));
    print_row("memory", memory_text(json_object_get(report, "memory")));
    if (verbose) print_steps(stdout, json_object_get(report, "steps"));
    json_decref(report);
    hone_text_destroy(&text);
}

/* ---- building ---- */

static bool on_progress(void *user, double share, const char *what, double left) {
    progress_show(user, share, what, left);
    return !interrupted();
}

/* The accuracy that the model file says was measured; NULL when it says nothing. */
static const char *known_accuracy(const hone_model *model) {
    char *text;
    json_t *report = model_report(model, &text);
    const char *accuracy = json_string_value(json_object_get(json_object_get(report, "metadata"), "accuracy"));
    const char *own = accuracy ? text_of("%s", accuracy) : NULL;
    json_decref(report);
    hone_text_destroy(&text);
    return own;
}

static void build(const args *a, hone_model *model, hone_build_config *config, const char *out,
                  hone_messages *messages) {
    progress bar;
    const char *accuracy = known_accuracy(model);
    progress_start(&bar);
    hone_build_config_progress(config, on_progress, &bar);
    const double start = seconds_now();
    const hone_status status = hone_build(model, config, out, messages);
    const double seconds = seconds_now() - start;
    progress_end(&bar);
    require(status, messages, out);
    print_messages(messages, arg_given(a, "verbose"));
    metadata_write(out, a->operand[0], seconds, accuracy);
    if (!arg_given(a, "json")) {
        print_summary(out, seconds, arg_given(a, "verbose"));
        return;
    }
    char *text;
    json_decref(plan_report(out, false, &text));
    fputs(text, stdout);
    hone_text_destroy(&text);
}

/* True when --if-needed finds the plan to be what would be made. */
static bool is_current(const args *a, const hone_model *model, const hone_build_config *config, const char *out,
                       hone_messages *messages) {
    bool current = false;
    if (!arg_given(a, "if-needed") || !file_exists(out)) return false;
    require(hone_build_is_current(model, config, out, messages, &current), messages, out);
    return current;
}

int command_build(const args *a) {
    const char *path = arg_operand(a, 0, "a model"), *out = arg_text(a, "output", NULL);
    arg_no_more_operands(a, 1);
    if (!out) fail_hint("hone build MODEL -o OUT.plan", "hone build needs -o OUT.plan");
    if (is_plan_file(path)) fail("%s is a plan already", path);
    if (arg_int(a, "jobs", 1) < 1) fail("--jobs: at least 1");
    if (arg_int(a, "jobs", 1) > 1) note("--jobs changes nothing: this version builds with one worker");
    hone_model *model;
    if (load_model(a, path, &model) != HONE_OK) return REFUSED;
    hone_messages *messages = new_messages();
    hone_build_config *config = build_config(a);
    add_profiles(a, config, messages);
    if (is_current(a, model, config, out, messages)) printf("%s is up to date\n", out);
    else build(a, model, config, out, messages);
    hone_build_config_destroy(&config);
    hone_model_destroy(&model);
    hone_messages_destroy(&messages);
    return GOOD;
}
