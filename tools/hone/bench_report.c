/* The report on standard output, line by line as trtexec prints it, with the words that fit a CPU. */
#include <inttypes.h>
#include <stdarg.h>
#include <string.h>
#include <time.h>
#include "base/cpu.h"
#include "bench.h"
#include "console.h"

void log_line(char severity, const char *format, ...) {
    char stamp[32];
    const time_t now = time(NULL);
    struct tm parts;
    strftime(stamp, sizeof stamp, "%m/%d/%Y-%H:%M:%S", localtime_r(&now, &parts));
    printf("[%s] [%c] ", stamp, severity);
    va_list values;
    va_start(values, format);
    vprintf(format, values);
    va_end(values);
    printf("\n");
}

void log_banner(const char *title) { log_line('I', "=== %s ===", title); }

/* ---- options ---- */

static const char *percentile_list(const bench_options *o) {
    hn_str text;
    hn_str_init(&text, tool_arena());
    for (int i = 0; i < o->n_percentile; i++) hn_str_add(&text, "%s%g", i ? "," : "", o->percentile[i]);
    return text_done(&text);
}

static const char *switch_text(const args *a, const char *name) { return arg_given(a, name) ? "Enabled" : "Disabled"; }

static void report_inputs(const args *a) {
    log_line('I', "Inputs:");
    for (int i = 0; i < a->n_given; i++) {
        const char *name = a->given[i].flag->name;
        if (strcmp(name, "input") == 0 || strcmp(name, "inputs") == 0) log_line('I', "  %s", a->given[i].value);
    }
    for (int i = 0; i < a->n_given; i++)
        if (strcmp(a->given[i].flag->name, "shapes") == 0) log_line('I', "Input shapes: %s", a->given[i].value);
}

static void report_device(const source *s) {
    char cpu[128];
    hn_cpu_model(cpu, sizeof cpu);
    log_banner("Device Information");
    log_line('I', "Selected Device: %s", cpu);
    log_line('I', "Threads: %d", s->engine ? hone_engine_threads(s->engine) : 0);
    log_line('I', "Data transfers: none (inputs and outputs are used in place)");
    log_line('I', "CUDA graph: not applicable");
    log_line('I', "Spin wait: workers of the thread pool, briefly");
    log_line('I', "%s", "");
}

void report_options(const args *a, const source *s, const bench_options *o) {
    log_banner("Model Options");
    log_line('I', "Format: %s", s->is_plan ? "Plan" : "ONNX");
    log_line('I', "Model: %s", s->path);
    log_banner("Build Options");
    log_line('I', "Precision: FP32");
    log_line('I', "Reference: %s", switch_text(a, "reference"));
    log_banner("System Options");
    log_line('I', "Device: CPU");
    log_banner("Inference Options");
    log_line('I', "Batch: Explicit");
    report_inputs(a);
    log_line('I', "Iterations: %" PRId64, o->iterations);
    log_line('I', "Duration: %gs (+ %gms warm up)", o->duration, o->warm_up);
    log_line('I', "Inference Streams: %d", o->streams);
    log_banner("Reporting Options");
    log_line('I', "Verbose: %s", switch_text(a, "verbose"));
    log_line('I', "Averages: %" PRId64 " inferences", o->average);
    log_line('I', "Percentiles: %s", percentile_list(o));
    log_line('I', "Profile: %s", switch_text(a, "profile-layers"));
    log_line('I', "Export timing to JSON file: %s", arg_text(a, "export-times", ""));
    log_line('I', "Export profile to JSON file: %s", arg_text(a, "export-profile", ""));
    log_line('I', "%s", "");
    report_device(s);
}

/* ---- one measurement ---- */

static double latency_of(const query *q) { return q->end_compute - q->start_compute; }

static void report_trace(const measurement *m, const bench_options *o) {
    log_banner("Trace details");
    log_line('I', "Trace averages of %" PRId64 " runs:", o->average);
    for (int64_t at = 0; at + o->average <= m->n; at += o->average) {
        double compute = 0, enqueue = 0;
        for (int64_t i = at; i < at + o->average; i++)
            compute += latency_of(&m->query[i]), enqueue += m->query[i].end_enqueue - m->query[i].start_enqueue;
        const double n = (double)o->average;
        log_line('I', "Average on %" PRId64 " runs - Compute latency: %g ms - Host latency: %g ms (enqueue %g ms)",
                 o->average, compute / n, compute / n, enqueue / n);
    }
    log_line('I', "%s", "");
}

static void report_statistics(const char *what, const statistics *s, const bench_options *o) {
    hn_str text;
    hn_str_init(&text, tool_arena());
    hn_str_add(&text, "%s: min = %g ms, max = %g ms, mean = %g ms, median = %g ms", what, s->min, s->max, s->mean,
               s->median);
    for (int i = 0; i < o->n_percentile; i++)
        hn_str_add(&text, ", percentile(%g%%) = %g ms", o->percentile[i], s->percentile[i]);
    log_line('I', "%s", text_done(&text));
}

static void report_warnings(const measurement *m) {
    const double variation = m->compute.mean > 0 ? m->compute.deviation / m->compute.mean * 100 : 0;
    if (variation > 2.5) {
        log_line('W', "* Compute time is unstable, with coefficient of variance = %g%%.", variation);
        log_line('W', "  A quieter machine, fixed clock frequencies or more --warm-up may improve the stability.");
    }
}

static void report_explanations(void) {
    static const char *const text[] = {
        "=== Explanations of the performance metrics ===",
        "Total Host Walltime: the host walltime from when the first query (after warmups) begins to when the last "
        "query ends.",
        "Compute Time: the time that the steps of a query take.",
        "Total Compute Time: the summation of the Compute Time of all the queries.",
        "Enqueue Time: the host time to set the inputs of a query.",
        "H2D Latency: the time to copy inputs to the device; 0 on a CPU.",
        "D2H Latency: the time to copy outputs from the device; 0 on a CPU.",
        "Latency: the summation of H2D Latency, Compute Time and D2H Latency. This is the latency to infer a single "
        "query.",
    };
    for (size_t i = 0; i < sizeof text / sizeof *text; i++) log_line('V', "%s", text[i]);
}

static void report_summary(const measurement *m, const bench_options *o) {
    log_banner("Performance summary");
    log_line('I', "Throughput: %g qps", m->wall_seconds > 0 ? (double)m->n / m->wall_seconds : 0);
    report_statistics("Latency", &m->latency, o);
    report_statistics("Enqueue Time", &m->enqueue, o);
    report_statistics("H2D Latency", &m->copy, o);
    report_statistics("Compute Time", &m->compute, o);
    report_statistics("D2H Latency", &m->copy, o);
    log_line('I', "Total Host Walltime: %g s", m->wall_seconds);
    log_line('I', "Total Compute Time: %g s", m->compute.mean * (double)m->n * 1e-3);
    log_line('I', "Memory: arena %s, scratch %s, outputs %s, heap %s", bytes_text(m->memory.arena),
             bytes_text(m->memory.scratch), bytes_text(m->memory.outputs), bytes_text(m->memory.heap));
}

void report_measurement(const measurement *m, const bench_options *o, bool verbose) {
    log_line('I', "Warmup completed %" PRId64 " queries over %g ms", m->warm_up_queries, m->warm_up_ms);
    log_line('I', "Timing trace has %" PRId64 " queries over %g s", m->n, m->wall_seconds);
    log_line('I', "%s", "");
    report_trace(m, o);
    report_summary(m, o);
    report_warnings(m);
    if (verbose) report_explanations();
    else log_line('I', "Explanations of the performance metrics are printed in the verbose logs.");
    log_line('I', "%s", "");
}

/* ---- tables ---- */

/* The median has a column of its own unless it is among the percentiles. */
static bool wants_median(const bench_options *o) {
    for (int i = 0; i < o->n_percentile; i++)
        if (o->percentile[i] == 50) return false;
    return true;
}

static void add_head(table *t, const bench_options *o) {
    static const char *const head[] = {"shapes", "items/s", "qps", "min ms", "mean"};
    for (size_t i = 0; i < sizeof head / sizeof *head; i++) table_add(t, "%s", head[i]);
    if (wants_median(o)) table_add(t, "median");
    for (int i = 0; i < o->n_percentile; i++) table_add(t, "p%g", o->percentile[i]);
    table_add(t, "memory");
}

static void add_measurement(table *t, const measurement *m, const bench_options *o) {
    const double qps = m->wall_seconds > 0 ? (double)m->n / m->wall_seconds : 0;
    const hone_memory *x = &m->memory;
    table_add(t, "%s", m->shapes);
    table_add(t, "%.1f", qps * (double)m->batch), table_add(t, "%.1f", qps);
    table_add(t, "%.4g", m->latency.min), table_add(t, "%.4g", m->latency.mean);
    if (wants_median(o)) table_add(t, "%.4g", m->latency.median);
    for (int i = 0; i < o->n_percentile; i++) table_add(t, "%.4g", m->latency.percentile[i]);
    table_add(t, "%s", bytes_text(x->arena + x->scratch + x->outputs + x->heap));
}

void report_table(const measurement *m, int n, const bench_options *o) {
    char align[32] = "lrrrrr";
    for (int i = 0; i < o->n_percentile + wants_median(o); i++) strcat(align, "r");
    table t = {.align = align};
    add_head(&t, o);
    for (int k = 0; k < n; k++) add_measurement(&t, &m[k], o);
    table_print(stdout, &t);
}

void report_layers(const layer_times *layers) {
    log_banner(text_of("Profile (%" PRId64 " iterations)", layers->runs));
    table t = {.align = "rrrrll"};
    static const char *const head[] = {"Time(ms)", "Avg.(ms)", "Median(ms)", "Time(%)", "Layer", "Operators"};
    for (size_t i = 0; i < sizeof head / sizeof *head; i++) table_add(&t, "%s", head[i]);
    double average = 0, median = 0;
    for (int i = 0; i < layers->n; i++) {
        const layer_time *l = &layers->at[i];
        table_add(&t, "%.2f", l->total), table_add(&t, "%.4f", l->average), table_add(&t, "%.4f", l->median);
        table_add(&t, "%.1f", layers->total > 0 ? l->total / layers->total * 100 : 0);
        table_add(&t, "%s", l->name), table_add(&t, "%s", l->op);
        average += l->average, median += l->median;
    }
    table_add(&t, "%.2f", layers->total), table_add(&t, "%.4f", average), table_add(&t, "%.4f", median);
    table_add(&t, "100.0"), table_add(&t, "Total"), table_add(&t, "%s", "");
    table_print(stdout, &t);
}
