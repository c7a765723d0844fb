/* Measurements as JSON and CSV. */
#include <inttypes.h>
#include <math.h>
#include <string.h>
#include "console.h"
#include "base/file.h"
#include "bench.h"

void save_text(const char *path, const hn_str *text) {
    hone_messages *messages = new_messages();
    require(hn_file_save(path, text_done(text), text->n, messages), messages, path);
    hone_messages_destroy(&messages);
}

/* ---- JSON ---- */

/* Milliseconds to the nanosecond: more digits say nothing. */
static void write_ms(hn_json *json, const char *key, double ms) { hn_json_number(json, key, round(ms * 1e6) / 1e6); }

static void write_statistics(hn_json *json, const char *key, const statistics *s, const bench_options *o) {
    hn_json_object(json, key, true);
    write_ms(json, "min", s->min);
    write_ms(json, "max", s->max);
    write_ms(json, "mean", s->mean);
    write_ms(json, "median", s->median);
    for (int i = 0; i < o->n_percentile; i++) write_ms(json, text_of("p%g", o->percentile[i]), s->percentile[i]);
    hn_json_end_object(json);
}

static void write_measurement(hn_json *json, const measurement *m, const bench_options *o) {
    const double qps = m->wall_seconds > 0 ? (double)m->n / m->wall_seconds : 0;
    hn_json_object(json, NULL, false);
    hn_json_string(json, "shapes", m->shapes);
    hn_json_int(json, "profile", m->profile);
    hn_json_int(json, "queries", m->n);
    hn_json_number(json, "wall_seconds", round(m->wall_seconds * 1e9) / 1e9);
    hn_json_number(json, "throughput_qps", qps);
    hn_json_number(json, "items_per_second", qps * (double)m->batch);
    write_statistics(json, "latency_ms", &m->latency, o);
    write_statistics(json, "enqueue_ms", &m->enqueue, o);
    write_statistics(json, "h2d_ms", &m->copy, o);
    write_statistics(json, "compute_ms", &m->compute, o);
    write_statistics(json, "d2h_ms", &m->copy, o);
    hn_json_object(json, "memory_bytes", true);
    hn_json_int(json, "arena", (int64_t)m->memory.arena);
    hn_json_int(json, "scratch", (int64_t)m->memory.scratch);
    hn_json_int(json, "outputs", (int64_t)m->memory.outputs);
    hn_json_int(json, "heap", (int64_t)m->memory.heap);
    hn_json_end_object(json);
    hn_json_end_object(json);
}

void write_measurements(hn_json *json, const measurement *m, int n, const bench_options *o) {
    hn_json_array(json, "measurements", false);
    for (int i = 0; i < n; i++) write_measurement(json, &m[i], o);
    hn_json_end_array(json);
}

void save_times(const char *path, const measurement *m) {
    hn_str text;
    hn_str_init(&text, tool_arena());
    hn_json json;
    hn_json_init(&json, &text);
    hn_json_array(&json, NULL, false);
    for (int64_t i = 0; i < m->n; i++) {
        const query *q = &m->query[i];
        const double compute = q->end_compute - q->start_compute;
        hn_json_object(&json, NULL, true);
        write_ms(&json, "startEnqMs", q->start_enqueue);
        write_ms(&json, "endEnqMs", q->end_enqueue);
        write_ms(&json, "startH2dMs", q->start_compute);
        write_ms(&json, "endH2dMs", q->start_compute);
        write_ms(&json, "startComputeMs", q->start_compute);
        write_ms(&json, "endComputeMs", q->end_compute);
        write_ms(&json, "startD2hMs", q->end_compute);
        write_ms(&json, "endD2hMs", q->end_compute);
        write_ms(&json, "h2dMs", 0);
        write_ms(&json, "computeMs", compute);
        write_ms(&json, "d2hMs", 0);
        write_ms(&json, "latencyMs", compute);
        hn_json_end_object(&json);
    }
    hn_json_end_array(&json);
    hn_str_append(&text, "\n", 1);
    save_text(path, &text);
}

void save_profile(const char *path, const layer_times *layers) {
    hn_str text;
    hn_str_init(&text, tool_arena());
    hn_json json;
    hn_json_init(&json, &text);
    hn_json_array(&json, NULL, false);
    hn_json_object(&json, NULL, true);
    hn_json_int(&json, "count", layers->runs);
    hn_json_end_object(&json);
    for (int i = 0; i < layers->n; i++) {
        const layer_time *l = &layers->at[i];
        hn_json_object(&json, NULL, true);
        hn_json_string(&json, "name", l->name);
        write_ms(&json, "timeMs", l->total);
        write_ms(&json, "averageMs", l->average);
        write_ms(&json, "medianMs", l->median);
        hn_json_number(&json, "percentage", layers->total > 0 ? l->total / layers->total * 100 : 0);
        hn_json_end_object(&json);
    }
    hn_json_end_array(&json);
    hn_str_append(&text, "\n", 1);
    save_text(path, &text);
}

/* ---- CSV ---- */

/* A field; quoted when it holds what would end it. */
static void add_field(hn_str *text, const char *field) {
    if (!strpbrk(field, ",\"\n")) {
        hn_str_add(text, "%s", field);
        return;
    }
    hn_str_add(text, "\"");
    for (; *field; field++) hn_str_append(text, *field == '"' ? "\"\"" : field, *field == '"' ? 2 : 1);
    hn_str_add(text, "\"");
}

void save_csv(const char *path, const source *s, const measurement *m, int n, const bench_options *o) {
    hn_str text;
    hn_str_init(&text, tool_arena());
    hn_str_add(&text, "model,shapes,threads,streams,precision,queries,throughput_qps,items_per_second,latency_min_ms,"
                      "latency_max_ms,latency_mean_ms,latency_median_ms");
    for (int i = 0; i < o->n_percentile; i++) hn_str_add(&text, ",latency_p%g_ms", o->percentile[i]);
    hn_str_add(&text, ",memory_bytes\n");
    for (int k = 0; k < n; k++) {
        const double qps = m[k].wall_seconds > 0 ? (double)m[k].n / m[k].wall_seconds : 0;
        const statistics *l = &m[k].latency;
        add_field(&text, s->path);
        hn_str_add(&text, ",");
        add_field(&text, m[k].shapes);
        hn_str_add(&text, ",%d,%d,fp32,%" PRId64 ",%g,%g,%g,%g,%g,%g", hone_engine_threads(s->engine), o->streams,
                   m[k].n, qps, qps * (double)m[k].batch, l->min, l->max, l->mean, l->median);
        for (int i = 0; i < o->n_percentile; i++) hn_str_add(&text, ",%g", l->percentile[i]);
        hn_str_add(&text, ",%" PRIu64 "\n",
                   m[k].memory.arena + m[k].memory.scratch + m[k].memory.outputs + m[k].memory.heap);
    }
    save_text(path, &text);
}
