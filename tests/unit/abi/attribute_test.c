/* Attributes: looking up, comparing, flat bytes there and back, and bytes that somebody damaged. */
#include "base/failing_alloc.h"

#include "abi/attribute.h"

static const int64_t ints[] = {1, -2, INT64_MAX};
static const float floats[] = {0.5f, -0.0f};
static const hn_bytes strings[] = {{"a", 1}, {NULL, 0}, {"long enough to cross a word", 27}};
static int64_t numbers[] = {10, 20, 30, 40, 50, 60};
static hn_bytes texts[] = {{"x", 1}, {"yz", 2}};
static hn_tensor tensor = {HONE_INT64, 2, {2, 3}, {3, 1}, numbers};
static hn_tensor text_tensor = {HONE_STRING, 1, {2}, {1}, texts};
static uint8_t nibbles[] = {0x21, 0x03};
static hn_tensor packed = {HONE_UINT4, 1, {3}, {1}, nibbles};
static hn_tensor empty = {HONE_FLOAT32, 2, {0, 5}, {5, 1}, NULL};

/* Every kind that has a flat form, sorted by name. */
static const hn_attr every[] = {
    {.name = "a_int", .kind = HN_ATTR_INT, .i = -7},
    {.name = "b_float", .kind = HN_ATTR_FLOAT, .f = 1.5f},
    {.name = "c_string", .kind = HN_ATTR_STRING, .s = {"SAME_UPPER", 10}},
    {.name = "d_ints", .kind = HN_ATTR_INTS, .n = 3, .ints = ints},
    {.name = "e_floats", .kind = HN_ATTR_FLOATS, .n = 2, .floats = floats},
    {.name = "f_strings", .kind = HN_ATTR_STRINGS, .n = 3, .strings = strings},
    {.name = "g_tensor", .kind = HN_ATTR_TENSOR, .tensor = &tensor},
    {.name = "h_texts", .kind = HN_ATTR_TENSOR, .tensor = &text_tensor},
    {.name = "i_packed", .kind = HN_ATTR_TENSOR, .tensor = &packed},
    {.name = "j_empty", .kind = HN_ATTR_TENSOR, .tensor = &empty},
    {.name = "k_graph", .kind = HN_ATTR_GRAPH, .i = 3},
    {.name = "l_none", .kind = HN_ATTR_INTS, .n = 0, .ints = NULL},
};
static const hn_attrs all = {every, sizeof every / sizeof *every};

static void look_up(void **state) {
    (void)state;
    int n;
    assert_ptr_equal(hn_attrs_find(all, "g_tensor"), &every[6]);
    assert_null(hn_attrs_find(all, ""));
    assert_null(hn_attrs_find(all, "zz"));
    assert_null(hn_attrs_find((hn_attrs){0}, "a_int"));
    assert_int_equal(hn_attrs_int(all, "a_int", 0), -7);
    assert_int_equal(hn_attrs_int(all, "b_float", 9), 9); /* of another kind */
    assert_true(hn_attrs_float(all, "b_float", 0) == 1.5f);
    assert_true(hn_attrs_float(all, "missing", 2.5f) == 2.5f);
    assert_true(hn_attrs_text_is(all, "c_string", "NOTSET", "SAME_UPPER"));
    assert_false(hn_attrs_text_is(all, "c_string", "NOTSET", "SAME_UPPE"));
    assert_false(hn_attrs_text_is(all, "c_string", "NOTSET", "NOTSET"));
    assert_true(hn_attrs_text_is(all, "missing", "NOTSET", "NOTSET"));
    assert_ptr_equal(hn_attrs_ints(all, "d_ints", &n), ints);
    assert_int_equal(n, 3);
    assert_null(hn_attrs_ints(all, "e_floats", &n));
    assert_int_equal(n, 0);
    assert_ptr_equal(hn_attrs_floats(all, "e_floats", &n), floats);
    assert_int_equal(n, 2);
}

static void exact_lists(void **state) {
    (void)state;
    hn_diag diag;
    int64_t out[4];
    hn_diag_init(&diag, NULL);
    assert_int_equal(hn_attrs_ints_exact(all, "d_ints", 3, 0, out, &diag), HONE_OK);
    assert_int_equal(out[2], INT64_MAX);
    assert_int_equal(hn_attrs_ints_exact(all, "missing", 4, 5, out, &diag), HONE_OK);
    assert_int_equal(out[3], 5);
    assert_int_equal(hn_attrs_ints_exact(all, "d_ints", 2, 0, out, &diag), HONE_INVALID_MODEL);
    assert_non_null(strstr(hone_messages_at(&diag, 0)->text, "d_ints"));
    hn_diag_free(&diag);
}

/* 8-byte aligned copy of the encoded attributes. */
static uint8_t *encode(hn_arena *arena, hn_attrs attrs, size_t *n) {
    hn_str text;
    hn_str_init(&text, arena);
    assert_int_equal(hn_attrs_encode(attrs, &text, NULL), HONE_OK);
    *n = text.n;
    return hn_arena_copy(arena, text.data, text.n);
}

static void there_and_back(void **state) {
    (void)state;
    hn_arena arena;
    hn_attrs back;
    size_t n;
    hn_arena_init(&arena, NULL);
    uint8_t *bytes = encode(&arena, all, &n);
    assert_int_equal(n % 8, 0);
    assert_int_equal(hn_attrs_decode(bytes, n, &arena, &back, NULL), HONE_OK);
    assert_true(hn_attrs_same(all, back));
    assert_int_equal(hn_attrs_hash(all), hn_attrs_hash(back));
    assert_ptr_not_equal(back.at[3].ints, ints);
    assert_int_equal(hn_attrs_decode(NULL, 0, &arena, &back, NULL), HONE_OK);
    assert_int_equal(back.n, 0);
    encode(&arena, (hn_attrs){0}, &n);
    assert_int_equal(n, 0);
    hn_arena_free(&arena);
}

static void behind_other_text(void **state) {
    (void)state;
    hn_arena arena;
    hn_attrs back;
    hn_str text;
    hn_arena_init(&arena, NULL);
    hn_str_init(&text, &arena);
    hn_str_append(&text, "odd", 3);
    assert_int_equal(hn_attrs_encode(all, &text, NULL), HONE_OK);
    void *bytes = hn_arena_copy(&arena, text.data + 3, text.n - 3);
    assert_int_equal(hn_attrs_decode(bytes, text.n - 3, &arena, &back, NULL), HONE_OK);
    assert_true(hn_attrs_same(all, back));
    hn_arena_free(&arena);
}

/* Any single difference shows. */
static void differences(void **state) {
    (void)state;
    hn_attr changed[sizeof every / sizeof *every];
    hn_attrs other = {changed, all.n};
    static const int64_t other_ints[] = {1, -2, 3};
    static const float other_floats[] = {0.5f, 0.0f};
    static const hn_bytes other_strings[] = {{"b", 1}, {NULL, 0}, {"long enough to cross a word", 27}};
    hn_tensor other_tensor = tensor;
    other_tensor.dtype = HONE_UINT64;
    for (uint32_t i = 0; i < all.n; i++) {
        memcpy(changed, every, sizeof every);
        assert_true(hn_attrs_same(all, other));
        switch (changed[i].kind) {
        case HN_ATTR_INT:
        case HN_ATTR_GRAPH:
            changed[i].i++;
            break;
        case HN_ATTR_FLOAT:
            changed[i].f = 1.25f;
            break;
        case HN_ATTR_STRING:
            changed[i].s.n--;
            break;
        case HN_ATTR_INTS:
            changed[i].ints = other_ints, changed[i].n = 3 - (i == 3 ? 0 : 1);
            break;
        case HN_ATTR_FLOATS:
            changed[i].floats = other_floats;
            break;
        case HN_ATTR_STRINGS:
            changed[i].strings = other_strings;
            break;
        default:
            changed[i].tensor = &other_tensor;
            break;
        }
        assert_false(hn_attrs_same(all, other));
        assert_true(hn_attrs_hash(all) != hn_attrs_hash(other));
    }
    other.n--;
    assert_false(hn_attrs_same(all, other));
}

static void kinds_without_flat_form(void **state) {
    (void)state;
    hn_arena arena;
    hn_str text;
    hn_dim dim = hn_dim_const(3);
    hn_attr attr = {.name = "dims", .kind = HN_ATTR_DIMS, .n = 1, .dims = &dim};
    hn_arena_init(&arena, NULL);
    hn_str_init(&text, &arena);
    assert_int_equal(hn_attrs_encode((hn_attrs){&attr, 1}, &text, NULL), HONE_INTERNAL);
    assert_int_equal(text.n, 0);
    hn_arena_free(&arena);
}

static void types_survive(void **state) {
    (void)state;
    hn_arena arena;
    size_t n;
    hn_attrs back;
    const hn_type *types[] = {hn_type_tensor(HONE_BOOL), hn_type_of(HN_KIND_SEQUENCE, hn_type_tensor(HONE_STRING)),
                              hn_type_of(HN_KIND_OPTIONAL, hn_type_of(HN_KIND_SEQUENCE, hn_type_tensor(HONE_INT4))),
                              hn_type_of(HN_KIND_SEQUENCE, hn_type_map(HONE_STRING, HONE_FLOAT32))};
    hn_arena_init(&arena, NULL);
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        const hn_attr attr = {.name = "type", .kind = HN_ATTR_TYPE, .type = types[i]};
        const uint8_t *bytes = encode(&arena, (hn_attrs){&attr, 1}, &n);
        assert_int_equal(hn_attrs_decode(bytes, n, &arena, &back, NULL), HONE_OK);
        assert_true(hn_type_same(back.at[0].type, types[i]));
    }
    hn_arena_free(&arena);
}

/* Reads everything that was decoded, so that a sanitizer sees pointers that lead outside. */
static void touch(hn_attrs attrs) {
    hn_arena arena;
    size_t n;
    hn_arena_init(&arena, NULL);
    encode(&arena, attrs, &n);
    (void)hn_attrs_hash(attrs);
    hn_arena_free(&arena);
}

/* In memory of its exact size. Truncation is refused; other damage gives an error or attributes that can be read. */
static void decode_damaged(const uint8_t *bytes, size_t n, bool must_fail) {
    hn_arena arena;
    hn_diag diag;
    hn_attrs attrs;
    uint8_t *copy = malloc(n ? n : 1);
    hn_arena_init(&arena, NULL);
    hn_diag_init(&diag, NULL);
    memcpy(copy, bytes, n);
    hone_status status = hn_attrs_decode(copy, n, &arena, &attrs, &diag);
    assert_true(status == HONE_OK || status == HONE_MALFORMED);
    if (must_fail) assert_int_equal(status, HONE_MALFORMED);
    if (status == HONE_OK) touch(attrs);
    else assert_true(hone_messages_count(&diag) == 1 && attrs.n == 0);
    hn_diag_free(&diag);
    hn_arena_free(&arena);
    free(copy);
}

static void hostile_bytes(void **state) {
    (void)state;
    hn_arena arena;
    size_t n;
    hn_arena_init(&arena, NULL);
    uint8_t *bytes = encode(&arena, all, &n);
    for (size_t size = 1; size < n; size++) decode_damaged(bytes, size, true);
    for (size_t bit = 0; bit < n * 8; bit++) {
        bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        decode_damaged(bytes, n, false);
        bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    for (size_t at = 0; at + 8 <= n; at += 4) {
        uint8_t saved[8];
        memcpy(saved, bytes + at, 8);
        memset(bytes + at, 0xFF, 8);
        decode_damaged(bytes, n, false);
        memcpy(bytes + at, saved, 8);
    }
    hn_arena_free(&arena);
}

static void misplaced_bytes(void **state) {
    (void)state;
    hn_arena arena;
    hn_attrs attrs;
    size_t n;
    hn_attr twice[] = {every[0], every[0]}, disordered[] = {every[1], every[0]};
    hn_arena_init(&arena, NULL);
    uint8_t *bytes = encode(&arena, all, &n), *shifted = hn_arena_alloc(&arena, n + 8);
    memcpy(shifted + 4, bytes, n);
    assert_int_equal(hn_attrs_decode(shifted + 4, n, &arena, &attrs, NULL), HONE_MALFORMED);
    bytes = encode(&arena, (hn_attrs){twice, 2}, &n);
    assert_int_equal(hn_attrs_decode(bytes, n, &arena, &attrs, NULL), HONE_MALFORMED);
    bytes = encode(&arena, (hn_attrs){disordered, 2}, &n);
    assert_int_equal(hn_attrs_decode(bytes, n, &arena, &attrs, NULL), HONE_MALFORMED);
    hn_arena_free(&arena);
}

static void out_of_memory(void **state) {
    (void)state;
    for (long fail = 1;; fail++) {
        failing_alloc source;
        hn_arena arena;
        hn_attrs attrs;
        hn_str text;
        failing_init(&source, fail);
        hn_arena_init(&arena, &source.hooks);
        hn_str_init(&text, &arena);
        hone_status status = hn_attrs_encode(all, &text, NULL);
        void *bytes = status == HONE_OK ? hn_arena_copy(&arena, text.data, text.n) : NULL;
        if (bytes) status = hn_attrs_decode(bytes, text.n, &arena, &attrs, NULL);
        assert_true(status == HONE_OK || status == HONE_OUT_OF_MEMORY);
        hn_arena_free(&arena);
        assert_int_equal(source.live, 0);
        if (source.calls < fail) break;
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(look_up),           cmocka_unit_test(exact_lists),   cmocka_unit_test(there_and_back),
        cmocka_unit_test(behind_other_text), cmocka_unit_test(differences),   cmocka_unit_test(kinds_without_flat_form),
        cmocka_unit_test(types_survive),     cmocka_unit_test(hostile_bytes), cmocka_unit_test(misplaced_bytes),
        cmocka_unit_test(out_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
