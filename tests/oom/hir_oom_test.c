/* Every allocation fails once while the text form is read: a status of its own, never "malformed". */
#include "../unit/base/failing_alloc.h"
#include "ir/graph.h"

static const char text[] = "hir 1\n"
                           "graph main {\n"
                           "  input %x: float32[batch, 'past + 1', 2*height + 1]\n"
                           "  const %k: int64[2] = {1, 2}\n"
                           "  %y: float32[batch, 'past + 1', 2*height + 1] = Relu(%x) as relu\n"
                           "  return %y\n"
                           "}\n";

static void every_allocation_fails_once(void **state) {
    (void)state;
    for (long n = 1;; n++) {
        failing_alloc source;
        hn_model *model = NULL;
        hn_diag diag;
        failing_init(&source, n);
        hn_diag_init(&diag, NULL);
        const hone_status status = hn_ir_parse(text, strlen(text), &source.hooks, &model, &diag);
        if (status != HONE_OK) assert_int_equal(status, HONE_OUT_OF_MEMORY);
        if (status != HONE_OK) assert_null(model);
        hn_diag_free(&diag);
        hn_model_destroy(&model);
        assert_int_equal(source.live, 0);
        if (source.calls < n) break;
        assert_true(n < 10000);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_allocation_fails_once)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
