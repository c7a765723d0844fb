/* Tests of allocation hooks, arenas, vectors, maps and strings. */
#include "failing_alloc.h"

#include <stdio.h>
#include "base/map.h"
#include "base/str.h"
#include "base/growable.h"

static void default_allocator_aligns(void **state) {
    (void)state;
    for (size_t alignment = 1; alignment <= 4096; alignment *= 2) {
        void *p = hn_alloc(NULL, 10, alignment);
        assert_non_null(p);
        assert_int_equal((uintptr_t)p % alignment, 0);
        hn_release(NULL, p, 10);
    }
    void *a = hn_alloc(NULL, 0, 16), *b = hn_alloc(NULL, 0, 16);
    assert_non_null(a);
    assert_ptr_not_equal(a, b);
    hn_release(NULL, a, 0);
    hn_release(NULL, b, 0);
    assert_null(hn_alloc(NULL, 8, 3));
    assert_null(hn_alloc(NULL, 8, 0));
    assert_null(hn_alloc(NULL, 8, 8192));
    assert_null(hn_alloc(NULL, SIZE_MAX, 16));
    hn_release(NULL, NULL, 5);
}

static void arena_gives_zeroed_disjoint_memory(void **state) {
    (void)state;
    failing_alloc source;
    failing_init(&source, 0);
    hn_arena arena;
    hn_arena_init(&arena, &source.hooks);
    enum { COUNT = 2000 };
    unsigned char *at[COUNT];
    size_t size[COUNT];
    for (size_t i = 0; i < COUNT; i++) {
        size[i] = (i * 7919) % 300;
        if (i % 3 == 0) {
            size_t alignment = (size_t)1 << (i % 13);
            at[i] = hn_arena_alloc_aligned(&arena, size[i], alignment);
            assert_int_equal((uintptr_t)at[i] % alignment, 0);
        } else {
            at[i] = hn_arena_alloc(&arena, size[i]);
            assert_int_equal((uintptr_t)at[i] % 16, 0);
            for (size_t j = 0; j < size[i]; j++) assert_int_equal(at[i][j], 0);
        }
        assert_non_null(at[i]);
        memset(at[i], (int)(i % 251) + 1, size[i]);
    }
    for (size_t i = 0; i < COUNT; i++)
        for (size_t j = 0; j < size[i]; j++) assert_int_equal(at[i][j], i % 251 + 1);
    assert_int_equal(arena.total, source.live);
    assert_null(hn_arena_alloc_aligned(&arena, 1, 3));
    assert_null(hn_arena_alloc_array(&arena, SIZE_MAX / 2, 3));
    assert_null(hn_arena_alloc(&arena, SIZE_MAX - 10));
    hn_arena_free(&arena);
    assert_int_equal(source.live, 0);
}

static void fill_round(hn_arena *arena) {
    for (int i = 0; i < 100; i++) assert_non_null(hn_arena_alloc_aligned(arena, 1000, 64));
}

static void reset_arena_stops_allocating(void **state) {
    (void)state;
    failing_alloc source;
    failing_init(&source, 0);
    hn_arena arena;
    hn_arena_init(&arena, &source.hooks);
    hn_arena_reset(&arena);
    fill_round(&arena);
    hn_arena_reset(&arena);
    long calls = source.calls;
    for (int round = 0; round < 5; round++) {
        fill_round(&arena);
        hn_arena_reset(&arena);
    }
    assert_int_equal(source.calls, calls);
    hn_arena_free(&arena);
    hn_arena_init(&arena, &source.hooks);
    fill_round(&arena);
    source.fail_at = source.calls + 1; /* the merge fails: a block stays */
    hn_arena_reset(&arena);
    assert_true(arena.total > 0);
    assert_int_equal(arena.total, source.live);
    fill_round(&arena);
    hn_arena_free(&arena);
    assert_int_equal(source.live, 0);
}

static void arena_survives_failure(void **state) {
    (void)state;
    failing_alloc source;
    failing_init(&source, 1);
    source.fail_after = true;
    hn_arena arena;
    hn_arena_init(&arena, &source.hooks);
    assert_null(hn_arena_alloc(&arena, 0));
    assert_null(hn_arena_alloc(&arena, 8));
    assert_null(hn_arena_copy(&arena, "x", 1));
    assert_null(hn_arena_string(&arena, "x", 1));
    assert_null(hn_arena_format(&arena, "%d", 1));
    source.fail_at = 0;
    assert_string_equal(hn_arena_format(&arena, "%s-%d", "a", 12), "a-12");
    assert_string_equal(hn_arena_string(&arena, "hello", 3), "hel");
    assert_non_null(hn_arena_alloc(&arena, 0));
    hn_arena_free(&arena);
}

static void extend_only_grows_newest(void **state) {
    (void)state;
    hn_arena arena;
    hn_arena_init(&arena, NULL);
    char *a = hn_arena_alloc(&arena, 10);
    assert_true(hn_arena_extend(&arena, a, 10, 20));
    assert_false(hn_arena_extend(&arena, a, 10, 30));
    char *b = hn_arena_alloc(&arena, 10);
    assert_true(b >= a + 20);
    assert_false(hn_arena_extend(&arena, a, 20, 30));
    assert_false(hn_arena_extend(&arena, b, 10, 1 << 20));
    assert_false(hn_arena_extend(&arena, NULL, 0, 16));
    hn_arena_free(&arena);
}

static void vector_grows(void **state) {
    (void)state;
    for (long fail = 0; fail < 6; fail++) {
        failing_alloc source;
        failing_init(&source, fail);
        source.fail_after = true;
        hn_arena arena;
        hn_arena_init(&arena, &source.hooks);
        hn_vec(int) a = {0};
        hn_vec(double) b = {0};
        bool ok = true;
        for (int i = 0; i < 5000 && ok; i++) ok = hn_vec_push(&arena, &a, i) && hn_vec_push(&arena, &b, i * 0.5);
        assert_int_equal(ok, fail == 0 || source.calls < fail);
        for (size_t i = 0; i < a.n; i++) assert_int_equal(a.at[i], i);
        for (size_t i = 0; i < b.n; i++) assert_true(b.at[i] == (double)i * 0.5);
        hn_arena_free(&arena);
        assert_int_equal(source.live, 0);
    }
}

static void map_keeps_order_and_values(void **state) {
    (void)state;
    static int value[3000];
    hn_arena arena;
    hn_arena_init(&arena, NULL);
    hn_map map;
    hn_map_init(&map, &arena);
    assert_null(hn_map_get_text(&map, "none"));
    for (int i = 0; i < 3000; i++) {
        char key[32];
        snprintf(key, sizeof key, "key%d", i);
        assert_true(hn_map_put_text(&map, key, &value[i]));
    }
    assert_true(hn_map_put_text(&map, "key7", &value[8]));
    assert_true(hn_map_put(&map, "", 0, &value[0]));
    assert_true(hn_map_put(&map, "a\0b", 3, &value[1]));
    assert_true(hn_map_put(&map, "a\0c", 3, &value[2]));
    assert_int_equal(map.n, 3003);
    for (int i = 0; i < 3000; i++) {
        char key[32];
        snprintf(key, sizeof key, "key%d", i);
        assert_ptr_equal(hn_map_get_text(&map, key), &value[i == 7 ? 8 : i]);
        assert_string_equal(map.entry[i].key, key);
    }
    assert_ptr_equal(hn_map_get(&map, "", 0), &value[0]);
    assert_ptr_equal(hn_map_get(&map, "a\0c", 3), &value[2]);
    assert_null(hn_map_get_text(&map, "key3000"));
    assert_null(hn_map_get_text(&map, "a"));
    hn_arena_free(&arena);
}

static void map_reports_lack_of_memory(void **state) {
    (void)state;
    for (long fail = 1; fail < 12; fail++) {
        failing_alloc source;
        failing_init(&source, fail);
        source.fail_after = true;
        hn_arena arena;
        hn_arena_init(&arena, &source.hooks);
        hn_map map;
        hn_map_init(&map, &arena);
        size_t put = 0;
        for (uint64_t i = 0; i < 20000 && hn_map_put(&map, &i, sizeof i, &map); i++) put++;
        assert_true(put < 20000 || source.calls < fail);
        assert_int_equal(map.n, put);
        for (uint64_t i = 0; i < put; i++) assert_ptr_equal(hn_map_get(&map, &i, sizeof i), &map);
        uint64_t absent = 1u << 30;
        assert_null(hn_map_get(&map, &absent, sizeof absent));
        hn_arena_free(&arena);
        assert_int_equal(source.live, 0);
    }
}

static void hash_is_xxh3(void **state) {
    (void)state;
    assert_true(hn_hash("", 0, 0) == 0x2d06800538d394c2u);
    assert_true(hn_hash("a", 1, 0) != hn_hash("a", 1, 1));
}

static void strings_build(void **state) {
    (void)state;
    for (long fail = 0; fail < 8; fail++) {
        failing_alloc source;
        failing_init(&source, fail);
        source.fail_after = true;
        hn_arena arena;
        hn_arena_init(&arena, &source.hooks);
        hn_str s;
        hn_str_init(&s, &arena);
        assert_string_equal(hn_str_text(&s), "");
        char *expected = malloc(200000);
        assert_non_null(expected);
        size_t n = 0;
        for (int i = 0; i < 3000; i++) {
            hn_str_add(&s, "%d,", i);
            hn_str_append(&s, "xyz", 2);
            n += (size_t)sprintf(expected + n, "%d,xy", i);
        }
        if (fail == 0 || source.calls < fail) {
            assert_string_equal(hn_str_text(&s), expected);
            assert_int_equal(s.n, n);
        } else {
            assert_true(s.failed);
            assert_null(hn_str_text(&s));
        }
        free(expected);
        hn_arena_free(&arena);
        assert_int_equal(source.live, 0);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(default_allocator_aligns),
        cmocka_unit_test(arena_gives_zeroed_disjoint_memory),
        cmocka_unit_test(reset_arena_stops_allocating),
        cmocka_unit_test(arena_survives_failure),
        cmocka_unit_test(extend_only_grows_newest),
        cmocka_unit_test(vector_grows),
        cmocka_unit_test(map_keeps_order_and_values),
        cmocka_unit_test(map_reports_lack_of_memory),
        cmocka_unit_test(hash_is_xxh3),
        cmocka_unit_test(strings_build),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
