/* For tests that build a model, load the plan and run it. */
#ifndef RUNTIME_SUPPORT_H
#define RUNTIME_SUPPORT_H

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/rng.h"
#include "hone/build.h"
#include "hone/runtime.h"

#define CASE(name) "tests/data/runtime/" name ".onnx"

/* Shows the messages of a failed call, then fails the test. */
static inline void expect_ok(hone_status status, const hone_messages *messages) {
    if (status == HONE_OK) return;
    for (size_t i = 0; messages && i < hone_messages_count(messages); i++)
        print_message("%s: %s\n", hone_messages_at(messages, i)->node, hone_messages_at(messages, i)->text);
    fail_msg("%s", hone_status_text(status));
}

/* How many files a folder that can be read holds. */
static inline int files_in(const char *folder) {
    DIR *d = opendir(folder);
    int n = -2; /* . and .. */
    while (readdir(d)) n++;
    closedir(d);
    return n;
}

/* Builds `model` with one option (key NULL: none) and one fixed or ranged shape per input; the plan's path is in static
 * memory and removed by the caller. */
typedef struct shape_range {
    const char *input;
    int rank;
    int64_t min[4], opt[4], max[4];
} shape_range;

static inline const char *build_case(const char *model, const char *key, const char *value, const shape_range *range,
                                     int n_range, int *profile_of) {
    static char path[64];
    static int number;
    hone_messages *messages;
    hone_model *loaded;
    hone_build_config *config;
    snprintf(path, sizeof path, "/tmp/hone-test-%d-%d.plan", (int)getpid(), number++);
    expect_ok(hone_messages_create(NULL, &messages), NULL);
    expect_ok(hone_build_config_create(&config), NULL);
    if (key) expect_ok(hone_build_config_set(config, key, value, messages), messages);
    for (int i = 0; i < n_range; i++)
        expect_ok(hone_build_config_profile(config, profile_of ? profile_of[i] : 0, range[i].input, range[i].rank,
                                            range[i].min, range[i].opt, range[i].max, messages),
                  messages);
    expect_ok(hone_model_load(model, NULL, messages, &loaded), messages);
    expect_ok(hone_build(loaded, config, path, messages), messages);
    hone_model_destroy(&loaded);
    hone_build_config_destroy(&config);
    hone_messages_destroy(&messages);
    return path;
}

static inline hone_engine *load_case(const char *path, int threads) {
    hone_messages *messages;
    hone_engine *engine;
    const hone_engine_options options = {.size = sizeof options, .threads = threads};
    expect_ok(hone_messages_create(NULL, &messages), NULL);
    expect_ok(hone_engine_load(path, &options, messages, &engine), messages);
    hone_messages_destroy(&messages);
    return engine;
}

/* A float value of that shape with seeded normal numbers. */
static inline hone_value *random_value(int rank, const int64_t *dim, uint64_t seed) {
    hone_value *value;
    expect_ok(hone_value_create(HONE_FLOAT32, rank, dim, NULL, &value), NULL);
    float *at = hone_value_data(value);
    for (size_t i = 0; i < hone_value_bytes(value) / sizeof *at; i++) at[i] = (float)hn_rng_normal(seed, i);
    return value;
}

static inline void run_context(hone_context *context) {
    expect_ok(hone_context_run(context), hone_context_messages(context));
}

static inline void assert_same_bits(const hone_value *a, const hone_value *b) {
    assert_int_equal(hone_value_bytes(a), hone_value_bytes(b));
    assert_memory_equal(hone_value_data(a), hone_value_data(b), hone_value_bytes(a));
}

/* Equal within the tolerance that plans are held to against the reference. */
static inline void assert_close(const hone_value *a, const hone_value *b) {
    assert_int_equal(hone_value_rank(a), hone_value_rank(b));
    assert_int_equal(hone_value_bytes(a), hone_value_bytes(b));
    const float *x = hone_value_data(a), *y = hone_value_data(b);
    const size_t n = hone_value_bytes(a) / sizeof *x;
    double top = 0, worst = 0;
    for (size_t i = 0; i < n; i++) {
        const double d = x[i] > y[i] ? x[i] - y[i] : y[i] - x[i], m = y[i] < 0 ? -y[i] : y[i];
        if (m > top) top = m;
        if (!(d <= worst)) worst = d;
    }
    if (!(worst <= 5e-5 * top + 1e-5)) fail_msg("differs by %g, largest value %g", worst, top);
}

#endif
