/* What inference functions share: elements, axes, broadcasting, unifying, printing; the table of operators. */
#include "base/failing_alloc.h"

#include "abi/operator.h"
#include "ops/element.h"

typedef struct fixture {
    hn_diag diag;
    hn_expr_pool *pool;
    hn_info in[2], out[1];
    hn_infer infer;
    hn_dim n, m;
} fixture;

static int set_up(void **state) {
    fixture *f = calloc(1, sizeof *f);
    hn_diag_init(&f->diag, NULL);
    assert_int_equal(hn_expr_pool_create(NULL, &f->pool), HONE_OK);
    f->n = hn_expr_symbol(f->pool, "n");
    f->m = hn_expr_symbol(f->pool, "m");
    f->infer = (hn_infer){.n_in = 2, .n_out = 1, .in = f->in, .out = f->out, .exprs = f->pool, .diag = &f->diag};
    f->in[0].shape = f->in[1].shape = f->out[0].shape = hn_shape_unknown();
    *state = f;
    return 0;
}

static int tear_down(void **state) {
    fixture *f = *state;
    hn_expr_pool_destroy(&f->pool);
    hn_diag_free(&f->diag);
    free(f);
    return 0;
}

static hn_shape shape(int rank, const hn_dim *dim) {
    hn_shape s = {.rank = rank};
    for (int i = 0; i < rank; i++) s.dim[i] = dim[i];
    return s;
}

#define C          hn_dim_const
#define SHAPE(...) shape((int)(sizeof((hn_dim[]){__VA_ARGS__}) / sizeof(hn_dim)), (hn_dim[]){__VA_ARGS__})

static const char *text_of(fixture *f, const hn_shape *s) { return hn_infer_shape_text(&f->infer, s); }

/* The text of what two shapes broadcast to, or of the refusal. */
static const char *broadcast(fixture *f, hn_shape a, hn_shape b) {
    hn_shape out;
    hone_status status = hn_infer_broadcast(&f->infer, &a, &b, &out);
    if (status == HONE_OK) return text_of(f, &out);
    assert_int_equal(status, HONE_INVALID_MODEL);
    return hone_messages_at(&f->diag, hone_messages_count(&f->diag) - 1)->text;
}

static void broadcasting(void **state) {
    fixture *f = *state;
    hn_dim unknown = HN_UNKNOWN_DIM;
    assert_string_equal(broadcast(f, SHAPE(C(2), C(1), C(4)), SHAPE(C(3), C(1))), "[2,3,4]");
    assert_string_equal(broadcast(f, SHAPE(f->n, C(1)), SHAPE(C(1), f->m)), "[n,m]");
    assert_string_equal(broadcast(f, SHAPE(f->n), SHAPE(f->n)), "[n]");
    assert_string_equal(broadcast(f, SHAPE(f->n), SHAPE(C(5))), "[5]");
    assert_string_equal(broadcast(f, SHAPE(unknown), SHAPE(C(5))), "[5]");
    assert_string_equal(broadcast(f, SHAPE(unknown), SHAPE(C(1))), "[?]");
    assert_string_equal(broadcast(f, SHAPE(unknown), SHAPE(f->n)), "[?]");
    assert_string_equal(broadcast(f, SHAPE(unknown), SHAPE(unknown)), "[?]");
    assert_string_equal(broadcast(f, SHAPE(C(0)), SHAPE(C(1))), "[0]");
    assert_string_equal(broadcast(f, hn_shape_unknown(), SHAPE(C(1))), "[...]");
    assert_string_equal(broadcast(f, SHAPE(C(2), C(3)), SHAPE(C(4))), "shapes [2,3] and [4] do not broadcast");
    assert_string_equal(broadcast(f, SHAPE(f->n, C(3)), SHAPE(C(2))), "shapes [n,3] and [2] do not broadcast");
}

/* Two symbols of which nobody knows which one is 1: right for every pair of values that broadcasts. */
static void broadcasting_of_symbols(void **state) {
    fixture *f = *state;
    static const int64_t cases[][3] = {{1, 1, 1}, {1, 7, 7}, {7, 1, 7}, {7, 7, 7}, {1, 0, 0}, {0, 1, 0}, {0, 0, 0}};
    hn_shape a = SHAPE(f->n), b = SHAPE(f->m), out;
    assert_int_equal(hn_infer_broadcast(&f->infer, &a, &b, &out), HONE_OK);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int64_t value;
        assert_true(hn_dim_eval(out.dim[0], cases[i], 2, &value));
        assert_int_equal(value, cases[i][2]);
    }
    hn_expr_set_bounds(f->pool, 1, 2, INT64_MAX);
    assert_string_equal(broadcast(f, SHAPE(f->n), SHAPE(f->m)), "[m]");
    assert_string_equal(broadcast(f, SHAPE(f->m), SHAPE(f->n)), "[m]");
}

static void without_a_pool(void **state) {
    fixture *f = *state;
    f->infer.exprs = NULL;
    assert_string_equal(broadcast(f, SHAPE(C(2), C(1)), SHAPE(C(3))), "[2,3]");
    assert_string_equal(broadcast(f, SHAPE(C(2), HN_UNKNOWN_DIM), SHAPE(C(3))), "[2,3]");
    f->infer.diag = NULL;
    hn_shape a = SHAPE(C(2)), b = SHAPE(C(3)), out;
    assert_int_equal(hn_infer_broadcast(&f->infer, &a, &b, &out), HONE_INVALID_MODEL);
}

static void unifying(void **state) {
    fixture *f = *state;
    hn_dim out;
    assert_int_equal(hn_infer_unify(&f->infer, f->n, C(3), "size", &out), HONE_OK);
    assert_true(hn_dim_is(out, 3));
    assert_int_equal(hn_infer_unify(&f->infer, C(3), f->n, "size", &out), HONE_OK);
    assert_true(hn_dim_is(out, 3));
    assert_int_equal(hn_infer_unify(&f->infer, HN_UNKNOWN_DIM, f->n, "size", &out), HONE_OK);
    assert_true(hn_dim_same(out, f->n));
    assert_int_equal(hn_infer_unify(&f->infer, f->n, HN_UNKNOWN_DIM, "size", &out), HONE_OK);
    assert_true(hn_dim_same(out, f->n));
    assert_int_equal(hn_infer_unify(&f->infer, C(3), C(4), "size of the door", &out), HONE_INVALID_MODEL);
    assert_string_equal(hone_messages_at(&f->diag, 0)->text, "size of the door is both 3 and 4");
}

static void axes(void **state) {
    fixture *f = *state;
    int axis;
    assert_int_equal(hn_infer_axis(&f->infer, -1, 4, &axis), HONE_OK);
    assert_int_equal(axis, 3);
    assert_int_equal(hn_infer_axis(&f->infer, 0, 4, &axis), HONE_OK);
    assert_int_equal(axis, 0);
    assert_int_equal(hn_infer_axis(&f->infer, 4, 4, &axis), HONE_INVALID_MODEL);
    assert_int_equal(hn_infer_axis(&f->infer, -5, 4, &axis), HONE_INVALID_MODEL);
    assert_int_equal(hn_infer_axis(&f->infer, 0, 0, &axis), HONE_INVALID_MODEL);
    assert_int_equal(hn_infer_axis(&f->infer, INT64_MIN, 8, &axis), HONE_INVALID_MODEL);
    assert_int_equal(hn_infer_axis(&f->infer, INT64_MAX, 8, &axis), HONE_INVALID_MODEL);
}

static void elements(void **state) {
    fixture *f = *state;
    int32_t data[] = {4, -1, 7};
    hn_tensor t = {HONE_INT32, 1, {3}, {1}, data};
    hn_dim known[2] = {f->n, C(3)}, out[4];
    int n;
    assert_int_equal(hn_infer_elements(&f->infer, 0, 4, out, &n), HONE_OK);
    assert_int_equal(n, -1); /* absent */
    assert_int_equal(hn_infer_elements(&f->infer, 7, 4, out, &n), HONE_OK);
    assert_int_equal(n, -1);
    f->in[0] = (hn_info){hn_type_tensor(HONE_INT32), hn_shape_of_tensor(&t), &t, NULL};
    assert_int_equal(hn_infer_elements(&f->infer, 0, 4, out, &n), HONE_OK);
    assert_int_equal(n, 3);
    assert_true(hn_dim_is(out[1], -1));
    assert_int_equal(hn_infer_elements(&f->infer, 0, 2, out, &n), HONE_INVALID_MODEL);
    f->in[1] = (hn_info){hn_type_tensor(HONE_INT64), SHAPE(C(2)), NULL, known};
    assert_int_equal(hn_infer_elements(&f->infer, 1, 4, out, &n), HONE_OK);
    assert_int_equal(n, 2);
    assert_true(hn_dim_same(out[0], f->n));
    f->in[1].element = NULL;
    assert_int_equal(hn_infer_elements(&f->infer, 1, 4, out, &n), HONE_OK);
    assert_int_equal(n, -1);
    assert_int_equal(hn_infer_elements(&f->infer, 1, 1, out, &n), HONE_INVALID_MODEL); /* too long, whatever it holds */
    f->in[1].shape = SHAPE(C(2), C(2));
    assert_int_equal(hn_infer_elements(&f->infer, 1, 4, out, &n), HONE_INVALID_MODEL);
    f->in[1].shape = SHAPE(f->n);
    assert_int_equal(hn_infer_elements(&f->infer, 1, 4, out, &n), HONE_OK);
    assert_int_equal(n, -1);
    hn_tensor scalar = {HONE_INT32, 0, {0}, {0}, data};
    f->in[1] = (hn_info){hn_type_tensor(HONE_INT32), hn_shape_of_tensor(&scalar), &scalar, NULL};
    assert_int_equal(hn_infer_elements(&f->infer, 1, 4, out, &n), HONE_OK);
    assert_int_equal(n, 1);
    assert_true(hn_dim_is(out[0], 4));
}

static void setting_outputs(void **state) {
    fixture *f = *state;
    hn_shape s = SHAPE(C(2), f->n);
    assert_int_equal(hn_infer_rank(&f->infer, 0), -1);
    assert_int_equal(hn_infer_dtype(&f->infer, 0), HONE_NO_DTYPE);
    assert_false(hn_infer_has(&f->infer, -1));
    f->in[0] = (hn_info){hn_type_tensor(HONE_BOOL), s, NULL, NULL};
    assert_int_equal(hn_infer_like(&f->infer, 0), HONE_OK);
    assert_int_equal(f->out[0].type->dtype, HONE_BOOL);
    assert_string_equal(text_of(f, &f->out[0].shape), "[2,n]");
    hn_infer_set(&f->infer, 0, HONE_INT8, NULL);
    assert_int_equal(f->out[0].shape.rank, -1);
    hn_infer_set(&f->infer, 1, HONE_INT8, NULL); /* there is no such output */
    assert_int_equal(hn_infer_like(&f->infer, 1), HONE_OK);
    assert_null(f->out[0].type);
}

static void printing(void **state) {
    fixture *f = *state;
    static const hn_type number = {HN_KIND_TENSOR, HONE_INT64, NULL};
    static const hn_type list = {HN_KIND_SEQUENCE, HONE_NO_DTYPE, &number};
    static const hn_type map = {HN_KIND_MAP, HONE_STRING, &list};
    hn_str out;
    hn_info info = {hn_type_tensor(HONE_FLOAT32), SHAPE(C(1), f->n, HN_UNKNOWN_DIM), NULL, NULL};
    hn_str_init(&out, &f->diag.arena);
    hn_info_print(&out, &info, f->pool);
    hn_str_add(&out, " ");
    info.type = &map;
    hn_info_print(&out, &info, f->pool);
    hn_str_add(&out, " ");
    info.type = NULL;
    hn_info_print(&out, &info, f->pool);
    hn_shape scalar = {.rank = 0};
    hn_shape_print(&out, &scalar, f->pool);
    assert_string_equal(hn_str_text(&out), "float32[1,n,?] map(string,sequence(int64)) nothing[]");
}

static void constants(void **state) {
    fixture *f = *state;
    int64_t dim[HONE_MAX_RANK];
    hn_shape s = SHAPE(C(2), C(3)), unknown = hn_shape_unknown();
    assert_true(hn_shape_constant(&s, dim));
    assert_int_equal(dim[1], 3);
    assert_false(hn_shape_constant(&unknown, dim));
    s.dim[0] = f->n;
    assert_false(hn_shape_is_static(&s));
}

static void operators(void **state) {
    (void)state;
    assert_null(hn_op_find("NoSuchOperator"));
    assert_null(hn_op_find(""));
    assert_null(hn_op_at((hn_op_id)-1));
    assert_null(hn_op_at(HN_OP_COUNT));
    for (int i = 0; i < HN_OP_COUNT; i++) {
        const hn_op *op = hn_op_at((hn_op_id)i);
        assert_int_equal(op->id, i);
        assert_ptr_equal(hn_op_find(op->name), op);
        assert_true(op->max_in == HN_ANY || op->min_in <= op->max_in);
        assert_true(op->max_out == HN_ANY || op->min_out <= op->max_out);
    }
    assert_int_equal(hn_op_find("Reshape")->host, HN_HOST(1));
}

/* Gather over expressions: the index must be a number, from data or from constant elements. */
static void moving_elements(void **state) {
    fixture *f = *state;
    hn_dim sizes[] = {C(2), f->n, f->m}, index = C(-2), result = C(0);
    hn_tensor from = {HN_DTYPE_DIM, 1, {3}, {1}, sizes}, at = {HN_DTYPE_DIM, 0, {0}, {0}, &index};
    hn_tensor to = {HN_DTYPE_DIM, 0, {0}, {0}, &result};
    const hn_tensor *in[] = {&from, &at};
    hn_tensor *const out[] = {&to};
    f->in[0].type = f->in[1].type = hn_type_tensor(HONE_INT64);
    f->infer.op = hn_op_find("Gather");
    assert_true(f->infer.op->element(&f->infer, in, out));
    assert_true(hn_dim_same(result, f->n));
    index = f->n;
    assert_false(f->infer.op->element(&f->infer, in, out));
    int64_t last = 2, outside = 3;
    hn_tensor data = {HONE_INT64, 0, {0}, {0}, &last};
    in[1] = NULL;
    assert_false(f->infer.op->element(&f->infer, in, out));
    f->in[1].data = &data;
    assert_true(f->infer.op->element(&f->infer, in, out));
    assert_true(hn_dim_same(result, f->m));
    data.data = &outside;
    assert_false(f->infer.op->element(&f->infer, in, out));
    assert_int_equal(hone_messages_count(&f->diag), 0);
}

/* An element must fit its type; symbols are sizes, of which 32 bits hold all. */
static void fitting_elements(void **state) {
    fixture *f = *state;
    assert_true(hn_dim_same(hn_ops_fit_element(&f->infer, HONE_INT32, f->n), f->n));
    assert_true(hn_dim_is_unknown(hn_ops_fit_element(&f->infer, HONE_INT8, f->n)));
    assert_true(hn_dim_is_unknown(hn_ops_fit_element(&f->infer, HONE_UINT32, hn_dim_sub(f->pool, f->n, f->m))));
    assert_true(hn_dim_is(hn_ops_fit_element(&f->infer, HONE_INT8, C(-128)), -128));
    assert_true(hn_dim_is_unknown(hn_ops_fit_element(&f->infer, HONE_INT8, C(128))));
    assert_true(hn_dim_is_unknown(hn_ops_fit_element(&f->infer, HONE_UINT64, C(-1))));
    assert_true(hn_dim_is(hn_ops_fit_element(&f->infer, HONE_INT64, C(INT64_MIN)), INT64_MIN));
    assert_true(hn_dim_is_unknown(hn_ops_fit_element(&f->infer, HONE_BOOL, C(2))));
    hn_expr_set_bounds(f->pool, 0, 0, 100);
    assert_true(hn_dim_same(hn_ops_fit_element(&f->infer, HONE_INT8, f->n), f->n));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(broadcasting, set_up, tear_down),
        cmocka_unit_test_setup_teardown(broadcasting_of_symbols, set_up, tear_down),
        cmocka_unit_test_setup_teardown(without_a_pool, set_up, tear_down),
        cmocka_unit_test_setup_teardown(unifying, set_up, tear_down),
        cmocka_unit_test_setup_teardown(axes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(elements, set_up, tear_down),
        cmocka_unit_test_setup_teardown(setting_outputs, set_up, tear_down),
        cmocka_unit_test_setup_teardown(printing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(constants, set_up, tear_down),
        cmocka_unit_test_setup_teardown(moving_elements, set_up, tear_down),
        cmocka_unit_test_setup_teardown(fitting_elements, set_up, tear_down),
        cmocka_unit_test(operators),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
