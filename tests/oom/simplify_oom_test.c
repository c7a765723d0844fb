/* Every allocation fails once while a model is simplified, checked and written: a status, nothing lost, no file left.
 */
#include <stdatomic.h>
#include "../unit/runtime/runtime_support.h"
#include "hone/simplify.h"

typedef struct counter {
    atomic_long left; /* allocations until the one that fails; the check opens both forms in threads */
    atomic_long live; /* blocks not yet given back */
} counter;

static void *allocate(void *user, size_t size, size_t alignment) {
    counter *c = user;
    if (atomic_fetch_sub(&c->left, 1) == 0) return NULL;
    void *memory = aligned_alloc(alignment, (size + alignment - 1) / alignment * alignment + (size ? 0 : alignment));
    if (memory) atomic_fetch_add(&c->live, 1);
    return memory;
}

static void release(void *user, void *memory, size_t size) {
    (void)size;
    atomic_fetch_sub(&((counter *)user)->live, 1);
    free(memory);
}

static void fail_each(const char *model, int samples, int64_t opset) {
    char folder[] = "/tmp/hone-oom-XXXXXX", out[64];
    assert_non_null(mkdtemp(folder));
    snprintf(out, sizeof out, "%s/out.onnx", folder);
    for (long n = 0;; n++) {
        counter c = {n, 0};
        const hone_allocator hooks = {allocate, release, &c};
        const hone_simplify_options options = {
            .size = sizeof options, .samples = samples, .opset = opset, .threads = 1, .allocator = &hooks};
        const hone_status status = hone_simplify(model, out, &options, NULL, NULL);
        const bool finished = atomic_load(&c.left) >= 0;
        assert_true(status == HONE_OK || status == HONE_OUT_OF_MEMORY);
        assert_int_equal(atomic_load(&c.live), 0);
        assert_int_equal(files_in(folder), status == HONE_OK);
        unlink(out);
        if (finished) break;
        assert_true(n < 20000);
    }
    assert_int_equal(rmdir(folder), 0);
}

static void writing(void **state) {
    (void)state;
    fail_each(CASE("residual"), -1, 0);
    fail_each(CASE("loop"), -1, 0);
    fail_each(CASE("branches"), -1, 21);
}

static void checking(void **state) {
    (void)state;
    fail_each(CASE("unfused_tail"), 1, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(writing), cmocka_unit_test(checking)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
