/* Contexts: same bits in all threads, nothing allocated while running, profiles, the pretended device. */
#include <pthread.h>
#include "runtime_support.h"

static const shape_range small = {"x", 4, {2, 3, 12, 10}, {2, 3, 12, 10}, {2, 3, 12, 10}};

typedef struct worker {
    hone_engine *engine;
    hone_value *input, *output;
    uint64_t allocated; /* by 100 runs after the first */
} worker;

static hone_value *copy_value(const hone_value *value) {
    hone_value *copy;
    expect_ok(hone_value_create(hone_value_dtype(value), hone_value_rank(value), hone_value_dims(value), NULL, &copy),
              NULL);
    memcpy(hone_value_data(copy), hone_value_data(value), hone_value_bytes(value));
    return copy;
}

static void *run_often(void *argument) {
    worker *w = argument;
    hone_context *context;
    hone_memory before, after;
    if (hone_context_create(w->engine, NULL, NULL, &context) != HONE_OK) return NULL;
    if (hone_context_set_input(context, "x", w->input) != HONE_OK) return NULL;
    hone_context_memory(context, &before); /* memory of a bounded profile is there before the first run */
    for (int i = 0; i < 100; i++)
        if (hone_context_run(context) != HONE_OK) return NULL;
    hone_context_memory(context, &after);
    w->allocated = after.allocations - before.allocations;
    w->output = copy_value(hone_context_output(context, 0));
    hone_context_destroy(&context);
    return w;
}

static void three_threads_same_bits_no_allocation(void **state) {
    (void)state;
    const char *path = build_case(CASE("residual"), NULL, NULL, &small, 1, NULL);
    hone_engine *engine = load_case(path, 2);
    hone_value *input = random_value(4, small.opt, 1);
    worker w[4];
    pthread_t thread[3];
    for (int i = 0; i < 4; i++) w[i] = (worker){engine, input, NULL, 0};
    for (int i = 0; i < 3; i++) assert_int_equal(pthread_create(&thread[i], NULL, run_often, &w[i]), 0);
    for (int i = 0; i < 3; i++) pthread_join(thread[i], NULL);
    assert_non_null(run_often(&w[3])); /* alone */
    for (int i = 0; i < 4; i++) {
        assert_non_null(w[i].output);
        assert_int_equal(w[i].allocated, 0);
        assert_same_bits(w[i].output, w[3].output);
    }
    for (int i = 0; i < 4; i++) hone_value_destroy(&w[i].output);
    hone_value_destroy(&input);
    hone_engine_destroy(&engine);
    unlink(path);
}

/* One run of a fresh engine; the output is a copy. */
static hone_value *run_once(const char *path, int threads, const char *features, const hone_value *input) {
    hone_engine *engine;
    hone_context *context;
    const hone_engine_options options = {.size = sizeof options, .threads = threads, .features = features};
    expect_ok(hone_engine_load(path, &options, NULL, &engine), NULL);
    expect_ok(hone_context_create(engine, NULL, NULL, &context), NULL);
    expect_ok(hone_context_set_input(context, "x", input), hone_context_messages(context));
    run_context(context);
    hone_value *output = copy_value(hone_context_output(context, 0));
    hone_context_destroy(&context);
    hone_engine_destroy(&engine);
    return output;
}

static void kernels_agree_with_reference_whatever_the_threads(void **state) {
    (void)state;
    hone_value *input = random_value(4, small.opt, 2);
    const char *path = build_case(CASE("residual"), "reference", "1", &small, 1, NULL);
    hone_value *reference = run_once(path, 1, NULL, input);
    unlink(path);
    path = build_case(CASE("residual"), NULL, NULL, &small, 1, NULL);
    hone_value *one = run_once(path, 1, NULL, input), *four = run_once(path, 4, NULL, input);
    hone_value *generic = run_once(path, 1, "generic", input);
    assert_close(one, reference);
    assert_close(generic, reference);
    assert_same_bits(one, four);
    hone_value_destroy(&one), hone_value_destroy(&four), hone_value_destroy(&generic);
    hone_value_destroy(&reference), hone_value_destroy(&input);
    unlink(path);
}

static void the_pretended_device_gives_the_same(void **state) {
    (void)state;
    hone_value *input = random_value(4, small.opt, 3);
    const char *path = build_case(CASE("residual"), "reference", "1", &small, 1, NULL);
    hone_value *reference = run_once(path, 1, NULL, input);
    unlink(path);
    path = build_case(CASE("residual"), "mock-device", "1", &small, 1, NULL);
    char *report;
    expect_ok(hone_plan_report(path, true, NULL, &report), NULL);
    assert_non_null(strstr(report, "Copy")); /* something was brought over */
    hone_text_destroy(&report);
    hone_value *mock = run_once(path, 1, NULL, input);
    assert_close(mock, reference);
    hone_value_destroy(&mock), hone_value_destroy(&reference), hone_value_destroy(&input);
    unlink(path);
}

static void profiles_choose_the_tightest_and_refuse_the_rest(void **state) {
    (void)state;
    const shape_range range[2] = {{"x", 4, {1, 3, 8, 8}, {1, 3, 16, 16}, {2, 3, 16, 16}},
                                  {"x", 4, {1, 3, 8, 8}, {4, 3, 32, 32}, {8, 3, 40, 40}}};
    int profile[2] = {0, 1};
    const char *path = build_case(CASE("residual"), NULL, NULL, range, 2, profile);
    hone_engine *engine = load_case(path, 1);
    hone_context *context;
    assert_int_equal(hone_engine_profile_count(engine), 2);
    expect_ok(hone_context_create(engine, NULL, NULL, &context), NULL);
    const struct {
        int64_t dim[4];
        int profile;
    } shapes[] = {{{1, 3, 8, 8}, 0},   {{8, 3, 40, 40}, 1}, {{2, 3, 16, 9}, 0},
                  {{3, 3, 16, 16}, 1}, {{1, 3, 41, 8}, -1}, {{2, 3, 10, 10}, 0}};
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        hone_value *input = random_value(4, shapes[i].dim, i);
        expect_ok(hone_context_set_input(context, "x", input), hone_context_messages(context));
        const hone_status status = hone_context_run(context);
        if (shapes[i].profile < 0) {
            assert_int_equal(status, HONE_OUT_OF_PROFILE);
            assert_true(hone_messages_count(hone_context_messages(context)) > 0);
        } else {
            expect_ok(status, hone_context_messages(context));
            assert_int_equal(hone_context_profile(context), shapes[i].profile);
        }
        hone_value_destroy(&input);
    }
    hone_context_destroy(&context);
    hone_engine_destroy(&engine);
    unlink(path);
}

static void repeated_shapes_of_an_unbounded_profile_allocate_nothing(void **state) {
    (void)state;
    const char *path = build_case(CASE("residual"), NULL, NULL, NULL, 0, NULL);
    hone_engine *engine = load_case(path, 1);
    hone_context *context;
    hone_memory memory;
    expect_ok(hone_context_create(engine, NULL, NULL, &context), NULL);
    const int64_t dim[3][4] = {{3, 3, 20, 21}, {1, 3, 7, 8}, {2, 3, 20, 5}};
    uint64_t allocations = 0;
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < 3; i++) {
            hone_value *input = random_value(4, dim[i], 7);
            expect_ok(hone_context_set_input(context, "x", input), hone_context_messages(context));
            run_context(context);
            hone_value_destroy(&input);
        }
        hone_context_memory(context, &memory);
        if (round) assert_int_equal(memory.allocations, allocations);
        allocations = memory.allocations;
    }
    hone_context_destroy(&context);
    hone_engine_destroy(&engine);
    unlink(path);
}

static bool stop_at_two(void *user, const hone_step_event *event) {
    int *seen = user;
    return !event->after || ++*seen < 2;
}

static void a_step_callback_can_stop_the_run(void **state) {
    (void)state;
    const char *path = build_case(CASE("residual"), NULL, NULL, &small, 1, NULL);
    hone_engine *engine = load_case(path, 1);
    hone_context *context;
    int seen = 0;
    hone_value *input = random_value(4, small.opt, 4);
    expect_ok(hone_context_create(engine, NULL, NULL, &context), NULL);
    assert_int_equal(hone_context_run(context), HONE_INVALID_ARGUMENT); /* input not set */
    expect_ok(hone_context_set_input(context, "x", input), NULL);
    assert_int_equal(hone_context_set_input(context, "nothing", input), HONE_INVALID_ARGUMENT);
    hone_context_set_step_callback(context, stop_at_two, &seen);
    assert_int_equal(hone_context_run(context), HONE_CANCELLED);
    assert_null(hone_context_output(context, 0));
    hone_context_set_step_callback(context, NULL, NULL);
    run_context(context);
    assert_non_null(hone_context_output(context, 0));
    hone_value_destroy(&input);
    hone_context_destroy(&context);
    hone_engine_destroy(&engine);
    unlink(path);
}

static void an_output_goes_into_the_callers_buffer(void **state) {
    (void)state;
    const char *path = build_case(CASE("residual"), NULL, NULL, &small, 1, NULL);
    hone_engine *engine = load_case(path, 1);
    hone_context *context;
    const int64_t enough[2] = {2, 5}, little[2] = {1, 5};
    hone_value *input = random_value(4, small.opt, 5), *mine = random_value(2, enough, 6),
               *tight = random_value(2, little, 6);
    expect_ok(hone_context_create(engine, NULL, NULL, &context), NULL);
    expect_ok(hone_context_set_input(context, "x", input), NULL);
    run_context(context);
    hone_value *expected = copy_value(hone_context_output(context, 0));
    expect_ok(hone_context_set_output(context, "y", mine), NULL);
    run_context(context);
    assert_same_bits(mine, expected);
    assert_ptr_equal(hone_value_data(hone_context_output(context, 0)), hone_value_data(mine));
    expect_ok(hone_context_set_output(context, "y", tight), NULL);
    assert_int_equal(hone_context_run(context), HONE_INVALID_ARGUMENT);
    hone_value_destroy(&input), hone_value_destroy(&mine), hone_value_destroy(&tight), hone_value_destroy(&expected);
    hone_context_destroy(&context);
    hone_engine_destroy(&engine);
    unlink(path);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(three_threads_same_bits_no_allocation),
        cmocka_unit_test(kernels_agree_with_reference_whatever_the_threads),
        cmocka_unit_test(the_pretended_device_gives_the_same),
        cmocka_unit_test(profiles_choose_the_tightest_and_refuse_the_rest),
        cmocka_unit_test(repeated_shapes_of_an_unbounded_profile_allocate_nothing),
        cmocka_unit_test(a_step_callback_can_stop_the_run),
        cmocka_unit_test(an_output_goes_into_the_callers_buffer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
