/* Models with flipped bits, 1,000 times each, and cut at random places: imported, built, loaded and run. An error or a
 * result, never a crash, a hang or a touch of foreign memory; the sanitizer build runs this. */
#include "../unit/plan/plan_mutate.h"
#include "../unit/runtime/runtime_support.h"
#include "builder/model.h"
#include "frontend/onnx/onnx.h"

enum { FLIPS = 1000, STEPS = 20000, LIMIT = 64 << 20 };

static uint8_t *read_file(const char *path, size_t *n) {
    FILE *f = fopen(path, "rb");
    if (!f) fail_msg("%s is missing", path);
    fseek(f, 0, SEEK_END);
    *n = (size_t)ftell(f);
    rewind(f);
    uint8_t *at = malloc(*n);
    assert_int_equal(fread(at, 1, *n, f), *n);
    fclose(f);
    return at;
}

static void run_plan(const char *path) {
    hone_engine *engine;
    hone_context *context;
    int left = STEPS;
    const hone_engine_options options = {.size = sizeof options, .threads = 1};
    const hone_context_options limited = {.size = sizeof limited, .profile = HONE_PROFILE_AUTO, .memory_limit = LIMIT};
    expect_ok(hone_engine_load(path, &options, NULL, &engine), NULL); /* what we built, we load */
    if (hone_context_create(engine, &limited, NULL, &context) == HONE_OK) {
        hone_context_set_step_callback(context, plan_within_budget, &left);
        assert_true(plan_feed(engine, context));
        hone_context_destroy(&context);
    }
    hone_engine_destroy(&engine);
}

/* The model is in memory, so the public path-taking load is stepped around; building is the public one. */
static void try_model(const uint8_t *at, size_t n, const char *plan) {
    hone_messages *messages;
    hone_model model = {0};
    expect_ok(hone_messages_create(NULL, &messages), NULL);
    hone_status status = hn_onnx_load_memory(at, n, NULL, NULL, &model.model, messages);
    if (status == HONE_OK) {
        status = hone_build(&model, NULL, plan, messages);
        if (status == HONE_OK) run_plan(plan);
        unlink(plan);
    }
    if (status != HONE_OK && status != HONE_OUT_OF_MEMORY) assert_true(hone_messages_count(messages) > 0);
    hn_model_destroy(&model.model);
    hone_messages_destroy(&messages);
}

static void flipped_models_end_well(void **state) {
    size_t n;
    char plan[64];
    uint8_t *whole = read_file(*state, &n), *work = malloc(n);
    snprintf(plan, sizeof plan, "/tmp/hone-flip-%d.plan", (int)getpid());
    for (int i = 0; i < FLIPS; i++) {
        uint32_t random[4];
        hn_rng_block(23, (uint64_t)i, random);
        memcpy(work, whole, n);
        for (int k = 0; k <= i % 2; k++) work[random[k] % n] ^= (uint8_t)(1u << (random[3] >> (3 * k) & 7));
        try_model(work, i % 20 ? n : random[2] % n, plan);
    }
    free(whole);
    free(work);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        {"digits", flipped_models_end_well, NULL, NULL, "models/digits/digits.onnx"},
        {"residual", flipped_models_end_well, NULL, NULL, CASE("residual")},
        {"branches", flipped_models_end_well, NULL, NULL, CASE("branches")},
        {"data_shape", flipped_models_end_well, NULL, NULL, CASE("data_shape")},
        {"quantized", flipped_models_end_well, NULL, NULL, CASE("quantized")},
        {"loop", flipped_models_end_well, NULL, NULL, CASE("loop")},
        {"objects", flipped_models_end_well, NULL, NULL, CASE("objects")},
        {"scan", flipped_models_end_well, NULL, NULL, CASE("scan")},
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
