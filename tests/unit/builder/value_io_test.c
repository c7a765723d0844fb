/* Values written as ONNX tensors and read back; damaged bytes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include "hone/build.h"

static hone_value *make(hone_dtype dtype, int rank, const int64_t *dim) {
    hone_value *value;
    assert_int_equal(hone_value_create(dtype, rank, dim, NULL, &value), HONE_OK);
    unsigned char *data = hone_value_data(value);
    for (size_t i = 0; i < hone_value_bytes(value); i++) data[i] = (unsigned char)(i * 37 + 11);
    if (dtype == HONE_BOOL)
        for (size_t i = 0; i < hone_value_bytes(value); i++) data[i] &= 1;
    return value;
}

static void round_trip(hone_dtype dtype, int rank, const int64_t *dim, const char *name) {
    hone_value *value = make(dtype, rank, dim), *back = NULL;
    void *bytes = NULL;
    char *read_name = NULL;
    size_t n;
    assert_int_equal(hone_value_write_onnx(value, name, &bytes, &n), HONE_OK);
    assert_int_equal(hone_value_read_onnx(HONE_TENSOR, bytes, n, NULL, &read_name, &back), HONE_OK);
    assert_string_equal(read_name, name ? name : "");
    assert_int_equal(hone_value_dtype(back), dtype);
    assert_int_equal(hone_value_rank(back), rank);
    assert_memory_equal(hone_value_dims(back), hone_value_dims(value), sizeof(int64_t) * (size_t)rank);
    assert_int_equal(hone_value_bytes(back), hone_value_bytes(value));
    if (hone_value_bytes(value))
        assert_memory_equal(hone_value_data(back), hone_value_data(value), hone_value_bytes(value));
    hone_text_destroy(&read_name);
    hone_bytes_destroy(&bytes);
    assert_null(bytes);
    hone_value_destroy(&back);
    hone_value_destroy(&value);
}

static void test_every_type(void **state) {
    (void)state;
    const int64_t dim[3] = {2, 3, 4};
    for (int d = HONE_FLOAT32; d <= HONE_INT2; d++)
        if (d != HONE_STRING) round_trip((hone_dtype)d, 3, dim, "a tensor");
}

static void test_every_rank(void **state) {
    (void)state;
    const int64_t one[HONE_MAX_RANK] = {1, 200, 1, 1, 3, 1, 1, 1}, none[2] = {0, 70000};
    for (int rank = 0; rank <= HONE_MAX_RANK; rank++) round_trip(HONE_INT16, rank, one, NULL);
    round_trip(HONE_FLOAT32, 2, none, "empty");
}

/* The bytes are those that protobuf prescribes, so that other programs read them. */
static void test_bytes(void **state) {
    (void)state;
    const int64_t dim[2] = {2, 300};
    hone_value *value = make(HONE_INT8, 2, dim);
    void *bytes;
    size_t n;
    assert_int_equal(hone_value_write_onnx(value, "xy", &bytes, &n), HONE_OK);
    static const unsigned char head[] = {0x08, 2, 0x08, 0xAC, 0x02, 0x10, 3, 0x42, 2, 'x', 'y', 0x4A, 0xD8, 0x04};
    assert_int_equal(n, sizeof head + 600);
    assert_memory_equal(bytes, head, sizeof head);
    assert_memory_equal((char *)bytes + sizeof head, hone_value_data(value), 600);
    hone_bytes_destroy(&bytes);
    hone_value_destroy(&value);
}

static void test_damage(void **state) {
    (void)state;
    const int64_t dim[2] = {3, 5};
    hone_value *value = make(HONE_FLOAT32, 2, dim), *back;
    unsigned char copy[200];
    void *bytes;
    size_t n;
    assert_int_equal(hone_value_write_onnx(value, "x", &bytes, &n), HONE_OK);
    assert_true(n < sizeof copy);
    for (size_t cut = 1; cut < n; cut++) {
        hone_messages *messages;
        assert_int_equal(hone_messages_create(NULL, &messages), HONE_OK);
        const hone_status status = hone_value_read_onnx(HONE_TENSOR, bytes, cut, messages, NULL, &back);
        assert_int_not_equal(status, HONE_OK);
        assert_null(back);
        assert_true(hone_messages_count(messages) > 0);
        hone_messages_destroy(&messages);
    }
    for (size_t i = 0; i < 16; i++)
        for (int bit = 0; bit < 8; bit++) {
            memcpy(copy, bytes, n);
            copy[i] ^= (unsigned char)(1 << bit);
            if (hone_value_read_onnx(HONE_TENSOR, copy, n, NULL, NULL, &back) == HONE_OK) hone_value_destroy(&back);
            assert_null(back);
        }
    hone_bytes_destroy(&bytes);
    hone_value_destroy(&value);
}

static void test_arguments(void **state) {
    (void)state;
    hone_value *value = NULL;
    void *bytes = NULL;
    size_t n;
    assert_int_equal(hone_value_read_onnx(HONE_TENSOR, "", 0, NULL, NULL, NULL), HONE_INVALID_ARGUMENT);
    assert_int_equal(hone_value_read_onnx(HONE_TENSOR, NULL, 3, NULL, NULL, &value), HONE_INVALID_ARGUMENT);
    assert_int_equal(hone_value_write_onnx(NULL, NULL, &bytes, &n), HONE_INVALID_ARGUMENT);
    hone_bytes_destroy(&bytes);
    hone_bytes_destroy(NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_type), cmocka_unit_test(test_every_rank), cmocka_unit_test(test_bytes),
        cmocka_unit_test(test_damage),     cmocka_unit_test(test_arguments),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
