/* The worker protocol of bench/peers.py: engines in processes of their own, timed in turn. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "bench.h"
#include "console.h"
#include "runner.h"

static double one_run(hone_context *context, const tensors *in) {
    const double start = seconds_now();
    for (int i = 0; i < in->n; i++)
        require(hone_context_set_input(context, in->at[i].name, in->at[i].value), hone_context_messages(context),
                "input");
    require(hone_context_run(context), hone_context_messages(context), "run");
    return (seconds_now() - start) * 1e3;
}

static void answer_run(hone_context *context, const tensors *in, int64_t n) {
    double *ms = take((size_t)n, sizeof *ms);
    for (int64_t i = 0; i < n; i++) ms[i] = one_run(context, in);
    for (int64_t i = 0; i < n; i++) printf("%s%.6f", i ? " " : "", ms[i]);
    printf("\n");
}

static void answer_save(hone_context *context, const source *s, const tensors *in, const char *path) {
    (void)one_run(context, in);
    tensors out = {0};
    for (int i = 0; i < s->n_output; i++) {
        hone_port port;
        (void)hone_engine_output(s->engine, i, &port);
        tensors_add(&out, port.name, value_copy(hone_context_output(context, i)));
    }
    save_all(&out, path);
    tensors_free(&out);
    printf("saved\n");
}

static void answer(hone_context *context, const source *s, const tensors *in, char *line) {
    enum { MOST = 10000000 };
    line[strcspn(line, "\r\n")] = 0;
    char *end;
    if (strncmp(line, "run ", 4) == 0) {
        const int64_t n = strtoll(line + 4, &end, 10);
        if (*end || n < 1 || n > MOST) fail("'%s': a count from 1 to %d is needed", line, MOST);
        answer_run(context, in, n);
    } else if (strncmp(line, "save ", 5) == 0) {
        answer_save(context, s, in, line + 5);
    } else if (*line) {
        fail_hint("the protocol knows `run N` and `save FILE`", "'%s' is no request", line);
    }
    fflush(stdout);
}

int serve_worker(const source *s, const args *a, const bench_options *o, const tensors *in) {
    hone_context *context = new_context(s, a);
    double spent = 0;
    do spent += one_run(context, in);
    while (spent < o->warm_up);
    printf("ready\n");
    fflush(stdout);
    char *line = NULL;
    size_t room = 0;
    while (!interrupted() && getline(&line, &room, stdin) > 0) answer(context, s, in, line);
    free(line);
    hone_context_destroy(&context);
    return GOOD;
}
