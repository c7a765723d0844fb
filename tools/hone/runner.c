/* Contexts, runs, slices. */
#include "runner.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "console.h"

hone_context *new_context(const source *s, const args *a) {
    const hone_context_options options = {.size = sizeof options,
                                          .profile = (int)arg_int(a, "use-profile", HONE_PROFILE_AUTO),
                                          .memory_limit = arg_size(a, "memory-limit"),
                                          .loop_limit = (uint64_t)arg_int(a, "loop-limit", 0)};
    if (arg_int(a, "loop-limit", 1) < 1) fail("--loop-limit: at least 1");
    hone_messages *messages = new_messages();
    hone_context *context;
    require(hone_context_create(s->engine, &options, messages, &context), messages, s->path);
    hone_messages_destroy(&messages);
    return context;
}

static bool go_on(void *user, const hone_step_event *event) {
    (void)user, (void)event;
    return !interrupted();
}

void run_context(hone_context *context, const tensors *in) {
    for (int i = 0; i < in->n; i++)
        require(hone_context_set_input(context, in->at[i].name, in->at[i].value), hone_context_messages(context),
                in->at[i].name);
    hone_context_set_step_callback(context, go_on, NULL);
    const hone_status status = hone_context_run(context);
    hone_context_set_step_callback(context, NULL, NULL);
    stop_if_interrupted();
    require(status, hone_context_messages(context), "run");
}

static tensors copy_outputs(const hone_context *context, const source *s) {
    tensors out = {0};
    for (int i = 0; i < hone_engine_output_count(s->engine); i++) {
        hone_port port;
        (void)hone_engine_output(s->engine, i, &port);
        tensors_add(&out, port.name, value_copy(hone_context_output(context, i)));
    }
    return out;
}

/* ---- slices ---- */

typedef struct slices {
    int64_t total, most, least; /* rows at hand; rows that one run takes */
} slices;

/* The batch symbol: that with which every input and output leads. A plan whose batch was fixed remembers its name. */
static bool leads_with_batch(const source *s) {
    const char *symbol = s->batch;
    for (int i = 0; i < s->n_input + s->n_output; i++) {
        hone_port p;
        const bool in = i < s->n_input;
        if ((in ? hone_engine_input(s->engine, i, &p) : hone_engine_output(s->engine, i - s->n_input, &p)) != HONE_OK)
            return false;
        if (p.rank < 1) return false;
        if (s->batch) continue;
        if (!*p.symbol[0] || strcmp(p.symbol[0], "?") == 0) return false;
        if (!symbol) symbol = p.symbol[0];
        if (strcmp(symbol, p.symbol[0]) != 0) return false;
    }
    return symbol != NULL;
}

/* Rows that all inputs have, -1 when they differ. */
static int64_t common_rows(const tensors *in) {
    int64_t rows = -1;
    for (int i = 0; i < in->n; i++) {
        if (hone_value_rank(in->at[i].value) < 1) return -1;
        const int64_t n = hone_value_dims(in->at[i].value)[0];
        if (rows >= 0 && n != rows) return -1;
        rows = n;
    }
    return rows;
}

/* Range of the batch in a profile that holds all other extents. */
static bool profile_batch(const source *s, int profile, const tensors *in, slices *out) {
    out->least = 1, out->most = INT64_MAX;
    for (int i = 0; i < s->n_input; i++) {
        const tensor *t = tensors_find(in, s->input[i].name);
        int64_t low[HONE_MAX_RANK], high[HONE_MAX_RANK];
        if (!t || hone_value_rank(t->value) != s->input[i].rank ||
            hone_engine_profile_shape(s->engine, profile, i, HONE_PROFILE_MIN, low) != HONE_OK ||
            hone_engine_profile_shape(s->engine, profile, i, HONE_PROFILE_MAX, high) != HONE_OK)
            return false;
        const int64_t *dim = hone_value_dims(t->value);
        for (int k = 1; k < s->input[i].rank; k++)
            if (dim[k] < low[k] || (high[k] >= 0 && dim[k] > high[k])) return false;
        if (low[0] > out->least) out->least = low[0];
        if (high[0] >= 0 && high[0] < out->most) out->most = high[0];
    }
    return out->most > 0 && out->least <= out->most;
}

/* True when the inputs must and can be cut: then `out` says how. */
static bool find_slices(const source *s, const args *a, const tensors *in, slices *out) {
    const int wanted = (int)arg_int(a, "use-profile", HONE_PROFILE_AUTO);
    const int64_t rows = common_rows(in);
    if (rows < 1 || !leads_with_batch(s)) return false;
    *out = (slices){rows, 0, 0};
    for (int p = 0; p < hone_engine_profile_count(s->engine); p++) {
        slices one = {.total = rows};
        if ((wanted >= 0 && p != wanted) || !profile_batch(s, p, in, &one)) continue;
        if (rows >= one.least && rows <= one.most) return false; /* runs whole */
        if (rows > one.most && one.most > out->most) *out = one;
    }
    return out->most > 0;
}

static void run_slice(hone_context *context, const tensors *in, int64_t first, int64_t n) {
    tensors part = {0};
    for (int i = 0; i < in->n; i++) tensors_add(&part, in->at[i].name, value_rows(in->at[i].value, first, n));
    run_context(context, &part);
    tensors_free(&part);
}

/* Appends rows [skip, n) of each output at row `at` of the whole. */
static void keep_rows(const hone_context *context, const source *s, tensors *out, int64_t total, int64_t at,
                      int64_t skip) {
    for (int i = 0; i < hone_engine_output_count(s->engine); i++) {
        const hone_value *part = hone_context_output(context, i);
        hone_port port;
        (void)hone_engine_output(s->engine, i, &port);
        if (out->n == i) {
            int64_t dim[HONE_MAX_RANK];
            memcpy(dim, hone_value_dims(part), sizeof dim);
            dim[0] = total;
            tensors_add(out, port.name, value_new(hone_value_dtype(part), hone_value_rank(part), dim));
        }
        const int64_t rows = hone_value_dims(part)[0];
        const size_t row = rows ? hone_value_bytes(part) / (size_t)rows : 0;
        hone_value *whole = out->at[i].value;
        if ((size_t)(at + rows - skip) * row > hone_value_bytes(whole))
            fail("output '%s' changes its shape from slice to slice: run each batch by itself", port.name);
        memcpy((char *)hone_value_data(whole) + (size_t)at * row,
               (const char *)hone_value_data(part) + (size_t)skip * row, (size_t)(rows - skip) * row);
    }
}

/* The last slice reaches back when what is left is less than the profile's least batch. */
static tensors run_slices(hone_context *context, const source *s, const tensors *in, const slices *cut) {
    tensors out = {0};
    progress bar;
    progress_start(&bar);
    for (int64_t at = 0; at < cut->total;) {
        const int64_t left = cut->total - at;
        int64_t n = left < cut->most ? left : cut->most;
        if (n < cut->least) n = cut->least;
        const int64_t first = at + n <= cut->total ? at : cut->total - n;
        run_slice(context, in, first, n);
        keep_rows(context, s, &out, cut->total, at, at - first);
        at = first + n;
        progress_show(&bar, (double)at / (double)cut->total, "slices", -1);
    }
    progress_end(&bar);
    return out;
}

tensors run_inputs(hone_context *context, const source *s, const args *a, const tensors *in) {
    slices cut;
    if (find_slices(s, a, in, &cut)) {
        if (arg_given(a, "verbose")) note("%" PRId64 " rows are run in slices of %" PRId64, cut.total, cut.most);
        return run_slices(context, s, in, &cut);
    }
    run_context(context, in);
    return copy_outputs(context, s);
}
