/* hone bench: measure, report, serve as a worker. */
#include <stdlib.h>
#include <string.h>
#include "bench.h"
#include "commands.h"
#include "console.h"
#include "hone/version.h"

enum { MOST_SHAPES = 32 };

typedef struct bench {
    const args *args;
    source source;
    bench_options options;
    const char *shapes[MOST_SHAPES]; /* --shapes as given; one NULL when there is none */
    inputs inputs[MOST_SHAPES];
    tensors sample[MOST_SHAPES];
    measurement done[MOST_SHAPES];
    int n;
    bool quiet; /* nothing but JSON or the worker's answers on standard output */
} bench;

/* ---- options ---- */

static void parse_percentiles(bench_options *o, const char *text) {
    while (*text) {
        char *end;
        const double p = strtod(text, &end);
        if (end == text || (*end && *end != ',') || p < 0 || p > 100 || o->n_percentile == 16)
            fail("--percentile: up to 16 numbers from 0 to 100 joined by commas, not '%s'", text);
        o->percentile[o->n_percentile++] = p;
        text = *end ? end + 1 : end;
    }
}

static void read_options(bench *b) {
    const args *a = b->args;
    bench_options *o = &b->options;
    o->warm_up = (double)arg_int(a, "warm-up", 200);
    o->duration = arg_number(a, "duration", 3);
    o->iterations = arg_int(a, "iterations", 10);
    o->average = arg_int(a, "avg-runs", 10);
    o->streams = (int)arg_int(a, "streams", 1);
    parse_percentiles(o, arg_text(a, "percentile", "90,95,99"));
    if (o->iterations < 1 || o->average < 1) fail("--iterations and --avg-runs: at least 1");
    if (o->streams < 1 || o->streams > 1024) fail("--streams: from 1 to 1024");
    if (o->warm_up < 0 || o->duration < 0) fail("--warm-up and --duration: not below 0");
    for (int i = 0; i < a->n_given; i++) {
        if (strcmp(a->given[i].flag->name, "shapes") != 0) continue;
        if (b->n == MOST_SHAPES) fail("--shapes: at most %d times", MOST_SHAPES);
        b->shapes[b->n++] = a->given[i].value;
    }
    if (!b->n) b->n = 1;
    b->quiet = arg_given(a, "json") || arg_given(a, "worker");
}

/* ---- inputs and engine ---- */

static void prepare(bench *b) {
    shape_list shapes[MOST_SHAPES];
    for (int i = 0; i < b->n; i++) {
        inputs_open(&b->inputs[i], &b->source, b->args, b->shapes[i], true);
        b->sample[i] = inputs_sample(&b->inputs[i], 0);
        shapes[i] = inputs_shapes(&b->sample[i]);
    }
    source_prepare(&b->source, b->args, shapes, b->n, false, NULL);
}

static void report_engine(const bench *b) {
    const source *s = &b->source;
    log_line('I', "Hone version: %s", hone_version());
    if (!s->is_plan) {
        log_line('I', "Start parsing network model.");
        log_line('I', "Finished parsing network model. Parse time: %g", s->parse_seconds);
        log_line('I', "Engine built in %g sec.", s->build_seconds);
    }
    log_line('I', "Loaded engine with size: %g MiB", (double)s->plan_bytes / (1 << 20));
    log_line('I', "Engine deserialized in %g sec.", s->load_seconds);
}

static void report_bindings(const bench *b, int i) {
    for (int k = 0; k < b->sample[i].n; k++) {
        const tensor *t = &b->sample[i].at[k];
        const char *shape = shape_text(hone_value_rank(t->value), hone_value_dims(t->value));
        if (tensors_find(&b->inputs[i].files, t->name))
            log_line('I', "Using values loaded from a file for input %s", t->name);
        else log_line('I', "Using random values for input %s", t->name);
        log_line('I', "Input binding for %s with dimensions %s is created.", t->name, shape);
    }
    log_line('I', "Starting inference");
}

static void measure_all(bench *b) {
    for (int i = 0; i < b->n; i++) {
        if (!b->quiet) report_bindings(b, i);
        measure(&b->source, b->args, &b->options, &b->sample[i], &b->done[i]);
        if (!b->quiet) report_measurement(&b->done[i], &b->options, arg_given(b->args, "verbose"));
    }
}

/* ---- results ---- */

static void print_json(const bench *b) {
    hn_str text;
    hn_str_init(&text, tool_arena());
    hn_json json;
    hn_json_init(&json, &text);
    hn_json_object(&json, NULL, false);
    hn_json_string(&json, "model", b->source.path);
    hn_json_string(&json, "version", hone_version());
    hn_json_string(&json, "device", "cpu");
    hn_json_string(&json, "precision", "fp32");
    hn_json_int(&json, "threads", hone_engine_threads(b->source.engine));
    hn_json_int(&json, "streams", b->options.streams);
    hn_json_number(&json, "build_seconds", b->source.build_seconds);
    hn_json_number(&json, "load_seconds", b->source.load_seconds);
    hn_json_int(&json, "plan_bytes", (int64_t)b->source.plan_bytes);
    write_measurements(&json, b->done, b->n, &b->options);
    hn_json_end_object(&json);
    printf("%s\n", text_done(&text));
}

static void finish(bench *b) {
    const args *a = b->args;
    if (!b->quiet && b->n > 1) report_table(b->done, b->n, &b->options);
    if (arg_given(a, "profile-layers") || arg_given(a, "export-profile")) {
        const layer_times layers = profile_layers(&b->source, a, &b->sample[0]);
        if (!b->quiet && arg_given(a, "profile-layers")) report_layers(&layers);
        if (arg_given(a, "export-profile")) save_profile(arg_text(a, "export-profile", ""), &layers);
    }
    if (arg_given(a, "export-times")) save_times(arg_text(a, "export-times", ""), &b->done[0]);
    if (arg_given(a, "csv")) save_csv(arg_text(a, "csv", ""), &b->source, b->done, b->n, &b->options);
    if (arg_given(a, "json")) print_json(b);
}

static int run(bench *b) {
    if (arg_given(b->args, "worker")) {
        prepare(b);
        return serve_worker(&b->source, b->args, &b->options, &b->sample[0]);
    }
    if (!b->quiet) report_options(b->args, &b->source, &b->options);
    prepare(b);
    if (!b->quiet) report_engine(b);
    measure_all(b);
    finish(b);
    return GOOD;
}

/* Scripts look for the last line, also when the program ends early. */
static const bench *running;

static void print_failed(void) {
    if (running) printf("&&&& FAILED Hone.bench [Hone v%s] # %s\n", HONE_VERSION_STRING, running->args->line);
}

static void begin(const bench *b) {
    if (b->quiet) return;
    running = b;
    atexit(print_failed);
    printf("&&&& RUNNING Hone.bench [Hone v%s] # %s\n", HONE_VERSION_STRING, b->args->line);
}

static void end(const bench *b) {
    if (!b->quiet) printf("&&&& PASSED Hone.bench [Hone v%s] # %s\n", HONE_VERSION_STRING, b->args->line);
    running = NULL;
}

int command_bench(const args *a) {
    const char *path = arg_operand(a, 0, "a model or a plan");
    arg_no_more_operands(a, 1);
    bench *b = take(1, sizeof *b);
    b->args = a;
    read_options(b);
    begin(b);
    source_open(&b->source, a, path);
    const int status = run(b);
    end(b);
    for (int i = 0; i < b->n; i++) {
        tensors_free(&b->sample[i]);
        tensors_free(&b->inputs[i].files);
        free(b->done[i].query);
    }
    source_close(&b->source);
    return status;
}
