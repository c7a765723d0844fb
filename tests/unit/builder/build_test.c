/* Builds: same bytes, cancelled, over the memory limit, on a full disk; observed values; bad requests. */
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include "../runtime/runtime_support.h"

static const shape_range small = {"x", 4, {2, 3, 12, 10}, {2, 3, 12, 10}, {2, 3, 12, 10}};

typedef struct request {
    hone_build_config *config;
    hone_messages *messages;
    hone_model *model;
    char folder[40], path[64];
} request;

static request start(const char *model) {
    request r = {0};
    snprintf(r.folder, sizeof r.folder, "/tmp/hone-build-XXXXXX");
    assert_non_null(mkdtemp(r.folder));
    snprintf(r.path, sizeof r.path, "%s/out.plan", r.folder);
    expect_ok(hone_messages_create(NULL, &r.messages), NULL);
    expect_ok(hone_build_config_create(&r.config), NULL);
    expect_ok(hone_model_load(model, NULL, r.messages, &r.model), r.messages);
    return r;
}

/* Ends a request whose build must have left `files` files. */
static void finish(request *r, int files) {
    assert_int_equal(files_in(r->folder), files);
    unlink(r->path);
    assert_int_equal(rmdir(r->folder), 0);
    hone_model_destroy(&r->model);
    hone_build_config_destroy(&r->config);
    hone_messages_destroy(&r->messages);
}

static void set_shape(request *r) {
    expect_ok(
        hone_build_config_profile(r->config, 0, small.input, small.rank, small.min, small.opt, small.max, r->messages),
        r->messages);
}

static void same_model_same_bytes(void **state) {
    (void)state;
    char first[64], second[64], command[160];
    snprintf(first, sizeof first, "%s", build_case(CASE("residual"), NULL, NULL, &small, 1, NULL));
    snprintf(second, sizeof second, "%s", build_case(CASE("residual"), NULL, NULL, &small, 1, NULL));
    snprintf(command, sizeof command, "cmp %s %s", first, second);
    assert_int_equal(system(command), 0);
    unlink(first);
    unlink(second);
}

static bool cancel_late(void *user, double share, const char *what, double left) {
    (void)user, (void)what, (void)left;
    return share < 0.6;
}

static void a_cancelled_build_leaves_nothing(void **state) {
    (void)state;
    request r = start(CASE("residual"));
    hone_build_config_progress(r.config, cancel_late, NULL);
    assert_int_equal(hone_build(r.model, r.config, r.path, r.messages), HONE_CANCELLED);
    finish(&r, 0);
}

static void a_full_disk_is_an_error_and_leaves_nothing(void **state) {
    (void)state;
    request r = start(CASE("residual"));
    struct rlimit before, tight = {8192, 8192};
    void (*handler)(int) = signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &before);
    tight.rlim_max = before.rlim_max;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &tight), 0);
    const hone_status status = hone_build(r.model, r.config, r.path, r.messages);
    setrlimit(RLIMIT_FSIZE, &before);
    signal(SIGXFSZ, handler);
    assert_int_equal(status, HONE_IO_ERROR);
    finish(&r, 0);
}

static void a_memory_limit_that_cannot_be_kept_is_refused(void **state) {
    (void)state;
    request r = start(CASE("residual"));
    set_shape(&r);
    expect_ok(hone_build_config_set(r.config, "memory-limit", "1K", r.messages), r.messages);
    assert_int_equal(hone_build(r.model, r.config, r.path, r.messages), HONE_UNSUPPORTED);
    assert_non_null(strstr(hone_messages_at(r.messages, 0)->text, "1024"));
    finish(&r, 0);
}

static void observed_values_become_outputs(void **state) {
    (void)state;
    request r = start(CASE("residual"));
    hone_engine *engine;
    hone_port port;
    set_shape(&r);
    expect_ok(hone_build_config_set(r.config, "observe", "b,d", r.messages), r.messages);
    expect_ok(hone_build(r.model, r.config, r.path, r.messages), r.messages);
    expect_ok(hone_engine_load(r.path, NULL, r.messages, &engine), r.messages);
    assert_int_equal(hone_engine_output_count(engine), 3);
    expect_ok(hone_engine_output(engine, 2, &port), NULL);
    assert_string_equal(port.name, "d");
    assert_int_equal(port.dim[1], 20);
    hone_engine_destroy(&engine);
    finish(&r, 1);
}

static void a_group_that_no_kernel_takes_loses_its_tail(void **state) {
    (void)state;
    request r = start(CASE("unfused_tail"));
    char *json;
    expect_ok(hone_build(r.model, r.config, r.path, r.messages), r.messages);
    expect_ok(hone_plan_report(r.path, false, r.messages, &json), r.messages);
    assert_non_null(strstr(json, "\"Gemm+Relu\""));
    assert_non_null(strstr(json, "\"Elu\""));
    assert_non_null(strstr(json, "\"elu\"")); /* under its own name */
    hone_text_destroy(&json);
    finish(&r, 1);
}

static void bad_requests_are_named(void **state) {
    (void)state;
    request r = start(CASE("residual"));
    const int64_t flat[2] = {1, 3}, wrong[4] = {1, 4, 8, 8}, low[4] = {1, 3, 8, 8}, high[4] = {1, 3, 4, 4};
    assert_int_equal(hone_build_config_set(r.config, "colour", "red", r.messages), HONE_INVALID_ARGUMENT);
    assert_int_equal(hone_build_config_set(r.config, "threads", "-3", r.messages), HONE_INVALID_ARGUMENT);
    assert_int_equal(hone_build_config_set(r.config, "memory-limit", "12Q", r.messages), HONE_INVALID_ARGUMENT);
    assert_int_equal(hone_build_config_profile(r.config, 0, "x", 4, low, low, high, r.messages), HONE_INVALID_ARGUMENT);
    assert_int_equal(hone_build_config_profile(r.config, 1, "x", 4, low, low, low, r.messages), HONE_INVALID_ARGUMENT);
    finish(&r, 0);
    const struct {
        const char *input;
        int rank;
        const int64_t *dim;
    } bad[] = {{"nothing", 4, low}, {"x", 2, flat}, {"x", 4, wrong}};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        r = start(CASE("residual"));
        expect_ok(hone_build_config_profile(r.config, 0, bad[i].input, bad[i].rank, NULL, bad[i].dim, NULL, r.messages),
                  r.messages);
        assert_int_equal(hone_build(r.model, r.config, r.path, r.messages), HONE_INVALID_ARGUMENT);
        assert_true(hone_messages_count(r.messages) > 0);
        finish(&r, 0);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(same_model_same_bytes),
        cmocka_unit_test(a_cancelled_build_leaves_nothing),
        cmocka_unit_test(a_full_disk_is_an_error_and_leaves_nothing),
        cmocka_unit_test(a_memory_limit_that_cannot_be_kept_is_refused),
        cmocka_unit_test(observed_values_become_outputs),
        cmocka_unit_test(a_group_that_no_kernel_takes_loses_its_tail),
        cmocka_unit_test(bad_requests_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
