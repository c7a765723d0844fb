/* Tests of diagnostics, the public message list, log sink, status phrases and element types. */
#include "failing_alloc.h"

#include "base/diag.h"
#include "base/dtype.h"
#include "base/log.h"

static hone_status fails(hn_diag *diag) { HN_FAIL(diag, HONE_MALFORMED, "bad value %d", 7); }

static hone_status passes_on(hn_diag *diag) {
    HN_TRY(HONE_OK);
    HN_TRY(fails(diag));
    return HONE_OK;
}

static hone_status needs(const void *memory) {
    HN_TRY_ALLOC(memory);
    return HONE_OK;
}

static void messages_collect(void **state) {
    (void)state;
    hn_diag diag;
    hn_diag_init(&diag, NULL);
    assert_int_equal(passes_on(&diag), HONE_MALFORMED);
    assert_int_equal(passes_on(NULL), HONE_MALFORMED);
    assert_int_equal(needs(NULL), HONE_OUT_OF_MEMORY);
    assert_int_equal(needs(&diag), HONE_OK);
    hn_diag_place(&diag, 0, "node", NULL, NULL);
    hn_diag_place(&diag, 0, "outer", "Conv", "here");
    hn_diag_add(&diag, HONE_WARNING, HONE_OK, "second");
    hn_diag_hint(&diag, 1, "try %s", "this");
    hn_diag_hint(&diag, 0, "other");
    assert_int_equal(hone_messages_count(&diag), 2);
    const hone_message *m = hone_messages_at(&diag, 0);
    assert_string_equal(m->text, "bad value 7");
    assert_string_equal(m->node, "node");
    assert_string_equal(m->op, "Conv");
    assert_string_equal(m->location, "here");
    assert_string_equal(m->hint, "other");
    m = hone_messages_at(&diag, 1);
    assert_int_equal(m->severity, HONE_WARNING);
    assert_string_equal(m->hint, "try this");
    assert_string_equal(m->node, "");
    assert_null(hone_messages_at(&diag, 2));
    hn_diag_free(&diag);
    assert_int_equal(hone_messages_count(&diag), 0);
    hn_diag_place(NULL, 0, "a", "b", "c");
    hn_diag_hint(NULL, 0, "x");
    assert_false(hn_diag_full(NULL));
}

static void ten_errors_are_kept(void **state) {
    (void)state;
    hone_messages *list = NULL;
    assert_int_equal(hone_messages_create(NULL, &list), HONE_OK);
    for (int i = 0; i < 25; i++) {
        assert_int_equal(hn_diag_full(list), i >= 10);
        hn_diag_add(list, HONE_ERROR, HONE_INVALID_MODEL, "error %d", i);
        hn_diag_add(list, HONE_INFO, HONE_OK, "note %d", i);
    }
    assert_int_equal(hone_messages_count(list), 35);
    assert_int_equal(hone_messages_dropped(list), 15);
    hone_messages_destroy(&list);
    assert_null(list);
    hone_messages_destroy(&list);
    assert_int_equal(hone_messages_create(NULL, NULL), HONE_INVALID_ARGUMENT);
    assert_int_equal(hone_messages_count(NULL), 0);
    assert_int_equal(hone_messages_dropped(NULL), 0);
    assert_null(hone_messages_at(NULL, 0));
}

static void status_outlives_memory(void **state) {
    (void)state;
    for (long fail = 1; fail < 5; fail++) {
        failing_alloc source;
        failing_init(&source, fail);
        source.fail_after = true;
        hone_messages *list = NULL;
        hone_status status = hone_messages_create(&source.hooks, &list);
        assert_int_equal(status, fail == 1 ? HONE_OUT_OF_MEMORY : HONE_OK);
        for (int i = 0; i < 200 && list; i++) {
            assert_int_equal(hn_diag_add(list, HONE_ERROR, HONE_IO_ERROR, "%01000d", i), HONE_IO_ERROR);
            hn_diag_add(list, HONE_WARNING, HONE_IO_ERROR, "%01000d", i);
            hn_diag_place(list, 0, "a", "b", "c");
            hn_diag_hint(list, 0, "hint");
        }
        for (size_t i = 0; i < hone_messages_count(list); i++) {
            const hone_message *m = hone_messages_at(list, i);
            assert_true(m->text && m->node && m->op && m->location && m->hint);
        }
        if (list) assert_true(hone_messages_dropped(list) >= 190);
        hone_messages_destroy(&list);
        assert_int_equal(source.live, 0);
    }
}

static int lines;
static char last_line[2000];

static void sink(void *user, hone_severity severity, const char *line) {
    assert_ptr_equal(user, &lines);
    assert_true(severity >= HONE_INFO);
    strncpy(last_line, line, sizeof last_line - 1);
    lines++;
    if (lines == 3) hone_log_set(NULL, NULL, HONE_ERROR);
}

static void log_filters(void **state) {
    (void)state;
    assert_false(hn_log_wants(HONE_ERROR));
    hn_log(HONE_ERROR, "nobody listens");
    hone_log_set(sink, &lines, HONE_INFO);
    assert_true(hn_log_wants(HONE_INFO));
    hn_log(HONE_VERBOSE, "no");
    assert_int_equal(lines, 0);
    hn_log(HONE_WARNING, "%s", "yes");
    assert_string_equal(last_line, "yes");
    hn_log(HONE_INFO, "%05000d", 1);
    assert_int_equal(strlen(last_line), 1023);
    assert_string_equal(last_line + 1020, "...");
    hn_log(HONE_INFO, "the sink switches itself off");
    hn_log(HONE_ERROR, "no");
    assert_int_equal(lines, 3);
}

static void statuses_have_phrases(void **state) {
    (void)state;
    for (int i = 0; i >= HONE_INTERNAL; i--)
        assert_string_not_equal(hone_status_text((hone_status)i), "unknown status");
    assert_string_equal(hone_status_text((hone_status)5), "unknown status");
    assert_string_equal(hone_status_text((hone_status)-11), "unknown status");
}

static void dtype_facts(void **state) {
    (void)state;
    assert_string_equal(hone_dtype_name(HONE_BFLOAT16), "bfloat16");
    assert_string_equal(hone_dtype_name((hone_dtype)0), "?");
    assert_string_equal(hone_dtype_name((hone_dtype)-1), "?");
    assert_string_equal(hone_dtype_name((hone_dtype)1000), "?");
    assert_int_equal(hone_dtype_bits(HONE_INT4), 4);
    assert_int_equal(hone_dtype_bits(HONE_STRING), 0);
    assert_int_equal(hone_dtype_bits((hone_dtype)27), 0);
    for (int i = 1; i <= 26; i++) {
        hone_dtype t = (hone_dtype)i;
        assert_true(hn_dtype_is_known(t));
        assert_int_equal(hn_dtype_parse(hone_dtype_name(t)), t);
        int classes = hn_dtype_is_float(t) + hn_dtype_is_signed_int(t) + hn_dtype_is_unsigned_int(t) +
                      hn_dtype_is_complex(t) + (t == HONE_BOOL) + (t == HONE_STRING);
        assert_int_equal(classes, 1);
        assert_int_equal(hn_dtype_is_int(t), strstr(hone_dtype_name(t), "int") != NULL);
    }
    assert_int_equal(hn_dtype_parse("float33"), HONE_NO_DTYPE);
    assert_false(hn_dtype_is_known(HN_DTYPE_OPAQUE128));
}

static void dtype_sizes(void **state) {
    (void)state;
    assert_int_equal(hn_dtype_bytes(HONE_FLOAT32, 5), 20);
    assert_int_equal(hn_dtype_bytes(HONE_INT4, 5), 3);
    assert_int_equal(hn_dtype_bytes(HONE_INT4, 4), 2);
    assert_int_equal(hn_dtype_bytes(HONE_UINT2, 5), 2);
    assert_int_equal(hn_dtype_bytes(HONE_STRING, 2), 32);
    assert_int_equal(hn_dtype_bytes(HN_DTYPE_OPAQUE128, 3), 48);
    assert_int_equal(hn_dtype_bytes(HONE_COMPLEX128, 3), 48);
    assert_int_equal(hn_dtype_bytes(HONE_BOOL, 0), 0);
    assert_true(hn_dtype_bytes(HONE_FLOAT32, -1) == SIZE_MAX);
    assert_true(hn_dtype_bytes(HONE_FLOAT32, INT64_MAX) == SIZE_MAX);
    assert_true(hn_dtype_bytes(HONE_INT4, INT64_MAX) == (size_t)1 << 62);
    assert_true(hn_dtype_bytes(HONE_NO_DTYPE, 1) == SIZE_MAX);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(messages_collect),
        cmocka_unit_test(ten_errors_are_kept),
        cmocka_unit_test(status_outlives_memory),
        cmocka_unit_test(log_filters),
        cmocka_unit_test(statuses_have_phrases),
        cmocka_unit_test(dtype_facts),
        cmocka_unit_test(dtype_sizes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
