/* hone run: execute, save or summarize the outputs. */
#include <inttypes.h>
#include <string.h>
#include "commands.h"
#include "console.h"
#include "elements.h"
#include "inputs.h"
#include "runner.h"
#include "step_table.h"
#include "summary.h"

/* Outputs of several samples are told apart by a folder in their name. */
static void add_sample(tensors *all, const tensors *one, int64_t sample, int64_t samples) {
    for (int i = 0; i < one->n; i++) {
        const char *name = samples > 1 ? text_of("sample_%" PRId64 "/%s", sample, one->at[i].name) : one->at[i].name;
        tensors_add(all, name, value_copy(one->at[i].value));
    }
}

static void show(const args *a, const tensors *out) {
    if (!arg_given(a, "json")) {
        print_summaries(out);
        return;
    }
    hn_str text;
    hn_str_init(&text, tool_arena());
    hn_json json;
    hn_json_init(&json, &text);
    hn_json_object(&json, NULL, false);
    write_summaries(&json, "outputs", out);
    hn_json_end_object(&json);
    printf("%s\n", text_done(&text));
}

/* ---- labels ---- */

static const hone_value *find_labels(const inputs *in, const tensors *out, const char *name) {
    const tensor *t = tensors_find(&in->files, name);
    if (!t) fail_hint("it must be an array of an --inputs file", "--labels: there is no array '%s'", name);
    const hone_value *logits = out->at[0].value;
    const int rank = hone_value_rank(logits);
    const int64_t classes = rank ? hone_value_dims(logits)[rank - 1] : 0;
    if (!is_integer_type(hone_value_dtype(t->value)) || classes < 1 ||
        value_count(t->value) * classes != value_count(logits))
        fail("--labels: '%s' (%s %s) does not give a class number for each row of output '%s' (%s)", name,
             hone_dtype_name(hone_value_dtype(t->value)),
             shape_text(hone_value_rank(t->value), hone_value_dims(t->value)), out->at[0].name,
             shape_text(rank, hone_value_dims(logits)));
    return t->value;
}

/* How many elements of a row are larger than the one that the label names; all when the label is no class. */
static int64_t place_of(const hone_value *logits, int64_t row, int64_t classes, double label) {
    if (label < 0 || label >= (double)classes) return classes;
    const double mine = element_get(logits, row * classes + (int64_t)label);
    int64_t above = 0;
    for (int64_t c = 0; c < classes; c++) above += element_get(logits, row * classes + c) > mine;
    return above;
}

static void print_accuracy(const inputs *in, const tensors *out, const char *name) {
    const hone_value *labels = find_labels(in, out, name), *logits = out->at[0].value;
    const int64_t rows = value_count(labels), classes = rows ? value_count(logits) / rows : 0;
    int64_t top1 = 0, top5 = 0;
    for (int64_t r = 0; r < rows; r++) {
        const int64_t place = place_of(logits, r, classes, element_get(labels, r));
        top1 += place == 0, top5 += place < 5;
    }
    const double all = rows ? (double)rows : 1;
    printf("Accuracy: top-1 %.2f %% (%" PRId64 " of %" PRId64 "), top-5 %.2f %%\n", 100 * (double)top1 / all, top1,
           rows, 100 * (double)top5 / all);
}

static void tell_choices(const args *a, const source *s, const hone_context *context) {
    if (!arg_given(a, "verbose")) return;
    print_steps(stderr, json_object_get(s->report, "steps"));
    note("profile %d", hone_context_profile(context));
}

int command_run(const args *a) {
    const char *path = arg_operand(a, 0, "a model or a plan"), *to = arg_text(a, "outputs", NULL);
    arg_no_more_operands(a, 1);
    if (to) check_outputs_path(to);
    source s;
    source_open(&s, a, path);
    s.want_report = arg_given(a, "verbose");
    inputs in;
    inputs_open(&in, &s, a, arg_text(a, "shapes", NULL), false);
    tensors first = inputs_sample(&in, 0);
    const shape_list shapes = inputs_shapes(&first);
    source_prepare(&s, a, &shapes, 1, false, NULL);
    hone_context *context = new_context(&s, a);
    tensors all = {0};
    progress bar;
    progress_start(&bar);
    for (int64_t k = 0; k < in.samples; k++) {
        tensors sample = k ? inputs_sample(&in, k) : first;
        tensors out = run_inputs(context, &s, a, &sample);
        add_sample(&all, &out, k, in.samples);
        tensors_free(&out);
        tensors_free(&sample);
        if (in.samples > 1) progress_show(&bar, (double)(k + 1) / (double)in.samples, "samples", -1);
    }
    progress_end(&bar);
    tell_choices(a, &s, context);
    if (to) save_all(&all, to);
    if (!to || arg_given(a, "json")) show(a, &all);
    if (arg_given(a, "labels")) print_accuracy(&in, &all, arg_text(a, "labels", ""));
    hone_context_destroy(&context);
    tensors_free(&all);
    tensors_free(&in.files);
    source_close(&s);
    return GOOD;
}
