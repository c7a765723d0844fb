/* Damaged plans: truncated, flipped with and without fitting hashes. An error or a result, never anything else; what
 * loads is run too. The sanitizer builds see what a plain run would not. */
#include "../runtime/runtime_support.h"
#include "plan_mutate.h"

enum { FLIPS = 1000 };

typedef struct bytes {
    uint8_t *at;
    size_t n;
} bytes;

static bytes read_plan(const char *path) {
    FILE *f = fopen(path, "rb");
    assert_non_null(f);
    fseek(f, 0, SEEK_END);
    bytes b = {.n = (size_t)ftell(f)};
    rewind(f);
    b.at = aligned_alloc(64, (b.n + 63) / 64 * 64);
    assert_int_equal(fread(b.at, 1, b.n, f), b.n);
    fclose(f);
    unlink(path);
    return b;
}

static void damaged_plans_are_refused_or_run(void **state) {
    bytes plan = read_plan(build_case(*state, NULL, NULL, NULL, 0, NULL));
    bytes work = {aligned_alloc(64, (plan.n + 63) / 64 * 64), plan.n};
    hone_engine *engine = NULL;
    assert_int_equal(hone_engine_load_memory(plan.at, plan.n, NULL, NULL, &engine), HONE_OK);
    hone_engine_destroy(&engine);
    for (int i = 0; i < FLIPS; i++) {
        uint32_t random[4];
        hn_rng_block(17, (uint64_t)i, random);
        /* Most of a plan is weights; the tables in front of them deserve most of the flips. */
        const size_t reach = i % 4 ? (plan.n < 20000 ? plan.n : 20000) : plan.n;
        memcpy(work.at, plan.at, plan.n);
        for (int k = 0; k <= i % 3; k++) work.at[random[k] % reach] ^= (uint8_t)(1u << (random[3] >> (3 * k) & 7));
        if (i % 10 && !plan_fix_hashes(work.at, plan.n)) fail();
        assert_true(plan_try(work.at, plan.n));
        if (i % 10 == 0) assert_true(plan_try(plan.at, random[0] % plan.n));
    }
    free(plan.at);
    free(work.at);
}

static void other_versions_are_named(void **state) {
    (void)state;
    bytes plan = read_plan(build_case(CASE("loop"), NULL, NULL, NULL, 0, NULL));
    hone_engine *engine;
    hone_messages *messages;
    expect_ok(hone_messages_create(NULL, &messages), NULL);
    ((hn_plan_header *)(void *)plan.at)->version = 999;
    assert_int_equal(hone_engine_load_memory(plan.at, plan.n, NULL, messages, &engine), HONE_VERSION_MISMATCH);
    assert_non_null(strstr(hone_messages_at(messages, 0)->text, "999"));
    hone_messages_destroy(&messages);
    free(plan.at);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        {"residual", damaged_plans_are_refused_or_run, NULL, NULL, CASE("residual")},
        {"branches", damaged_plans_are_refused_or_run, NULL, NULL, CASE("branches")},
        {"data_shape", damaged_plans_are_refused_or_run, NULL, NULL, CASE("data_shape")},
        {"quantized", damaged_plans_are_refused_or_run, NULL, NULL, CASE("quantized")},
        {"loop", damaged_plans_are_refused_or_run, NULL, NULL, CASE("loop")},
        {"objects", damaged_plans_are_refused_or_run, NULL, NULL, CASE("objects")},
        {"scan", damaged_plans_are_refused_or_run, NULL, NULL, CASE("scan")},
        cmocka_unit_test(other_versions_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
