/* Tests of memory planning on random lifetimes: no overlap, alignment, tightness, refusals. */
#include "failing_alloc.h"

#include "base/offsets.h"
#include "base/rng.h"

static uint64_t position;

static uint32_t random_below(uint32_t n) { return (uint32_t)(hn_rng_uniform(11, position++) * n); }

static uint64_t peak_by_steps(const hn_buffer *b, size_t n, int32_t steps) {
    uint64_t peak = 0;
    for (int32_t step = 0; step < steps; step++) {
        uint64_t live = 0;
        for (size_t i = 0; i < n; i++)
            if (b[i].first <= step && step <= b[i].last) live += b[i].size;
        if (live > peak) peak = live;
    }
    return peak;
}

static void check_plan(const hn_buffer *b, size_t n, size_t alignment, uint64_t total) {
    uint64_t end = 0;
    for (size_t i = 0; i < n; i++) {
        assert_true(b[i].offset % alignment == 0);
        if (b[i].size && b[i].offset + b[i].size > end) end = b[i].offset + b[i].size;
        for (size_t j = 0; j < i; j++) {
            bool together = b[i].first <= b[j].last && b[j].first <= b[i].last && b[i].size && b[j].size;
            bool apart = b[i].offset + b[i].size <= b[j].offset || b[j].offset + b[j].size <= b[i].offset;
            assert_true(!together || apart);
        }
    }
    assert_true(end <= total && total < end + alignment);
}

static void random_plans_hold(void **state) {
    (void)state;
    double worst = 0;
    for (int round = 0; round < 300; round++) {
        hn_buffer b[120] = {{0}};
        size_t n = random_below(120), alignment = (size_t)1 << random_below(9);
        int32_t steps = 1 + (int32_t)random_below(60);
        for (size_t i = 0; i < n; i++) {
            b[i].size = random_below(10) ? random_below(100000) : 0;
            b[i].first = (int32_t)random_below((uint32_t)steps);
            b[i].last = b[i].first + (int32_t)random_below(random_below(4) ? 4 : 30);
        }
        hn_arena scratch;
        hn_arena_init(&scratch, NULL);
        uint64_t total, bound;
        assert_int_equal(hn_offsets_assign(b, n, alignment, &scratch, &total, &bound), HONE_OK);
        hn_arena_free(&scratch);
        check_plan(b, n, alignment, total);
        assert_true(bound == peak_by_steps(b, n, steps + 40));
        assert_true(total >= bound);
        if (bound > 300000 && (double)total / (double)bound > worst) worst = (double)total / (double)bound;
    }
    print_message("worst arena is %.3f of the lower bound\n", worst);
    assert_true(worst < 1.25);
}

/* A chain, where each buffer lives until the next step, needs two neighbours' room. */
static void chain_is_tight(void **state) {
    (void)state;
    hn_buffer b[50];
    for (int32_t i = 0; i < 50; i++) b[i] = (hn_buffer){.size = 64u * (uint64_t)(50 - i), .first = i, .last = i + 1};
    hn_arena scratch;
    hn_arena_init(&scratch, NULL);
    uint64_t total, bound;
    assert_int_equal(hn_offsets_assign(b, 50, 64, &scratch, &total, &bound), HONE_OK);
    assert_true(total == bound && bound == 64 * 99);
    check_plan(b, 50, 64, total);
    assert_int_equal(hn_offsets_assign(b, 0, 64, &scratch, &total, NULL), HONE_OK);
    assert_true(total == 0);
    hn_arena_free(&scratch);
}

static void nonsense_is_refused(void **state) {
    (void)state;
    hn_arena scratch;
    hn_arena_init(&scratch, NULL);
    uint64_t total;
    hn_buffer b[2] = {{.size = 1, .first = 3, .last = 2}, {.size = 1}};
    assert_int_equal(hn_offsets_assign(b, 1, 64, &scratch, &total, NULL), HONE_INVALID_ARGUMENT);
    assert_int_equal(hn_offsets_assign(b + 1, 1, 0, &scratch, &total, NULL), HONE_INVALID_ARGUMENT);
    b[0] = (hn_buffer){.size = UINT64_MAX};
    assert_int_equal(hn_offsets_assign(b, 1, 64, &scratch, &total, NULL), HONE_OUT_OF_MEMORY);
    b[0].size = b[1].size = (uint64_t)1 << 61;
    b[1].size += 1;
    assert_int_equal(hn_offsets_assign(b, 2, 64, &scratch, &total, NULL), HONE_OUT_OF_MEMORY);
    b[0] = (hn_buffer){.size = 5, .first = INT32_MIN, .last = INT32_MAX};
    b[1] = (hn_buffer){.size = 6, .first = INT32_MAX, .last = INT32_MAX};
    assert_int_equal(hn_offsets_assign(b, 2, 1, &scratch, &total, NULL), HONE_OK);
    assert_true(total == 11);
    hn_arena_free(&scratch);
    failing_alloc source;
    failing_init(&source, 1);
    source.fail_after = true;
    hn_arena_init(&scratch, &source.hooks);
    assert_int_equal(hn_offsets_assign(b, 2, 1, &scratch, &total, NULL), HONE_OUT_OF_MEMORY);
    hn_arena_free(&scratch);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_plans_hold),
        cmocka_unit_test(chain_is_tight),
        cmocka_unit_test(nonsense_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
