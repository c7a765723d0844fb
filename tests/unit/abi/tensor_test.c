/* Tensors: sizes, strides, copies between layouts, single elements; public values. */
#include "base/failing_alloc.h"

#include "abi/tensor.h"
#include "base/half.h"

static hn_tensor make(hone_dtype dtype, int rank, const int64_t *dim) {
    hn_tensor t = {.dtype = dtype};
    hn_tensor_set_shape(&t, rank, dim);
    return t;
}

static void types(void **state) {
    (void)state;
    static const hn_type inner = {HN_KIND_TENSOR, HONE_FLOAT32, NULL};
    static const hn_type list = {HN_KIND_SEQUENCE, HONE_NO_DTYPE, &inner};
    hn_type same_list = {HN_KIND_SEQUENCE, HONE_NO_DTYPE, hn_type_tensor(HONE_FLOAT32)};
    assert_ptr_equal(hn_type_tensor(HONE_INT8), hn_type_tensor(HONE_INT8));
    assert_int_equal(hn_type_tensor(HONE_INT2)->dtype, HONE_INT2);
    assert_null(hn_type_tensor(HONE_NO_DTYPE));
    assert_null(hn_type_tensor((hone_dtype)27));
    assert_null(hn_type_tensor((hone_dtype)-1));
    assert_true(hn_type_same(&list, &same_list));
    assert_true(hn_type_same(&inner, hn_type_tensor(HONE_FLOAT32)));
    assert_false(hn_type_same(&list, &inner));
    assert_false(hn_type_same(&inner, NULL));
    same_list.elem = hn_type_tensor(HONE_INT8);
    assert_false(hn_type_same(&list, &same_list));
}

static void sizes(void **state) {
    (void)state;
    const int64_t dim[] = {2, 3, 4}, negative[] = {2, -1}, huge[] = {INT64_C(1) << 40, INT64_C(1) << 40, 0};
    hn_tensor t = make(HONE_FLOAT32, 3, dim);
    assert_int_equal(hn_tensor_count(&t), 24);
    assert_int_equal(hn_tensor_bytes(&t), 96);
    assert_int_equal(t.stride[0], 12);
    assert_int_equal(t.stride[2], 1);
    t = make(HONE_INT4, 1, &dim[1]);
    assert_int_equal(hn_tensor_bytes(&t), 2);
    t = make(HN_DTYPE_DIM, 1, dim);
    assert_int_equal(hn_tensor_bytes(&t), 32);
    t = make(HONE_FLOAT64, 0, NULL);
    assert_int_equal(hn_tensor_count(&t), 1);
    t = make(HONE_FLOAT64, 2, negative);
    assert_int_equal(hn_tensor_count(&t), -1);
    assert_true(hn_tensor_bytes(&t) == SIZE_MAX);
    t = make(HONE_FLOAT64, 2, huge);
    assert_int_equal(hn_tensor_count(&t), -1);
    t = make(HONE_FLOAT64, 3, huge);
    assert_int_equal(hn_tensor_count(&t), 0);
    assert_int_equal(hn_tensor_bytes(&t), 0);
    assert_int_equal(hn_element_size(HONE_STRING), 16);
    assert_int_equal(hn_element_size(HN_DTYPE_DIM), 16);
    assert_int_equal(hn_element_size(HONE_UINT2), 1);
    assert_int_equal(hn_element_size(HONE_COMPLEX128), 16);
    assert_int_equal(hn_element_size(HONE_NO_DTYPE), 0);
}

static void layouts(void **state) {
    (void)state;
    const int64_t dim[] = {2, 3, 4, 5};
    hn_tensor t = make(HONE_FLOAT32, 4, dim);
    assert_true(hn_tensor_is_dense(&t));
    hn_tensor_set_channels_last(&t);
    assert_false(hn_tensor_is_dense(&t));
    assert_int_equal(t.stride[0], 60);
    assert_int_equal(t.stride[1], 1);
    assert_int_equal(t.stride[2], 15);
    assert_int_equal(t.stride[3], 3);
    t = make(HONE_FLOAT32, 2, dim);
    hn_tensor_set_channels_last(&t);
    assert_true(hn_tensor_is_dense(&t));
    t.dim[0] = 1; /* the stride of a single row does not matter */
    t.stride[0] = 77;
    assert_true(hn_tensor_is_dense(&t));
    t.stride[1] = 2;
    assert_false(hn_tensor_is_dense(&t));
}

static int64_t offset_of(const hn_tensor *t, const int64_t *index) {
    int64_t offset = 0;
    for (int d = 0; d < t->rank; d++) offset += index[d] * t->stride[d];
    return offset;
}

/* Element by element, the slow and obvious way. */
static void assert_copied(const hn_tensor *to, const hn_tensor *from, size_t size) {
    int64_t index[HONE_MAX_RANK] = {0};
    for (int64_t n = hn_tensor_count(to); n > 0; n--) {
        const char *a = (const char *)to->data + offset_of(to, index) * (int64_t)size;
        const char *b = (const char *)from->data + offset_of(from, index) * (int64_t)size;
        assert_memory_equal(a, b, size);
        for (int d = to->rank - 1; d >= 0 && ++index[d] == to->dim[d]; d--) index[d] = 0;
    }
}

/* The number `seed` of a sequence of small pseudo-random numbers. */
static uint32_t draw(uint32_t *seed) { return (*seed = *seed * 1664525u + 1013904223u) >> 16; }

/* Strides that fit dims in any order, with gaps when `loose`; returns the elements spanned. */
static int64_t scatter_strides(hn_tensor *t, uint32_t *seed, bool loose) {
    int order[HONE_MAX_RANK];
    int64_t stride = 1;
    for (int d = 0; d < t->rank; d++) order[d] = d;
    for (int d = t->rank - 1; d > 0; d--) {
        int other = (int)(draw(seed) % (uint32_t)(d + 1)), kept = order[d];
        order[d] = order[other];
        order[other] = kept;
    }
    for (int d = 0; d < t->rank; d++) {
        t->stride[order[d]] = stride;
        stride *= t->dim[order[d]];
        if (loose) stride += draw(seed) % 3;
    }
    return stride;
}

static void copies(void **state) {
    (void)state;
    static const hone_dtype dtypes[] = {HONE_UINT8,   HONE_FLOAT16,    HONE_FLOAT32,
                                        HONE_FLOAT64, HONE_COMPLEX128, HN_DTYPE_DIM};
    uint32_t seed = 1;
    for (int round = 0; round < 600; round++) {
        hn_tensor from = {.dtype = dtypes[round % 6]}, to = {.dtype = dtypes[round % 6]};
        int64_t dim[HONE_MAX_RANK];
        int rank = (int)(draw(&seed) % 5);
        for (int d = 0; d < rank; d++) dim[d] = draw(&seed) % 20 == 0 ? 0 : 1 + draw(&seed) % (rank < 3 ? 40 : 6);
        hn_tensor_set_shape(&from, rank, dim);
        hn_tensor_set_shape(&to, rank, dim);
        size_t size = hn_element_size(from.dtype);
        int64_t spans[2] = {scatter_strides(&from, &seed, true), scatter_strides(&to, &seed, round % 2)};
        if (round % 3 == 0) hn_tensor_set_shape(&to, rank, dim), spans[1] = hn_tensor_count(&to);
        from.data = malloc((size_t)spans[0] * size + 1);
        to.data = calloc((size_t)spans[1] + 1, size);
        for (size_t i = 0; i < (size_t)spans[0] * size; i++) ((uint8_t *)from.data)[i] = (uint8_t)draw(&seed);
        hn_tensor_copy(&to, &from);
        assert_copied(&to, &from, size);
        free(from.data);
        free(to.data);
    }
}

static void repeated_elements(void **state) {
    (void)state;
    const int64_t dim[] = {3, 2};
    int32_t row[] = {7, 8}, all[6];
    hn_tensor from = make(HONE_INT32, 2, dim), to = from;
    from.stride[0] = 0;
    from.data = row;
    to.data = all;
    hn_tensor_copy(&to, &from);
    assert_memory_equal(all, ((int32_t[]){7, 8, 7, 8, 7, 8}), sizeof all);
}

static void single_elements(void **state) {
    (void)state;
    const int64_t five = 5;
    hn_tensor t = make(HONE_INT4, 1, &five);
    uint8_t nibbles[] = {0x9F, 0x7A, 0x08};
    t.data = nibbles;
    static const int64_t expected[] = {-1, -7, -6, 7, -8};
    for (int i = 0; i < 5; i++) assert_int_equal(hn_tensor_int(&t, i), expected[i]);
    t.dtype = HONE_UINT4;
    assert_int_equal(hn_tensor_int(&t, 1), 9);
    t.dtype = HONE_INT2;
    assert_int_equal(hn_tensor_int(&t, 4), -2); /* 0x9F, 0x7A: 3 3 1 2, 2 ... */
    t.dtype = HONE_UINT2;
    assert_int_equal(hn_tensor_int(&t, 3), 2);
    uint8_t truth[] = {0, 1, 0xFF, 0, 2};
    t.dtype = HONE_BOOL;
    t.data = truth;
    assert_int_equal(hn_tensor_int(&t, 2), 1);
    assert_true(hn_tensor_real(&t, 4) == 1);
    uint64_t large[] = {UINT64_MAX};
    t.dtype = HONE_UINT64;
    t.data = large;
    assert_int_equal(hn_tensor_int(&t, 0), -1);
    assert_true(hn_tensor_real(&t, 0) == 18446744073709551616.0);
    uint16_t halves[] = {hn_half_from_float(1.5f), hn_bfloat_from_float(-2.0f)};
    t.data = halves;
    t.dtype = HONE_FLOAT16;
    assert_true(hn_tensor_real(&t, 0) == 1.5);
    t.dtype = HONE_BFLOAT16;
    assert_true(hn_tensor_real(&t, 1) == -2);
}

static void values_wrap_and_own(void **state) {
    (void)state;
    const int64_t dim[] = {2, 3}, negative[] = {-2};
    float data[6];
    hone_value *value = NULL;
    assert_int_equal(hone_value_wrap(HONE_FLOAT32, 2, dim, data, sizeof data, &value), HONE_OK);
    assert_ptr_equal(hone_value_data(value), data);
    assert_int_equal(hone_value_bytes(value), sizeof data);
    assert_int_equal(hone_value_rank(value), 2);
    assert_int_equal(hone_value_dims(value)[1], 3);
    assert_int_equal(hone_value_dtype(value), HONE_FLOAT32);
    hone_value_destroy(&value);
    assert_null(value);
    hone_value_destroy(&value);
    assert_int_equal(hone_value_wrap(HONE_FLOAT32, 2, dim, data, sizeof data - 1, &value), HONE_INVALID_ARGUMENT);
    assert_null(value);
    assert_int_equal(hone_value_wrap(HONE_FLOAT32, 2, dim, NULL, sizeof data, &value), HONE_INVALID_ARGUMENT);
    assert_int_equal(hone_value_wrap(HONE_NO_DTYPE, 2, dim, data, sizeof data, &value), HONE_INVALID_ARGUMENT);
    assert_int_equal(hone_value_wrap(HONE_FLOAT32, 9, dim, data, sizeof data, &value), HONE_INVALID_ARGUMENT);
    assert_int_equal(hone_value_wrap(HONE_FLOAT32, 2, NULL, data, sizeof data, &value), HONE_INVALID_ARGUMENT);
    assert_int_equal(hone_value_wrap(HONE_FLOAT32, 1, negative, data, 0, &value), HONE_INVALID_ARGUMENT);
    assert_int_equal(hone_value_wrap(HONE_STRING, 2, dim, data, 96, &value), HONE_UNSUPPORTED);
    assert_int_equal(hone_value_wrap(HONE_FLOAT32, 2, dim, data, sizeof data, NULL), HONE_INVALID_ARGUMENT);
    assert_null(hone_value_data(NULL));
}

static void values_out_of_memory(void **state) {
    (void)state;
    const int64_t dim[] = {5, 7}, none[] = {0};
    for (long fail = 1; fail <= 3; fail++) {
        failing_alloc source;
        hone_value *value = NULL;
        failing_init(&source, fail);
        hone_status status = hone_value_create(HONE_INT64, 2, dim, &source.hooks, &value);
        assert_int_equal(status, fail < 3 ? HONE_OUT_OF_MEMORY : HONE_OK);
        assert_true((value != NULL) == (status == HONE_OK));
        if (value) assert_int_equal(((int64_t *)hone_value_data(value))[34], 0);
        hone_value_destroy(&value);
        assert_int_equal(source.live, 0);
    }
    hone_value *value = NULL;
    assert_int_equal(hone_value_create(HONE_INT64, 1, none, NULL, &value), HONE_OK);
    assert_int_equal(hone_value_bytes(value), 0);
    assert_non_null(hone_value_data(value));
    hone_value_destroy(&value);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(types),
        cmocka_unit_test(sizes),
        cmocka_unit_test(layouts),
        cmocka_unit_test(copies),
        cmocka_unit_test(repeated_elements),
        cmocka_unit_test(single_elements),
        cmocka_unit_test(values_wrap_and_own),
        cmocka_unit_test(values_out_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
