/* hone run: execute, save or summarize the outputs. */
#include <inttypes.h>
#include <string.h>
#include "commands.h"
#include "console.h"
#include "inputs.h"
#include "runner.h"
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

static void tell_profile(const args *a, const hone_context *context) {
    if (arg_given(a, "verbose")) note("profile %d", hone_context_profile(context));
}

int command_run(const args *a) {
    const char *path = arg_operand(a, 0, "a model or a plan"), *to = arg_text(a, "outputs", NULL);
    arg_no_more_operands(a, 1);
    source s;
    source_open(&s, a, path);
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
    tell_profile(a, context);
    if (to) save_all(&all, to);
    if (!to || arg_given(a, "json")) show(a, &all);
    hone_context_destroy(&context);
    tensors_free(&all);
    tensors_free(&in.files);
    source_close(&s);
    return GOOD;
}
