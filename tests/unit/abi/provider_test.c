/* Choosing kernels of a provider, and reading a query. */
#include "base/failing_alloc.h"

#include "abi/provider.h"

static bool yes(const hn_query *query) { return query != NULL; }
static bool no(const hn_query *query) { return query == NULL; }
static double cheap(const hn_query *query) { return query->n_op; }
static double dear(const hn_query *query) { return query->n_op + 1.0; }
static hone_status run(const hn_args *args) { return args ? HONE_OK : HONE_INTERNAL; }

static const hn_kernel_body bodies[] = {{6, run}, {2, run}, {0, run}};
static const hn_kernel slow = {.name = "slow", .supports = yes, .cost = dear, .body = bodies, .n_body = 3};
static const hn_kernel fast = {.name = "fast", .supports = yes, .cost = cheap, .body = bodies, .n_body = 2};
static const hn_kernel never = {.name = "never", .supports = no, .cost = cheap, .body = bodies, .n_body = 3};
static const hn_kernel *const kernels[] = {&never, &slow, &fast};

static void choosing(void **state) {
    (void)state;
    static hn_query query = {.n_op = 1};
    hn_provider provider = {"test", kernels, 3};
    assert_ptr_equal(hn_provider_choose(&provider, &query), &fast);
    provider.n_kernel = 2;
    assert_ptr_equal(hn_provider_choose(&provider, &query), &slow);
    provider.n_kernel = 1;
    assert_null(hn_provider_choose(&provider, &query));
    provider.n_kernel = 3;
    assert_ptr_equal(hn_provider_find(&provider, "slow"), &slow);
    assert_null(hn_provider_find(&provider, "slo"));
}

static void binding(void **state) {
    (void)state;
    assert_ptr_equal(hn_kernel_bind(&slow, 7), &bodies[0]);
    assert_ptr_equal(hn_kernel_bind(&slow, 6), &bodies[0]);
    assert_ptr_equal(hn_kernel_bind(&slow, 2), &bodies[1]);
    assert_ptr_equal(hn_kernel_bind(&slow, 4), &bodies[2]);
    assert_null(hn_kernel_bind(&fast, 4));
}

static void attributes_of_queries(void **state) {
    (void)state;
    static hn_query query;
    hn_arena arena;
    hn_str text;
    hn_attrs attrs;
    hn_attr axis = {.name = "axis", .kind = HN_ATTR_INT, .i = -1};
    hn_arena_init(&arena, NULL);
    hn_str_init(&text, &arena);
    assert_int_equal(hn_attrs_encode((hn_attrs){&axis, 1}, &text, NULL), HONE_OK);
    query.n_op = 2;
    query.op[1].attr_offset = 16;
    query.op[1].attr_bytes = (uint16_t)text.n;
    memcpy(query.attr + 16, text.data, text.n);
    assert_int_equal(hn_query_attrs(&query, 0, &arena, &attrs, NULL), HONE_OK);
    assert_int_equal(attrs.n, 0);
    assert_int_equal(hn_query_attrs(&query, 1, &arena, &attrs, NULL), HONE_OK);
    assert_int_equal(hn_attrs_int(attrs, "axis", 0), -1);
    assert_int_equal(hn_query_attrs(&query, 2, &arena, &attrs, NULL), HONE_MALFORMED);
    assert_int_equal(hn_query_attrs(&query, -1, &arena, &attrs, NULL), HONE_MALFORMED);
    query.op[1].attr_offset = HN_QUERY_ATTR_BYTES - 8;
    assert_int_equal(hn_query_attrs(&query, 1, &arena, &attrs, NULL), HONE_MALFORMED);
    query.op[1].attr_offset = UINT16_MAX;
    assert_int_equal(hn_query_attrs(&query, 1, &arena, &attrs, NULL), HONE_MALFORMED);
    hn_arena_free(&arena);
}

static void static_dims(void **state) {
    (void)state;
    static hn_query query;
    int64_t dim[HONE_MAX_RANK];
    query.val[3].rank = 2;
    query.val[3].dim[0] = (hn_qdim){4, 4, 4, 1};
    query.val[3].dim[1] = (hn_qdim){1, 2, 8, 1};
    assert_false(hn_query_static_dims(&query, 3, dim));
    query.val[3].dim[1] = (hn_qdim){8, 8, 8, 1};
    assert_true(hn_query_static_dims(&query, 3, dim));
    assert_int_equal(dim[1], 8);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(choosing),
        cmocka_unit_test(binding),
        cmocka_unit_test(attributes_of_queries),
        cmocka_unit_test(static_dims),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
