/* Tests of the JSON writer. */
#include "failing_alloc.h"

#include <math.h>
#include <stdio.h>
#include "base/json.h"

static hn_arena arena;
static hn_str text;
static hn_json json;

static int set_up(void **state) {
    (void)state;
    hn_arena_init(&arena, NULL);
    hn_str_init(&text, &arena);
    hn_json_init(&json, &text);
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    hn_arena_free(&arena);
    return 0;
}

static void nests_and_indents(void **state) {
    (void)state;
    hn_json_object(&json, NULL, false);
    hn_json_string(&json, "name", "a");
    hn_json_array(&json, "dims", true);
    hn_json_int(&json, NULL, -1);
    hn_json_object(&json, NULL, false);
    hn_json_bool(&json, "x", true);
    hn_json_null(&json, "y");
    hn_json_end_object(&json);
    hn_json_end_array(&json);
    hn_json_array(&json, "list", false);
    hn_json_int(&json, NULL, INT64_MIN);
    hn_json_int(&json, NULL, 2);
    hn_json_end_array(&json);
    hn_json_object(&json, "empty", false);
    hn_json_end_object(&json);
    hn_json_end_object(&json);
    assert_string_equal(hn_str_text(&text),
                        "{\n  \"name\": \"a\",\n  \"dims\": [-1, {\"x\": true, \"y\": null}],\n"
                        "  \"list\": [\n    -9223372036854775808,\n    2\n  ],\n  \"empty\": {}\n}");
}

static void escapes_and_repairs_text(void **state) {
    (void)state;
    hn_json_string(&json, NULL, "q\"b\\n\nt\tc\x01\x7F \xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80");
    assert_string_equal(hn_str_text(&text),
                        "\"q\\\"b\\\\n\\nt\\tc\\u0001\\u007f \xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80\"");
    static const char *const bad[] = {"\x80",         "\xC0\xAF",         "\xC3", "\xE0\x80\xAF",
                                      "\xED\xA0\x80", "\xF4\x90\x80\x80", "\xFF"};
    static const int replacements[] = {1, 2, 1, 3, 3, 4, 1};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        hn_str_init(&text, &arena);
        hn_json_init(&json, &text);
        hn_json_string(&json, NULL, bad[i]);
        char expected[64] = "\"";
        for (int j = 0; j < replacements[i]; j++) strcat(expected, "\xEF\xBF\xBD");
        strcat(expected, "\"");
        assert_string_equal(hn_str_text(&text), expected);
    }
}

static void check_number(double value, const char *expected) {
    hn_str_init(&text, &arena);
    hn_json_init(&json, &text);
    hn_json_number(&json, NULL, value);
    if (expected) assert_string_equal(hn_str_text(&text), expected);
    else assert_true(strtod(hn_str_text(&text), NULL) == value);
}

static void numbers_read_back(void **state) {
    (void)state;
    check_number(0.1, "0.1");
    check_number(-2, "-2");
    check_number(1e300, "1e+300");
    check_number(1.0 / 3, "0.3333333333333333");
    check_number(NAN, "null");
    check_number(-INFINITY, "null");
    uint64_t bits = 88172645463325252u;
    for (int i = 0; i < 20000; i++) {
        bits ^= bits << 13;
        bits ^= bits >> 7;
        bits ^= bits << 17;
        double value;
        memcpy(&value, &bits, sizeof value);
        if (isfinite(value)) check_number(value, NULL);
    }
}

static void deep_nesting_balances(void **state) {
    (void)state;
    for (int i = 0; i < 200; i++) hn_json_array(&json, NULL, false);
    for (int i = 0; i < 200; i++) hn_json_end_array(&json);
    int depth = 0, deepest = 0;
    for (const char *c = hn_str_text(&text); *c; c++) {
        depth += *c == '[' ? 1 : *c == ']' ? -1 : 0;
        deepest = depth > deepest ? depth : deepest;
    }
    assert_int_equal(depth, 0);
    assert_int_equal(deepest, 200);
}

static void failure_sticks(void **state) {
    (void)state;
    failing_alloc source;
    failing_init(&source, 2);
    source.fail_after = true;
    hn_arena poor;
    hn_arena_init(&poor, &source.hooks);
    hn_str_init(&text, &poor);
    hn_json_init(&json, &text);
    hn_json_array(&json, NULL, false);
    for (int i = 0; i < 10000; i++) hn_json_int(&json, NULL, i);
    hn_json_end_array(&json);
    assert_null(hn_str_text(&text));
    hn_arena_free(&poor);
    assert_int_equal(source.live, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(nests_and_indents, set_up, tear_down),
        cmocka_unit_test_setup_teardown(escapes_and_repairs_text, set_up, tear_down),
        cmocka_unit_test_setup_teardown(numbers_read_back, set_up, tear_down),
        cmocka_unit_test_setup_teardown(deep_nesting_balances, set_up, tear_down),
        cmocka_unit_test_setup_teardown(failure_sticks, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
