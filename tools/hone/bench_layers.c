/* Time of each step, from the step callback, in a run apart from the measurement. */
#include <stdlib.h>
#include <string.h>
#include "bench.h"
#include "console.h"
#include "runner.h"

enum { LEAST_RUNS = 10, MOST_RUNS = 1000 };
#define LEAST_SECONDS 1.0

typedef struct recorder {
    layer_time *step;
    double **time; /* per step, MOST_RUNS of them: a step in a loop adds up within a run */
    int n;
    int64_t run;
} recorder;

static void make_room(recorder *r, int step) {
    if (step < r->n) return;
    r->step = grow(r->step, (size_t)step + 1, sizeof *r->step);
    r->time = grow(r->time, (size_t)step + 1, sizeof *r->time);
    for (; r->n <= step; r->n++) r->step[r->n] = (layer_time){0}, r->time[r->n] = NULL;
}

static bool on_step(void *user, const hone_step_event *event) {
    recorder *r = user;
    if (interrupted()) return false;
    if (!event->after) return true;
    make_room(r, event->step);
    if (!r->time[event->step]) {
        r->time[event->step] = take(MOST_RUNS, sizeof(double));
        r->step[event->step] = (layer_time){.name = event->name, .op = event->op};
    }
    r->time[event->step][r->run] += event->seconds * 1e3;
    return true;
}

static void profile_runs(recorder *r, hone_context *context) {
    hone_context_set_step_callback(context, on_step, r);
    const double start = seconds_now();
    while (r->run < MOST_RUNS && (r->run < LEAST_RUNS || seconds_now() - start < LEAST_SECONDS)) {
        const hone_status status = hone_context_run(context);
        stop_if_interrupted();
        require(status, hone_context_messages(context), "run");
        r->run++;
    }
}

layer_times profile_layers(const source *s, const args *a, const tensors *in) {
    recorder r = {0};
    hone_context *context = new_context(s, a);
    run_context(context, in); /* warm */
    profile_runs(&r, context);
    layer_times out = {.at = take((size_t)r.n, sizeof *out.at), .runs = r.run};
    for (int i = 0; i < r.n; i++) {
        if (!r.time[i]) continue;
        layer_time *t = &out.at[out.n++];
        *t = r.step[i];
        const statistics x = statistics_of(r.time[i], r.run, NULL);
        t->average = x.mean, t->median = x.median, t->total = x.mean * (double)r.run;
        out.total += t->total;
    }
    hone_context_destroy(&context);
    return out;
}
