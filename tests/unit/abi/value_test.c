/* Public values that are no plain tensors: strings and lists; objects of the runtime made from them and back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include "abi/value.h"

static hone_value *strings(int64_t n, const char *const *text) {
    hone_value *value;
    assert_int_equal(hone_value_create(HONE_STRING, 1, &n, NULL, &value), HONE_OK);
    for (int64_t i = 0; i < n; i++)
        assert_int_equal(hone_value_set_string(value, i, text[i], strlen(text[i])), HONE_OK);
    return value;
}

static hone_value *floats(float first, int64_t n) {
    hone_value *value;
    assert_int_equal(hone_value_create(HONE_FLOAT32, 1, &n, NULL, &value), HONE_OK);
    for (int64_t i = 0; i < n; i++) ((float *)hone_value_data(value))[i] = first + (float)i;
    return value;
}

static hone_value *list_of(hone_kind kind, int64_t n, hone_value **item) {
    hone_value *list;
    assert_int_equal(hone_value_create_list(kind, n, NULL, &list), HONE_OK);
    for (int64_t i = 0; i < n; i++) assert_int_equal(hone_value_set_item(list, i, &item[i]), HONE_OK);
    return list;
}

static void string_elements(void **state) {
    (void)state;
    size_t n;
    hone_value *value = strings(3, (const char *const[]){"one", "", "three"});
    assert_null(hone_value_data(value));
    assert_memory_equal(hone_value_string(value, 2, &n), "three", 5);
    assert_int_equal(n, 5);
    assert_string_equal(hone_value_string(value, 1, &n), "");
    assert_int_equal(n, 0);
    assert_int_equal(hone_value_set_string(value, 0, "a longer text", 13), HONE_OK); /* the old one is released */
    assert_null(hone_value_string(value, 3, &n));
    assert_null(hone_value_string(value, -1, NULL));
    assert_int_equal(hone_value_set_string(value, 3, "x", 1), HONE_INVALID_ARGUMENT);
    hone_value *other = floats(1, 2);
    assert_null(hone_value_string(other, 0, NULL));
    assert_int_equal(hone_value_set_string(other, 0, "x", 1), HONE_INVALID_ARGUMENT);
    hone_value_destroy(&other);
    hone_value_destroy(&value);
}

static void lists_own_their_items(void **state) {
    (void)state;
    hone_value *item[2] = {floats(1, 2), strings(1, (const char *const[]){"x"})}, *last = floats(5, 1);
    hone_value *list = list_of(HONE_SEQUENCE, 2, item);
    assert_null(item[0]);
    assert_int_equal(hone_value_kind(list), HONE_SEQUENCE);
    assert_int_equal(hone_value_count(list), 2);
    assert_int_equal(hone_value_dtype(list), HONE_NO_DTYPE);
    assert_int_equal(hone_value_set_item(list, 1, &last), HONE_OK); /* the old item goes */
    assert_int_equal(hone_value_dtype(hone_value_item(list, 1)), HONE_FLOAT32);
    assert_null(hone_value_item(list, 2));
    assert_int_equal(hone_value_set_item(list, 2, &list), HONE_INVALID_ARGUMENT);
    hone_value_destroy(&list);
}

static void impossible_lists(void **state) {
    (void)state;
    hone_value *list;
    assert_int_equal(hone_value_create_list(HONE_TENSOR, 1, NULL, &list), HONE_INVALID_ARGUMENT);
    assert_int_equal(hone_value_create_list(HONE_SEQUENCE, -1, NULL, &list), HONE_INVALID_ARGUMENT);
    assert_int_equal(hone_value_create_list(HONE_SEQUENCE, INT64_MAX, NULL, &list), HONE_INVALID_ARGUMENT);
    assert_int_equal(hone_value_create_list(HONE_OPTIONAL, 2, NULL, &list), HONE_INVALID_ARGUMENT);
    assert_int_equal(hone_value_create_list(HONE_MAP, 1, NULL, &list), HONE_INVALID_ARGUMENT);
    assert_null(list);
}

static void objects_and_back(void **state) {
    (void)state;
    hn_arena arena;
    hn_tensor object;
    hone_value shown, *copy;
    size_t n;
    hn_arena_init(&arena, NULL);
    hone_value *inner[2] = {strings(2, (const char *const[]){"a", "bc"}), strings(0, NULL)};
    hone_value *sequence = list_of(HONE_SEQUENCE, 2, inner);
    hone_value *optional = list_of(HONE_OPTIONAL, 1, &sequence);
    const hn_type *type = hn_type_of(HN_KIND_OPTIONAL, hn_type_of(HN_KIND_SEQUENCE, hn_type_tensor(HONE_STRING)));
    assert_int_equal(hn_value_to_object(optional, type, &arena, &object), HONE_OK);
    assert_int_equal(hn_object_own(&arena, &object), HONE_OK);
    hone_value_destroy(&optional); /* the object's texts are its own now */
    assert_int_equal(hn_value_show(&object, &arena, &shown), HONE_OK);
    const hone_value *first = hone_value_item(hone_value_item(&shown, 0), 0);
    assert_memory_equal(hone_value_string(first, 1, &n), "bc", 2);
    assert_int_equal(hn_value_copy(&object, &copy), HONE_OK);
    hn_arena_free(&arena);
    assert_int_equal(hone_value_kind(copy), HONE_OPTIONAL);
    assert_int_equal(hone_value_count(hone_value_item(copy, 0)), 2);
    assert_memory_equal(hone_value_string(hone_value_item(hone_value_item(copy, 0), 0), 0, &n), "a", 1);
    hone_value_destroy(&copy);
}

static void values_that_do_not_fit_a_type(void **state) {
    (void)state;
    hn_arena arena;
    hn_tensor object;
    hn_arena_init(&arena, NULL);
    const hn_type *type = hn_type_of(HN_KIND_SEQUENCE, hn_type_tensor(HONE_INT64));
    hone_value *item = floats(0, 1), *list = list_of(HONE_SEQUENCE, 1, &item);
    assert_int_equal(hn_value_to_object(list, type, &arena, &object), HONE_INVALID_ARGUMENT);
    type = hn_type_of(HN_KIND_OPTIONAL, hn_type_tensor(HONE_FLOAT32));
    assert_int_equal(hn_value_to_object(list, type, &arena, &object), HONE_INVALID_ARGUMENT);
    hone_value_destroy(&list);
    assert_int_equal(hone_value_create_list(HONE_SEQUENCE, 1, NULL, &list), HONE_OK); /* its item is not set */
    type = hn_type_of(HN_KIND_SEQUENCE, hn_type_tensor(HONE_FLOAT32));
    assert_int_equal(hn_value_to_object(list, type, &arena, &object), HONE_INVALID_ARGUMENT);
    hone_value_destroy(&list);
    hone_value *pair[2] = {strings(2, (const char *const[]){"k", "l"}), floats(0, 3)};
    list = list_of(HONE_MAP, 2, pair); /* a key without a value */
    assert_int_equal(hn_value_to_object(list, hn_type_map(HONE_STRING, HONE_FLOAT32), &arena, &object),
                     HONE_INVALID_ARGUMENT);
    hone_value_destroy(&list);
    hn_arena_free(&arena);
}

static void type_text(void **state) {
    (void)state;
    static const char *const good[] = {"float32",
                                       "sequence(string)",
                                       "optional(sequence(int4))",
                                       "map(int64,float32)",
                                       "sequence(map(string,float64))",
                                       "sequence(sequence(optional(bool)))"};
    static const char *const bad[] = {"",
                                      "float",
                                      "sequence",
                                      "sequence(",
                                      "sequence()",
                                      "map(float32)",
                                      "map(,int8)",
                                      "sequence(float32",
                                      "optional(int8))x"};
    hn_arena arena;
    const hn_type *type;
    hn_arena_init(&arena, NULL);
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        hn_str text;
        const char *at = good[i];
        assert_int_equal(hn_type_parse(&at, at + strlen(at), &arena, &type), HONE_OK);
        assert_non_null(type);
        assert_string_equal(at, "");
        hn_str_init(&text, &arena);
        hn_type_print(&text, type);
        assert_string_equal(hn_str_text(&text), good[i]);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        const char *at = bad[i];
        assert_int_equal(hn_type_parse(&at, at + strlen(at), &arena, &type), HONE_OK);
        assert_true(!type || *at);
    }
    hn_str deep;
    hn_str_init(&deep, &arena);
    for (int i = 0; i < 100000; i++) hn_str_add(&deep, "sequence(");
    const char *at = hn_str_text(&deep);
    assert_int_equal(hn_type_parse(&at, at + deep.n, &arena, &type), HONE_OK);
    assert_null(type);
    hn_arena_free(&arena);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(string_elements),  cmocka_unit_test(lists_own_their_items),
        cmocka_unit_test(impossible_lists), cmocka_unit_test(objects_and_back),
        cmocka_unit_test(type_text),        cmocka_unit_test(values_that_do_not_fit_a_type),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
