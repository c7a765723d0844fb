/* The wire reader on well-formed and hostile bytes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include "frontend/onnx/pb.h"

typedef struct sample {
    hn_pb_head head;
    int64_t number;
    float real;
    hn_bytes text;
    hn_pb_list list;
    hn_pb_ints ints;
    hn_pb_floats floats;
} sample;

static const hn_pb_rule rules[] = {
    {1, HN_PB_INT, offsetof(sample, number), "number"},
    {2, HN_PB_FLOAT, offsetof(sample, real), "real"},
    {3, HN_PB_BYTES, offsetof(sample, text), "text"},
    {4, HN_PB_LIST, offsetof(sample, list), "list"},
    {5, HN_PB_INTS, offsetof(sample, ints), "ints"},
    {6, HN_PB_FLOATS, offsetof(sample, floats), "floats"},
    {7, HN_PB_LATER, 0, "later"},
};

typedef struct fixture {
    hn_arena arena;
    hn_diag diag;
    hn_pb pb;
} fixture;

static int setup(void **state) {
    static fixture f;
    hn_arena_init(&f.arena, NULL);
    hn_diag_init(&f.diag, NULL);
    f.pb = (hn_pb){NULL, &f.arena, &f.diag};
    *state = &f;
    return 0;
}

static int teardown(void **state) {
    fixture *f = *state;
    hn_arena_free(&f->arena);
    hn_diag_free(&f->diag);
    return 0;
}

#define BYTES(...) ((hn_bytes){(const char *)(const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__})})

static hone_status read(fixture *f, hn_bytes bytes, sample *out) {
    f->pb.base = (const uint8_t *)bytes.data;
    return hn_pb_read(&f->pb, bytes, rules, sizeof rules / sizeof *rules, out, sizeof *out);
}

static void expect_malformed(fixture *f, hn_bytes bytes, const char *words) {
    sample s;
    const size_t before = f->diag.n;
    assert_int_equal(read(f, bytes, &s), HONE_MALFORMED);
    assert_int_equal(f->diag.n, before + 1);
    if (!strstr(f->diag.at[before].text, words)) fail_msg("\"%s\" does not say \"%s\"", f->diag.at[before].text, words);
}

static void test_fields(void **state) {
    fixture *f = *state;
    sample s;
    assert_int_equal(
        read(f, BYTES(0x08, 0xac, 0x02, 0x15, 0, 0, 0xc0, 0x3f, 0x1a, 2, 'h', 'i', 0x22, 0, 0x22, 1, 'x'), &s),
        HONE_OK);
    assert_int_equal(s.number, 300);
    assert_true(s.real == 1.5f);
    assert_memory_equal(s.text.data, "hi", 2);
    assert_int_equal(s.list.n, 2);
    assert_non_null(s.list.at[0].data);
    assert_int_equal(s.list.at[0].n, 0);
    assert_int_equal(s.list.at[1].n, 1);
    assert_true(hn_pb_has(&s.head, 1) && hn_pb_has(&s.head, 4) && !hn_pb_has(&s.head, 5));
}

static void test_last_one_wins_and_unknown_is_skipped(void **state) {
    fixture *f = *state;
    sample s;
    assert_int_equal(read(f,
                          BYTES(0x08, 1, 0x08, 2, 0xf8, 0x01, 9, 0xfa, 0x01, 1, 'z', 0xfd, 0x01, 0, 0, 0, 0, 0xf9, 0x01,
                                0, 0, 0, 0, 0, 0, 0, 0),
                          &s),
                     HONE_OK);
    assert_int_equal(s.number, 2);
}

static void test_repeated_numbers(void **state) {
    fixture *f = *state;
    sample s;
    assert_int_equal(
        read(f, BYTES(0x28, 1, 0x2a, 3, 2, 0x80, 0x01, 0x28, 4, 0x35, 0, 0, 0x80, 0x3f, 0x32, 4, 0, 0, 0, 0x40), &s),
        HONE_OK);
    assert_int_equal(s.ints.n, 4);
    assert_int_equal(s.ints.at[2], 128);
    assert_int_equal(s.ints.at[3], 4);
    assert_int_equal(s.floats.n, 2);
    assert_true(s.floats.at[1] == 2.0f);
}

static void test_varints(void **state) {
    fixture *f = *state;
    sample s;
    assert_int_equal(read(f, BYTES(0x08, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01), &s), HONE_OK);
    assert_int_equal(s.number, -1);
    assert_int_equal(read(f, BYTES(0x08, 0x80, 0x00), &s), HONE_OK); /* longer than needed, as some writers do */
    assert_int_equal(s.number, 0);
    expect_malformed(f, BYTES(0x08, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02), "longer than 64 bits");
    expect_malformed(f, BYTES(0x08, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x00),
                     "longer than 64 bits");
    expect_malformed(f, BYTES(0x08, 0x80), "at byte 1 is cut off");
    expect_malformed(f, BYTES(0x80), "at byte 0 is cut off");
}

static void test_lengths(void **state) {
    fixture *f = *state;
    expect_malformed(f, BYTES(0x1a, 3, 'h', 'i'),
                     "field 3 at byte 0 says it has 3 bytes, but its message ends after 2");
    expect_malformed(f, BYTES(0x1a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01),
                     "18446744073709551615 bytes");
    expect_malformed(f, BYTES(0x15, 0, 0, 0), "4-byte number at byte 1 is cut off");
    expect_malformed(f, BYTES(0x41, 0, 0, 0, 0, 0, 0, 0), "8-byte number at byte 1 is cut off");
    expect_malformed(f, BYTES(0x32, 3, 0, 0, 0), "cut off");    /* packed floats of three bytes */
    expect_malformed(f, BYTES(0x2a, 2, 0x01, 0x80), "cut off"); /* packed varints that end inside one */
}

static void test_forms(void **state) {
    fixture *f = *state;
    expect_malformed(f, BYTES(0x0b), "wire type 3");
    expect_malformed(f, BYTES(0x0c), "wire type 4");
    expect_malformed(f, BYTES(0x0e), "wire type 6");
    expect_malformed(f, BYTES(0x0f), "wire type 7");
    expect_malformed(f, BYTES(0x00, 0), "impossible number 0");
    expect_malformed(f, BYTES(0x80, 0x80, 0x80, 0x80, 0x10, 0), "impossible number 536870912");
    expect_malformed(f, BYTES(0x0a, 0), "field number, number 1 at byte 0 is stored in the wrong form (wire type 2)");
    expect_malformed(f, BYTES(0x18, 0), "field text, number 3");
    expect_malformed(f, BYTES(0x30, 0), "field floats, number 6");
}

static void test_number_iterator(void **state) {
    fixture *f = *state;
    const hn_bytes bytes = BYTES(0x38, 5, 0x08, 1, 0x3a, 2, 6, 7, 0x3a, 0, 0x38, 8);
    f->pb.base = (const uint8_t *)bytes.data;
    hn_pb_numbers numbers = hn_pb_numbers_open(&f->pb, bytes, 7, HN_PB_VARINT);
    uint64_t value;
    bool more;
    for (uint64_t want = 5; want <= 8; want++) {
        assert_int_equal(hn_pb_numbers_next(&numbers, &value, &more), HONE_OK);
        assert_true(more);
        assert_int_equal(value, want);
    }
    assert_int_equal(hn_pb_numbers_next(&numbers, &value, &more), HONE_OK);
    assert_false(more);
    size_t count;
    assert_int_equal(hn_pb_numbers_count(&f->pb, bytes, 7, HN_PB_VARINT, &count), HONE_OK);
    assert_int_equal(count, 4);
    assert_int_equal(hn_pb_numbers_count(&f->pb, bytes, 7, HN_PB_FIXED32, &count), HONE_MALFORMED);
}

static void test_number_block(void **state) {
    fixture *f = *state;
    hn_bytes block;
    const hn_bytes one = BYTES(0x08, 1, 0x3a, 4, 1, 2, 3, 4), two = BYTES(0x3a, 4, 1, 2, 3, 4, 0x3a, 4, 1, 2, 3, 4),
                   single = BYTES(0x3d, 1, 2, 3, 4);
    assert_int_equal(hn_pb_numbers_block(&f->pb, one, 7, &block), HONE_OK);
    assert_ptr_equal(block.data, one.data + 4);
    assert_int_equal(block.n, 4);
    assert_int_equal(hn_pb_numbers_block(&f->pb, two, 7, &block), HONE_OK);
    assert_null(block.data);
    assert_int_equal(hn_pb_numbers_block(&f->pb, single, 7, &block), HONE_OK);
    assert_null(block.data);
}

static void test_empty(void **state) {
    fixture *f = *state;
    sample s;
    assert_int_equal(read(f, (hn_bytes){NULL, 0}, &s), HONE_OK);
    assert_int_equal(s.head.seen, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_fields, setup, teardown),
        cmocka_unit_test_setup_teardown(test_last_one_wins_and_unknown_is_skipped, setup, teardown),
        cmocka_unit_test_setup_teardown(test_repeated_numbers, setup, teardown),
        cmocka_unit_test_setup_teardown(test_varints, setup, teardown),
        cmocka_unit_test_setup_teardown(test_lengths, setup, teardown),
        cmocka_unit_test_setup_teardown(test_forms, setup, teardown),
        cmocka_unit_test_setup_teardown(test_number_iterator, setup, teardown),
        cmocka_unit_test_setup_teardown(test_number_block, setup, teardown),
        cmocka_unit_test_setup_teardown(test_empty, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
