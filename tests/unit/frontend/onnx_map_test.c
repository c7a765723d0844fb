/* onnx_map.def against ops.def, and its order, on which the searches rely. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include "frontend/onnx/onnx_convert.h"

static void test_sorted(void **state) {
    (void)state;
    const hn_onnx_row *row, *last = hn_onnx_row_at(0);
    for (size_t i = 1; (row = hn_onnx_row_at(i)); last = row, i++) {
        const int order = strcmp(last->name, row->name);
        if (order > 0 || (order == 0 && last->since >= row->since))
            fail_msg("%s %d is out of order", row->name, row->since);
    }
}

static void test_every_row_leads_to_an_operator(void **state) {
    (void)state;
    const hn_onnx_row *row;
    for (size_t i = 0; (row = hn_onnx_row_at(i)); i++) {
        const hn_op *op = hn_op_find(row->op);
        if (!op || op->facts & HN_INTERNAL_OP) fail_msg("%s leads to %s", row->name, row->op);
    }
}

static void test_every_operator_has_a_row(void **state) {
    (void)state;
    for (int id = 0; id < HN_OP_COUNT; id++) {
        const hn_op *op = hn_op_at((hn_op_id)id);
        int since;
        if (op->facts & HN_INTERNAL_OP) continue;
        const hn_onnx_row *row = hn_onnx_find_row(op->name, HN_ONNX_NEWEST, &since);
        if (!row || strcmp(row->op, op->name) != 0) fail_msg("no row for %s", op->name);
    }
}

static void test_rows_by_opset(void **state) {
    (void)state;
    int since;
    assert_null(hn_onnx_find_row("Gelu", 19, &since));
    assert_int_equal(since, 20);
    assert_non_null(hn_onnx_find_row("Gelu", 20, &since));
    assert_null(hn_onnx_find_row("Nothing", 20, &since));
    assert_int_equal(since, 0);
    assert_int_equal(hn_onnx_find_row("Split", 12, &since)->since, 2);
    assert_int_equal(hn_onnx_find_row("Split", 17, &since)->since, 13);
    assert_int_equal(hn_onnx_find_row("Split", 28, &since)->since, 18);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sorted),
        cmocka_unit_test(test_every_row_leads_to_an_operator),
        cmocka_unit_test(test_every_operator_has_a_row),
        cmocka_unit_test(test_rows_by_opset),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
