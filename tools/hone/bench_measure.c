/* The measuring loop: one thread and one context for each stream. */
#include <inttypes.h>
#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include "console.h"
#include "bench.h"
#include "runner.h"

typedef struct stream {
    const bench_options *options;
    const tensors *in;
    hone_context *context;
    pthread_t thread;
    pthread_barrier_t *gate; /* all streams begin together */
    double *begin;           /* seconds at which the measurement began */
    query *query;
    int64_t n, capacity, warm_up_queries;
    double warm_up_ms, end;
    hone_status status;
} stream;

static hone_status one_query(stream *s, query *q, double begin) {
    q->start_enqueue = (seconds_now() - begin) * 1e3;
    for (int i = 0; i < s->in->n; i++) {
        const hone_status status = hone_context_set_input(s->context, s->in->at[i].name, s->in->at[i].value);
        if (status != HONE_OK) return status;
    }
    q->end_enqueue = q->start_compute = (seconds_now() - begin) * 1e3;
    const hone_status status = hone_context_run(s->context);
    q->end_compute = (seconds_now() - begin) * 1e3;
    return status;
}

static void warm_up(stream *s) {
    const double begin = seconds_now();
    query q;
    do {
        s->status = one_query(s, &q, begin);
        s->warm_up_queries++;
        s->warm_up_ms = q.end_compute;
    } while (s->status == HONE_OK && q.end_compute < s->options->warm_up && !interrupted());
}

static void timed_queries(stream *s) {
    const double begin = *s->begin;
    double now = 0;
    while ((s->n < s->options->iterations || now < s->options->duration) && !interrupted()) {
        if (s->n == s->capacity) {
            s->capacity = s->capacity ? s->capacity * 2 : 4096;
            s->query = grow(s->query, (size_t)s->capacity, sizeof *s->query);
        }
        s->status = one_query(s, &s->query[s->n], begin);
        if (s->status != HONE_OK) return;
        now = s->query[s->n++].end_compute * 1e-3;
    }
    s->end = now;
}

static void *run_stream(void *argument) {
    stream *s = argument;
    warm_up(s);
    if (pthread_barrier_wait(s->gate) == PTHREAD_BARRIER_SERIAL_THREAD) *s->begin = seconds_now();
    pthread_barrier_wait(s->gate);
    if (s->status == HONE_OK) timed_queries(s);
    return NULL;
}

/* ---- statistics ---- */

static int by_value(const void *a, const void *b) {
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* trtexec's index: N - 1 - floor((1 - p / 100) * N), the best run for 0. */
static double percentile_of(const double *sorted, int64_t n, double p) {
    const int64_t back = (int64_t)floor((1 - p / 100) * (double)n);
    const int64_t index = n - 1 - back;
    return sorted[index < 0 ? 0 : index];
}

statistics statistics_of(double *value, int64_t n, const bench_options *o) {
    statistics s = {0};
    if (!n) return s;
    qsort(value, (size_t)n, sizeof *value, by_value);
    double sum = 0, squares = 0;
    for (int64_t i = 0; i < n; i++) sum += value[i];
    s.mean = sum / (double)n;
    for (int64_t i = 0; i < n; i++) squares += (value[i] - s.mean) * (value[i] - s.mean);
    s.deviation = sqrt(squares / (double)n);
    s.min = value[0], s.max = value[n - 1];
    s.median = n % 2 ? value[n / 2] : (value[n / 2 - 1] + value[n / 2]) / 2;
    for (int i = 0; o && i < o->n_percentile; i++) s.percentile[i] = percentile_of(value, n, o->percentile[i]);
    return s;
}

static void summarize(measurement *m, const bench_options *o) {
    double *value = grow(NULL, (size_t)m->n, sizeof *value);
    for (int64_t i = 0; i < m->n; i++) value[i] = m->query[i].end_compute - m->query[i].start_compute;
    m->compute = statistics_of(value, m->n, o);
    for (int64_t i = 0; i < m->n; i++) value[i] = m->query[i].end_compute - m->query[i].start_compute;
    m->latency = statistics_of(value, m->n, o);
    for (int64_t i = 0; i < m->n; i++) value[i] = m->query[i].end_enqueue - m->query[i].start_enqueue;
    m->enqueue = statistics_of(value, m->n, o);
    free(value);
}

/* ---- all streams ---- */

static int by_start(const void *a, const void *b) {
    const query *x = a, *y = b;
    return (x->start_enqueue > y->start_enqueue) - (x->start_enqueue < y->start_enqueue);
}

static void gather(stream *all, int n, measurement *m) {
    for (int i = 0; i < n; i++) m->n += all[i].n;
    m->query = grow(NULL, (size_t)m->n, sizeof *m->query);
    int64_t at = 0;
    for (int i = 0; i < n; i++) {
        if (all[i].n) memcpy(m->query + at, all[i].query, (size_t)all[i].n * sizeof *m->query);
        at += all[i].n;
        m->warm_up_queries += all[i].warm_up_queries;
        m->warm_up_ms = fmax(m->warm_up_ms, all[i].warm_up_ms);
        m->wall_seconds = fmax(m->wall_seconds, all[i].end);
        free(all[i].query);
    }
    qsort(m->query, (size_t)m->n, sizeof *m->query, by_start);
}

static void run_streams(stream *all, int n) {
    for (int i = 1; i < n; i++)
        if (pthread_create(&all[i].thread, NULL, run_stream, &all[i]) != 0)
            fail("cannot start a thread for stream %d", i);
    run_stream(&all[0]);
    for (int i = 1; i < n; i++) pthread_join(all[i].thread, NULL);
    stop_if_interrupted();
    for (int i = 0; i < n; i++) require(all[i].status, hone_context_messages(all[i].context), "run");
}

static const char *shapes_of(const tensors *in) {
    hn_str text;
    hn_str_init(&text, tool_arena());
    for (int i = 0; i < in->n; i++)
        hn_str_add(&text, "%s%s:%s", i ? "," : "", in->at[i].name,
                   hone_value_rank(in->at[i].value)
                       ? shape_text(hone_value_rank(in->at[i].value), hone_value_dims(in->at[i].value))
                       : "");
    return text_done(&text);
}

void measure(const source *s, const args *a, const bench_options *o, const tensors *in, measurement *out) {
    pthread_barrier_t gate;
    double begin = 0;
    stream *all = take((size_t)o->streams, sizeof *all);
    if (pthread_barrier_init(&gate, NULL, (unsigned)o->streams) != 0) fail("cannot make a barrier");
    for (int i = 0; i < o->streams; i++)
        all[i] = (stream){.options = o, .in = in, .context = new_context(s, a), .gate = &gate, .begin = &begin};
    run_streams(all, o->streams);
    const bool rows = in->n && hone_value_rank(in->at[0].value) > 0;
    *out = (measurement){.shapes = shapes_of(in), .batch = rows ? hone_value_dims(in->at[0].value)[0] : 1};
    hone_context_memory(all[0].context, &out->memory);
    out->profile = hone_context_profile(all[0].context);
    gather(all, o->streams, out);
    summarize(out, o);
    for (int i = 0; i < o->streams; i++) hone_context_destroy(&all[i].context);
    pthread_barrier_destroy(&gate);
}
