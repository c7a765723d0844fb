/* Every allocation fails once: building, loading and running must end with a status, lose nothing and leave no file
 * behind. */
#include <sys/stat.h>
#include "../unit/runtime/runtime_support.h"

typedef struct counter {
    long left; /* allocations until the one that fails; negative: none fails */
    long live; /* blocks not yet given back */
    long calls;
} counter;

static void *allocate(void *user, size_t size, size_t alignment) {
    counter *c = user;
    c->calls++;
    if (c->left == 0) return NULL;
    if (c->left > 0) c->left--;
    void *memory = aligned_alloc(alignment, (size + alignment - 1) / alignment * alignment + (size ? 0 : alignment));
    if (memory) c->live++;
    return memory;
}

static void release(void *user, void *memory, size_t size) {
    (void)size;
    ((counter *)user)->live--;
    free(memory);
}

typedef struct case_input {
    const char *name;
    hone_dtype dtype;
    int rank;
    int64_t dim[4];
} case_input;

typedef struct oom_case {
    const char *model;
    case_input input[2];
    int n;
} oom_case;

static const oom_case cases[] = {
    {CASE("residual"), {{"x", HONE_FLOAT32, 4, {1, 3, 8, 8}}}, 1},
    {CASE("branches"), {{"x", HONE_FLOAT32, 2, {2, 4}}}, 1},
    {CASE("data_shape"), {{"x", HONE_FLOAT32, 2, {3, 3}}}, 1},
    {CASE("quantized"), {{"x", HONE_FLOAT32, 4, {1, 3, 8, 8}}}, 1},
    {CASE("loop"), {{"x", HONE_FLOAT32, 1, {3}}, {"trips", HONE_INT64, 0, {0}}}, 2},
    {CASE("unfused_tail"), {{"x", HONE_FLOAT32, 2, {3, 20}}}, 1},
    {CASE("scan"), {{"start", HONE_FLOAT32, 1, {3}}, {"x", HONE_FLOAT32, 2, {3, 4}}}, 2},
};

static hone_status build_with(const oom_case *c, const hone_allocator *allocator, const char *path) {
    hone_model *model = NULL;
    hone_messages *messages = NULL;
    hone_status status = hone_messages_create(allocator, &messages);
    if (status == HONE_OK) status = hone_model_load(c->model, allocator, messages, &model);
    if (status == HONE_OK) status = hone_build(model, NULL, path, messages);
    hone_model_destroy(&model);
    hone_messages_destroy(&messages);
    return status;
}

static hone_status set_inputs(const oom_case *c, const hone_allocator *allocator, hone_context *context,
                              hone_value **value) {
    for (int i = 0; i < c->n; i++) {
        const hone_status made =
            hone_value_create(c->input[i].dtype, c->input[i].rank, c->input[i].dim, allocator, &value[i]);
        if (made != HONE_OK) return made;
        const hone_status set = hone_context_set_input(context, c->input[i].name, value[i]);
        if (set != HONE_OK) return set;
    }
    return HONE_OK;
}

static hone_status run_with(const oom_case *c, const hone_allocator *allocator, const char *path) {
    const hone_engine_options options = {.size = sizeof options, .allocator = allocator, .threads = 1};
    hone_engine *engine = NULL;
    hone_context *context = NULL;
    hone_value *value[2] = {NULL, NULL};
    hone_status status = hone_engine_load(path, &options, NULL, &engine);
    if (status == HONE_OK) status = hone_context_create(engine, NULL, NULL, &context);
    if (status == HONE_OK) status = set_inputs(c, allocator, context, value);
    if (status == HONE_OK) status = hone_context_run(context);
    hone_context_destroy(&context);
    hone_engine_destroy(&engine);
    for (int i = 0; i < 2; i++) hone_value_destroy(&value[i]);
    return status;
}

/* Runs `step` with the first, second, ... allocation failing until it goes through. */
static void fail_each(const oom_case *c, hone_status (*step)(const oom_case *, const hone_allocator *, const char *),
                      const char *path, bool writes) {
    for (long n = 0;; n++) {
        counter count = {.left = n};
        const hone_allocator allocator = {allocate, release, &count};
        const hone_status status = step(c, &allocator, path);
        assert_int_equal(count.live, 0);
        if (status == HONE_OK) return;
        assert_int_equal(status, HONE_OUT_OF_MEMORY);
        struct stat facts;
        if (writes) assert_int_not_equal(stat(path, &facts), 0);
        assert_true(n < 100000);
    }
}

static void every_allocation_fails_once(void **state) {
    const oom_case *c = *state;
    char path[64];
    snprintf(path, sizeof path, "/tmp/hone-oom-%d.plan", (int)getpid());
    unlink(path);
    fail_each(c, build_with, path, true);
    fail_each(c, run_with, path, false);
    unlink(path);
}

int main(void) {
    enum { N = sizeof cases / sizeof *cases };
    struct CMUnitTest tests[N];
    for (int i = 0; i < N; i++)
        tests[i] =
            (struct CMUnitTest){cases[i].model, every_allocation_fails_once, NULL, NULL, (void *)(uintptr_t)&cases[i]};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
