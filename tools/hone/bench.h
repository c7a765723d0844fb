/* Measuring: queries on one or several streams, their statistics, reports in trtexec's words. */
#ifndef HONE_BENCH_H
#define HONE_BENCH_H

#include "base/json.h"
#include "inputs.h"

/* One query, in milliseconds since the measurement began. On a CPU inputs are read in place: nothing is copied, and
 * what happens before the run is the setting of inputs. */
typedef struct query {
    double start_enqueue, end_enqueue, start_compute, end_compute;
} query;

typedef struct statistics {
    double min, max, mean, median, deviation;
    double percentile[16]; /* in the order of bench_options.percentile */
} statistics;

typedef struct bench_options {
    double warm_up;  /* ms */
    double duration; /* s */
    int64_t iterations, average;
    int streams;
    double percentile[16];
    int n_percentile;
} bench_options;

/* What was measured at one set of shapes. */
typedef struct measurement {
    const char *shapes;
    query *query; /* of all streams, by start */
    int64_t n, warm_up_queries;
    int64_t batch; /* leading extent of the first input */
    double warm_up_ms, wall_seconds;
    statistics latency, enqueue, compute, copy; /* copy: all zero on a CPU */
    hone_memory memory;                         /* of one stream */
    int profile;
} measurement;

/* Runs `contexts` streams on the same inputs until iterations and duration are reached in each. */
void measure(const source *s, const args *a, const bench_options *o, const tensors *in, measurement *out);
statistics statistics_of(double *value, int64_t n, const bench_options *o);

/* A step's time over the runs that were profiled. */
typedef struct layer_time {
    const char *name, *op;
    double total, average, median; /* ms */
} layer_time;

typedef struct layer_times {
    layer_time *at;
    int n;
    int64_t runs;
    double total;
} layer_times;
layer_times profile_layers(const source *s, const args *a, const tensors *in);

/* trtexec's lines: `[11/22/2026-10:00:00] [I] text`. */
void log_line(char severity, const char *format, ...) __attribute__((format(printf, 2, 3)));
void log_banner(const char *title);
void report_options(const args *a, const source *s, const bench_options *o);
void report_measurement(const measurement *m, const bench_options *o, bool verbose);
void report_table(const measurement *m, int n, const bench_options *o);
void report_layers(const layer_times *layers);
/* Files and machine-readable forms. */
void write_measurements(hn_json *json, const measurement *m, int n, const bench_options *o);
void save_times(const char *path, const measurement *m);
void save_profile(const char *path, const layer_times *layers);
void save_csv(const char *path, const source *s, const measurement *m, int n, const bench_options *o);
/* Writes a small file whole or not at all. */
void save_text(const char *path, const hn_str *text);

/* Answers `run N` and `save FILE` until standard input ends. */
int serve_worker(const source *s, const args *a, const bench_options *o, const tensors *in);

#endif
