/* hone.Shape and hone.Reorder: inference, element function, reference. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "abi/operator.h"

typedef struct fixture {
    hn_expr_pool *pool;
    hn_diag diag;
    hn_attr attr[3];
    hn_dim dim[2]; /* batch, 7 */
    hn_info in, out;
} fixture;

static fixture *begin(fixture *f, hn_attr_kind kind, uint32_t n, bool scalar, int64_t dtype) {
    *f = (fixture){.out.shape = hn_shape_unknown()};
    hn_diag_init(&f->diag, NULL);
    assert_int_equal(hn_expr_pool_create(NULL, &f->pool), HONE_OK);
    f->dim[0] = hn_expr_symbol(f->pool, "batch");
    f->dim[1] = hn_dim_const(7);
    f->attr[0] = (hn_attr){.name = "dims", .kind = kind, .n = n, .dims = f->dim};
    f->attr[1] = (hn_attr){.name = "dtype", .kind = HN_ATTR_INT, .i = dtype};
    f->attr[2] = (hn_attr){.name = "scalar", .kind = HN_ATTR_INT, .i = scalar};
    return f;
}

static void end(fixture *f) {
    hn_expr_pool_destroy(&f->pool);
    hn_diag_free(&f->diag);
}

static hn_infer inference(fixture *f) {
    return (hn_infer){.op = hn_op_find("hone.Shape"),
                      .attrs = {f->attr, 3},
                      .n_out = 1,
                      .in = &f->in,
                      .out = &f->out,
                      .exprs = f->pool,
                      .diag = &f->diag};
}

static void test_shape_is_a_vector_of_its_dims(void **state) {
    fixture f;
    (void)state;
    hn_infer infer = inference(begin(&f, HN_ATTR_DIMS, 2, false, HONE_INT64));
    assert_int_equal(infer.op->infer(&infer), HONE_OK);
    assert_true(hn_type_same(f.out.type, hn_type_tensor(HONE_INT64)));
    assert_int_equal(f.out.shape.rank, 1);
    assert_true(hn_dim_is(f.out.shape.dim[0], 2));
    hn_dim element[2];
    hn_tensor t = {.dtype = HN_DTYPE_DIM, .data = element}, *out = &t;
    hn_tensor_set_shape(&t, 1, (int64_t[]){2});
    assert_true(infer.op->element(&infer, NULL, &out));
    assert_true(hn_dim_same(element[0], f.dim[0]) && hn_dim_is(element[1], 7));
    end(&f);
}

static void test_shape_as_a_scalar(void **state) {
    fixture f;
    (void)state;
    hn_infer infer = inference(begin(&f, HN_ATTR_DIMS, 1, true, HONE_INT32));
    assert_int_equal(infer.op->infer(&infer), HONE_OK);
    assert_true(hn_type_same(f.out.type, hn_type_tensor(HONE_INT32)));
    assert_int_equal(f.out.shape.rank, 0);
    end(&f);
}

static void test_shape_refuses(void **state) {
    static const struct {
        hn_attr_kind kind;
        uint32_t n;
        bool scalar;
        int64_t dtype;
    } bad[] = {{HN_ATTR_INTS, 2, false, HONE_INT64},
               {HN_ATTR_DIMS, 2, true, HONE_INT64},
               {HN_ATTR_DIMS, 2, false, HONE_FLOAT32},
               {HN_ATTR_DIMS, 2, false, 1000}};
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        fixture f;
        hn_infer infer = inference(begin(&f, bad[i].kind, bad[i].n, bad[i].scalar, bad[i].dtype));
        assert_int_equal(infer.op->infer(&infer), HONE_INVALID_MODEL);
        end(&f);
    }
}

static hone_status evaluate(fixture *f, hone_dtype dtype, void *data) {
    hn_tensor t = {.dtype = dtype, .data = data}, *out = &t;
    hn_tensor_set_shape(&t, 1, (int64_t[]){2});
    hn_call call = {.op = hn_op_find("hone.Shape"), .attrs = {f->attr, 3}, .n_out = 1, .out = &out, .diag = &f->diag};
    return call.op->ref(&call);
}

static void test_shape_of_numbers_runs(void **state) {
    fixture f;
    int32_t value[2] = {0, 0};
    (void)state;
    begin(&f, HN_ATTR_DIMS, 2, false, HONE_INT32);
    assert_int_equal(evaluate(&f, HONE_INT32, value), HONE_INVALID_ARGUMENT); /* batch is no number */
    f.dim[0] = hn_dim_const(-3);
    assert_int_equal(evaluate(&f, HONE_INT32, value), HONE_OK);
    assert_int_equal(value[0], -3);
    assert_int_equal(value[1], 7);
    end(&f);
}

static void test_reorder_keeps_elements(void **state) {
    float from[24], to[24] = {0};
    hn_tensor a = {.dtype = HONE_FLOAT32, .data = from}, b = {.dtype = HONE_FLOAT32, .data = to}, *out = &b;
    const hn_tensor *in = &a;
    (void)state;
    for (int i = 0; i < 24; i++) from[i] = (float)i;
    hn_tensor_set_shape(&a, 4, (int64_t[]){1, 2, 3, 4});
    hn_tensor_set_shape(&b, 4, (int64_t[]){1, 2, 3, 4});
    hn_tensor_set_channels_last(&b);
    hn_info in_info = {.type = hn_type_tensor(HONE_FLOAT32), .shape = hn_shape_of_tensor(&a)}, out_info = {0};
    hn_infer infer = {.op = hn_op_find("hone.Reorder"), .n_in = 1, .n_out = 1, .in = &in_info, .out = &out_info};
    assert_int_equal(infer.op->infer(&infer), HONE_OK);
    assert_true(hn_type_same(out_info.type, in_info.type));
    assert_int_equal(out_info.shape.rank, 4);
    hn_call call = {.op = infer.op, .n_in = 1, .n_out = 1, .in = &in, .out = &out};
    assert_int_equal(infer.op->ref(&call), HONE_OK);
    for (int c = 0; c < 2; c++)
        for (int i = 0; i < 12; i++) assert_true(to[i * 2 + c] == from[c * 12 + i]);
}

static void test_operators_with_bodies_have_no_reference(void **state) {
    static const char *const name[] = {"hone.Group", "hone.Kept", "If", "Loop", "Scan"};
    (void)state;
    for (int i = 0; i < 5; i++) {
        const hn_op *op = hn_op_find(name[i]);
        assert_non_null(op);
        assert_true(!op->infer && !op->ref && !op->element);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shape_is_a_vector_of_its_dims),
        cmocka_unit_test(test_shape_as_a_scalar),
        cmocka_unit_test(test_shape_refuses),
        cmocka_unit_test(test_shape_of_numbers_runs),
        cmocka_unit_test(test_reorder_keeps_elements),
        cmocka_unit_test(test_operators_with_bodies_have_no_reference),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
