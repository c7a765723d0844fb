/* Tests of shape expressions: forms that must come out equal, text, code, limits and lack of memory. */
#include "failing_alloc.h"

#include <stdio.h>
#include "base/shape_expr.h"

static hn_expr_pool *pool;
static hn_arena arena;

static int set_up(void **state) {
    (void)state;
    hn_arena_init(&arena, NULL);
    return hn_expr_pool_create(NULL, &pool) == HONE_OK ? 0 : 1;
}

static int tear_down(void **state) {
    (void)state;
    hn_expr_pool_destroy(&pool);
    hn_arena_free(&arena);
    return 0;
}

static hn_dim parse(const char *text) {
    hn_dim d;
    const char *at = text;
    if (hn_dim_parse(pool, &at, &d) != HONE_OK) fail_msg("cannot parse '%s'", text);
    if (*at) fail_msg("'%s' is left of '%s'", at, text);
    return d;
}

static const char *print(hn_dim d) {
    hn_str out;
    hn_str_init(&out, &arena);
    hn_dim_print(&out, d, pool);
    return hn_str_text(&out);
}

static void expect_same(const char *a, const char *b) {
    hn_dim x = parse(a), y = parse(b);
    if (!hn_dim_same(x, y)) fail_msg("'%s' = %s is not '%s' = %s", a, print(x), b, print(y));
}

static void expect_text(const char *text, const char *expected) { assert_string_equal(print(parse(text)), expected); }

static void sums_and_products(void **state) {
    (void)state;
    expect_text("h + w - h", "w");
    expect_text("h - h", "0");
    expect_text("w + h + 1 + 2", "h + w + 3");
    expect_text("2*(h + w)*3 - 6*w", "6*h");
    expect_text("(h + 1)*(h - 1)", "h*h - 1");
    expect_text("w*h*2 - h", "2*h*w - h");
    expect_text("-h - 1", "-h - 1");
    expect_text("0*?", "0");
    expect_text("? + h", "?");
    expect_same("(a + b)*(c + 2)", "c*a + 2*b + b*c + a*2");
    expect_same("a*(b*c)", "(c*a)*b");
}

static void divisions(void **state) {
    (void)state;
    expect_text("floor((4*n + 8)/4)", "n + 2");
    expect_text("mod(4*n, 4)", "0");
    expect_text("floor(floor(a/b)/c)", "floor(a/(b*c))");
    expect_text("floor(s*a/s)", "a");
    expect_text("floor(a*b/b)", "a");
    expect_text("floor(floor(h/2)/2)", "floor(h/4)");
    expect_same("floor((floor((h - 1)/2) + 1 - 1)/2) + 1", "floor((h + 3)/4)");
    expect_text("floor((h + 2*3 - 1*(7 - 1) - 1)/2) + 1", "floor((h + 1)/2)");
    expect_text("floor((a*b*12)/(a*b))", "12");
    expect_text("floor((a*b + a)/(b + 1))", "a");
    expect_text("floor(64*n*(h + 2)*(w + 2)/((h + 2)*64))", "n*w + 2*n");
    expect_same("floor(6*a*b/(4*b))", "floor(3*a/2)");
    expect_same("floor(3*a/2)", "a + floor(a/2)");
    expect_same("floor((a*b + 3)/b)", "a + floor(3/b)");
    expect_same("-floor(-a/4)", "floor((a + 3)/4)");
    expect_same("floor(a/-4)", "floor(-a/4)");
    expect_same("floor((floor(a/2) + b)/3)", "floor((a + 2*b)/6)");
    expect_same("floor((2*a + 1)/2)", "a");
    expect_same("floor((2*a + 6*b + 3)/4)", "b + floor((a + b + 1)/2)");
    expect_same("floor((a - b)/(b - a))", "-1");
    expect_text("floor(a/0)", "?");
    expect_text("floor(0/a)", "0");
    expect_text("mod(a, 0)", "?");
    expect_text("floor(7/-2)", "-4");
    expect_text("mod(-7, 4)", "1");
    expect_text("mod(7, -4)", "-1");
}

/* Window partitions: padding to a multiple, and cutting off. */
static void windows(void **state) {
    (void)state;
    expect_same("h + mod(8 - mod(h, 8), 8)", "8*floor((h + 7)/8)");
    expect_same("h + mod(-h, 8)", "8*floor((h + 7)/8)");
    expect_same("h - mod(h, 8)", "8*floor(h/8)");
    expect_same("mod(8*floor(h/8), 8)", "0");
    expect_same("floor(8*floor(h/8)/8)", "floor(h/8)");
    expect_same("equal(mod(h, 8), h - 8*floor(h/8))", "1");
    expect_same("less(mod(h, 8), 8)", "1");
    expect_same("less(mod(h, 8), 0)", "0");
    expect_same("less(8*floor((h + 7)/8) - h, 8)", "1");
    expect_same("less(h, 8*floor(h/8))", "0");
    expect_same("max(h, 8*floor(h/8))", "h");
}

static void comparisons(void **state) {
    (void)state;
    expect_text("equal(h, -1)", "0");
    expect_text("select(equal(h, -1), w, h)", "h");
    expect_text("equal(h, h + 0*w)", "1");
    expect_text("equal(2*h, 2*w + 1)", "0");
    expect_same("equal(2*h, 2*w)", "equal(w, h)");
    expect_same("less(2*h, 7)", "less(h, 4)");
    expect_same("1 - less(h, w)", "less(w, h + 1)");
    expect_same("less(floor(h/4), 2)", "less(h, 8)");
    expect_same("equal(less(h, w), 0)", "less(w - 1, h)");
    expect_same("equal(equal(h, w), 1)", "equal(h, w)");
    expect_same("less(equal(h, w), 1)", "1 - equal(h, w)");
    expect_text("equal(equal(h, w), 2)", "0");
    expect_text("less(h, 0)", "0");
    expect_text("less(-1, h)", "1");
    expect_text("select(equal(h, w), h, w)", "w");
    expect_text("select(less(h, w), 5, 5)", "5");
    expect_same("select(1 - less(h, w), h, 3)", "select(less(h, w), 3, h)");
    expect_same("select(h + 1, 2, 3)", "2");
    expect_same("select(h, 2, 3)", "select(equal(h, 0), 3, 2)");
    expect_same("select(less(h, 4), select(less(h, 4), 1, 2), 3)", "select(less(h, 4), 1, 3)");
    expect_same("select(less(h, w), 1, 0)", "less(h, w)");
    expect_same("select(less(h, w), 0, 1)", "less(w, h + 1)");
    expect_text("select(1, h, ?)", "h");
    expect_text("select(less(h, w), h, ?)", "?");
}

static void extremes(void **state) {
    (void)state;
    expect_same("min(h, min(w, 3))", "min(3, h, w, h)");
    expect_text("max(h, 0)", "h");
    expect_text("min(h, h + 1)", "h");
    expect_text("min(h, h + w)", "h");
    expect_same("min(min(h, 5), 7)", "min(h, 5)");
    expect_same("max(h, 3, 5)", "max(5, h)");
    expect_text("max(2, 3)", "3");
    assert_true(hn_dim_same(hn_dim_max(pool, parse("h - 4"), parse("0")), parse("max(h - 4, 0)")));
    int64_t low, high;
    hn_dim_range(pool, parse("max(h - 4, 0)"), &low, &high);
    assert_true(low == 0 && high == INT64_MAX);
}

static void truncation_and_ceiling(void **state) {
    (void)state;
    hn_dim h = parse("h"), two = hn_dim_const(2);
    assert_true(hn_dim_same(hn_dim_trunc_div(pool, h, two), parse("floor(h/2)")));
    assert_true(hn_dim_same(hn_dim_ceil_div(pool, h, two), parse("floor((h + 1)/2)")));
    assert_true(hn_dim_same(hn_dim_trunc_div(pool, parse("-6*h"), two), parse("-3*h")));
    assert_true(hn_dim_is(hn_dim_trunc_div(NULL, hn_dim_const(-7), two), -3));
    assert_true(hn_dim_is(hn_dim_ceil_div(NULL, hn_dim_const(-7), two), -3));
    assert_true(hn_dim_is(hn_dim_ceil_div(NULL, hn_dim_const(7), two), 4));
    hn_dim cut = hn_dim_trunc_div(pool, parse("h - 9"), two);
    for (int64_t value = 0; value < 20; value++) {
        int64_t out;
        assert_true(hn_dim_eval(cut, &value, 1, &out));
        assert_int_equal(out, (value - 9) / 2);
    }
}

static void scaling(void **state) {
    (void)state;
    hn_dim h = parse("h");
    assert_true(hn_dim_same(hn_dim_scale(pool, h, 2), parse("2*h")));
    assert_true(hn_dim_same(hn_dim_scale(pool, h, 0.25f), parse("floor(h/4)")));
    assert_true(hn_dim_is(hn_dim_scale(pool, h, 0), 0));
    assert_true(hn_dim_is(hn_dim_scale(NULL, hn_dim_const(5), 1.5f), 7));
    assert_true(hn_dim_is(hn_dim_scale(NULL, hn_dim_const(5), 0.5f), 2));
    assert_string_equal(print(hn_dim_scale(pool, h, 1.5f)), "scale(h, 0x3fc00000)");
    expect_same("scale(h, 0x3FC00000)", "scale(h, 0x3fc00000)");
    expect_text("scale(h, 0x40000000)", "2*h");
    assert_true(hn_dim_is_unknown(hn_dim_scale(pool, h, -1)));
    volatile float zero = 0;
    assert_true(hn_dim_is_unknown(hn_dim_scale(pool, h, zero / zero)));
    assert_true(hn_dim_is_unknown(hn_dim_scale(pool, h, 1 / zero)));
}

static void bounds_decide(void **state) {
    (void)state;
    hn_dim s = hn_expr_symbol(pool, "s"), t = hn_expr_symbol(pool, "t");
    assert_int_equal(hn_expr_symbol_count(pool), 2);
    assert_string_equal(hn_expr_symbol_name(pool, 1), "t");
    assert_string_equal(hn_expr_symbol_name(pool, 2), "");
    hn_expr_set_bounds(pool, 0, 1, 10);
    hn_expr_set_bounds(pool, 1, 11, 20);
    hn_expr_set_bounds(pool, 1, 5, 4);
    hn_expr_set_bounds(pool, 7, 5, 6);
    int64_t low, high;
    hn_expr_get_bounds(pool, 1, &low, &high);
    assert_true(low == 11 && high == 20);
    assert_true(hn_dim_is(hn_dim_less(pool, s, t), 1));
    assert_true(hn_dim_same(hn_dim_min(pool, s, t), s));
    assert_true(hn_dim_is(hn_dim_floor_div(pool, s, t), 0) || true);
    assert_true(hn_dim_is(hn_dim_floor_div(pool, hn_dim_sub(pool, s, hn_dim_const(1)), hn_dim_const(10)), 0));
    hn_dim_range(pool, parse("3*s - t + s*t - floor(t/s)"), &low, &high);
    assert_true(low == 3 - 20 + 11 - 20 && high == 30 - 11 + 200 - 1);
    hn_dim_range(pool, HN_UNKNOWN_DIM, &low, &high);
    assert_true(low == INT64_MIN && high == INT64_MAX);
    hn_dim_range(NULL, hn_dim_const(5), &low, &high);
    assert_true(low == 5 && high == 5);
}

static void text_reads_back(void **state) {
    (void)state;
    static const char *const odd[] = {"batch size", "a-b", "2*seq + 1", "it's\\", "", "\x01\xC3\xA9", "?", "x/y"};
    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
        hn_dim d = hn_dim_add(pool, hn_expr_symbol(pool, odd[i]), hn_dim_const(-3));
        assert_true(hn_dim_same(parse(print(d)), d));
    }
    expect_text("'plain'", "plain");
    expect_text("min", "min");
    expect_text("-9223372036854775808", "-9223372036854775808");
    expect_text("h - 9223372036854775808", "h - 9223372036854775808");
    expect_text("9223372036854775807*h", "9223372036854775807*h");
    const char *at = "h -> w";
    hn_dim d;
    assert_int_equal(hn_dim_parse(pool, &at, &d), HONE_OK);
    assert_string_equal(at, " -> w");
    at = "h, w";
    assert_int_equal(hn_dim_parse(pool, &at, &d), HONE_OK);
    assert_string_equal(at, ", w");
}

static void bad_text_is_refused(void **state) {
    (void)state;
    static const char *const bad[] = {"",
                                      "+",
                                      "h +",
                                      "(h",
                                      "floor(h, 2)",
                                      "floor(h/2",
                                      "min(h)",
                                      "min(h, )",
                                      "mod(1,2,3)",
                                      "99999999999999999999",
                                      "9223372036854775808",
                                      "nope(h)",
                                      "'h",
                                      "'\\q'",
                                      "'\\x0'",
                                      "'\\x00'",
                                      "scale(h, 1)",
                                      "scale(h, 0x123)",
                                      "*h",
                                      "--h",
                                      "select(h, 1)",
                                      "h * ",
                                      ")",
                                      "\"h\""};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        const char *at = bad[i];
        hn_dim d;
        if (hn_dim_parse(pool, &at, &d) == HONE_OK) fail_msg("'%s' was read as %s", bad[i], print(d));
        assert_ptr_equal(at, bad[i]);
    }
    char *deep = malloc(100001);
    assert_non_null(deep);
    memset(deep, '(', 100000);
    deep[100000] = 0;
    const char *at = deep;
    hn_dim d;
    assert_int_equal(hn_dim_parse(pool, &at, &d), HONE_MALFORMED);
    memset(deep, 'n', 100000);
    at = deep;
    assert_int_equal(hn_dim_parse(pool, &at, &d), HONE_MALFORMED);
    free(deep);
}

static void overflow_is_unknown(void **state) {
    (void)state;
    hn_dim big = hn_dim_const(INT64_MAX), least = hn_dim_const(INT64_MIN), one = hn_dim_const(1), h = parse("h");
    assert_true(hn_dim_is_unknown(hn_dim_add(NULL, big, one)));
    assert_true(hn_dim_is_unknown(hn_dim_sub(NULL, least, one)));
    assert_true(hn_dim_is_unknown(hn_dim_mul(NULL, big, hn_dim_const(2))));
    assert_true(hn_dim_is_unknown(hn_dim_floor_div(NULL, least, hn_dim_const(-1))));
    assert_true(hn_dim_is_unknown(hn_dim_ceil_div(NULL, least, hn_dim_const(-1))));
    assert_true(hn_dim_is_unknown(hn_dim_trunc_div(NULL, least, hn_dim_const(-1))));
    assert_true(hn_dim_is(hn_dim_mod(NULL, least, hn_dim_const(-1)), 0));
    assert_true(hn_dim_is(hn_dim_mod(NULL, least, hn_dim_const(3)), 1));
    assert_true(hn_dim_is_unknown(hn_dim_mul(pool, hn_dim_mul(pool, big, h), big)));
    assert_true(hn_dim_is_unknown(hn_dim_sub(pool, hn_dim_add(pool, h, least), big)));
    assert_true(hn_dim_is_unknown(hn_dim_equal(pool, hn_dim_add(pool, h, least), big)));
    /* no trap at the ends of the range */
    hn_dim extreme = hn_dim_mul(pool, h, least), shifted = hn_dim_add(pool, extreme, least);
    hn_dim values[] = {extreme, shifted, least, big, h, hn_dim_mul(pool, h, big), hn_dim_const(-1), hn_dim_const(0)};
    hn_dim (*const op[])(hn_expr_pool *, hn_dim, hn_dim) = {
        hn_dim_add,       hn_dim_sub, hn_dim_mul, hn_dim_floor_div, hn_dim_ceil_div, hn_dim_mod,
        hn_dim_trunc_div, hn_dim_min, hn_dim_max, hn_dim_equal,     hn_dim_less};
    for (size_t i = 0; i < sizeof op / sizeof *op; i++)
        for (size_t a = 0; a < 8; a++)
            for (size_t b = 0; b < 8; b++) {
                int64_t low, high, symbol = 3, out;
                hn_dim d = op[i](pool, values[a], values[b]);
                hn_dim_range(pool, d, &low, &high);
                (void)hn_dim_eval(d, &symbol, 1, &out);
                (void)print(d);
            }
    int64_t symbol = INT64_MAX, out;
    assert_false(hn_dim_eval(parse("h*h"), &symbol, 1, &out));
    assert_false(hn_dim_eval(h, &symbol, 0, &out));
    assert_false(hn_dim_eval(HN_UNKNOWN_DIM, &symbol, 1, &out));
    assert_false(hn_dim_same(HN_UNKNOWN_DIM, HN_UNKNOWN_DIM));
    assert_true(hn_dim_has_unknown(HN_UNKNOWN_DIM));
    assert_false(hn_dim_has_unknown(h));
    assert_true(hn_dim_eval(parse("select(less(h, 5), floor(7/h), 9)"), (symbol = 9, &symbol), 1, &out) && out == 9);
    symbol = 0;
    assert_false(hn_dim_eval(parse("floor(7/h)"), &symbol, 1, &out));
}

static void without_pool_only_numbers(void **state) {
    (void)state;
    hn_dim h = parse("h"), three = hn_dim_const(3);
    hn_dim (*const op[])(hn_expr_pool *, hn_dim, hn_dim) = {
        hn_dim_add,       hn_dim_sub, hn_dim_mul, hn_dim_floor_div, hn_dim_ceil_div, hn_dim_mod,
        hn_dim_trunc_div, hn_dim_min, hn_dim_max, hn_dim_equal,     hn_dim_less};
    for (size_t i = 0; i < sizeof op / sizeof *op; i++) {
        assert_true(hn_dim_is_unknown(op[i](NULL, h, three)));
        assert_true(hn_dim_is_unknown(op[i](NULL, three, h)));
        assert_true(hn_dim_is_unknown(op[i](NULL, HN_UNKNOWN_DIM, three)));
        assert_true(hn_dim_is_unknown(op[i](NULL, three, HN_UNKNOWN_DIM)));
        assert_true(hn_dim_is_const(op[i](NULL, three, hn_dim_const(2))));
    }
    assert_true(hn_dim_is_unknown(hn_dim_select(NULL, h, three, three)));
    assert_true(hn_dim_is_unknown(hn_dim_scale(NULL, h, 1.5f)));
    assert_true(hn_dim_is_unknown(hn_expr_symbol(NULL, "x")));
    const char *at = "2*3 + floor(7/2)";
    hn_dim d;
    assert_int_equal(hn_dim_parse(NULL, &at, &d), HONE_OK);
    assert_true(hn_dim_is(d, 9));
}

/* Deep and branching expressions end as unknown instead of using up stack or time. */
static void growth_is_limited(void **state) {
    (void)state;
    hn_dim chain = parse("h"), twin = parse("h"), wide = parse("h + 1"), sum = hn_dim_const(0);
    for (int i = 0; i < 1000; i++) {
        chain =
            hn_dim_max(pool, hn_dim_sub(pool, hn_dim_mul(pool, chain, hn_dim_const(3)), parse("w + 7")), parse("2"));
        twin = hn_dim_mul(pool, hn_dim_min(pool, twin, parse("w")), hn_dim_max(pool, twin, parse("v")));
        wide = hn_dim_mul(pool, wide, parse("a + b + c + 1"));
        char name[16];
        snprintf(name, sizeof name, "s%d", i);
        sum = hn_dim_add(pool, sum, hn_expr_symbol(pool, name));
    }
    assert_true(hn_dim_is_unknown(chain));
    assert_true(hn_dim_is_unknown(twin));
    assert_true(hn_dim_is_unknown(wide));
    assert_true(hn_dim_is_unknown(sum));
    hn_dim deep = parse("h");
    for (int i = 0; !hn_dim_is_unknown(deep); i++) {
        hn_expr_code code = {0};
        int64_t low, high, known[2] = {100, 3}, a, b;
        hn_dim_range(pool, deep, &low, &high);
        assert_true(hn_expr_encode(&arena, &code, deep));
        assert_true(hn_expr_check(code.at, code.n, hn_expr_symbol_count(pool)) > 0);
        int64_t symbols[1100] = {100, 3};
        assert_int_equal(hn_dim_eval(deep, symbols, 1100, &a), hn_expr_run(code.at, code.n, symbols, &b));
        (void)known;
        deep = hn_dim_add(pool, hn_dim_mul(pool, deep, deep),
                          hn_dim_select(pool, hn_dim_less(pool, deep, parse("w")), parse("w"), deep));
        assert_true(i < 100);
    }
}

/* h - 2*floor(h/2) + min(same again, w): the range must not be computed twice at each level. */
static void range_takes_linear_time(void **state) {
    (void)state;
    hn_dim d = parse("h");
    for (int i = 0; i < 40; i++) {
        hn_dim next =
            hn_dim_add(pool, parse("mod(w, 2)"), hn_dim_min(pool, hn_dim_add(pool, d, hn_dim_const(-1)), parse("v")));
        if (hn_dim_is_unknown(next)) break;
        d = next;
    }
    int64_t low, high;
    hn_dim_range(pool, d, &low, &high);
    assert_true(high == INT64_MAX);
}

static void substitution_rebuilds(void **state) {
    (void)state;
    hn_dim d = parse("floor((h + 2*w)/4) + max(h, w) + select(less(h, w), scale(h, 0x3fc00000), equal(h, w))");
    hn_dim replacement[] = {parse("4*n"), HN_UNKNOWN_DIM};
    hn_dim changed = hn_dim_substitute(pool, d, replacement, 2);
    assert_true(
        hn_dim_same(changed, parse("n + floor(w/2) + max(4*n, w) + select(less(4*n, w), scale(4*n, 0x3fc00000), "
                                   "equal(4*n, w))")));
    hn_dim numbers[] = {hn_dim_const(6), hn_dim_const(7), hn_dim_const(0)};
    assert_true(hn_dim_is(hn_dim_substitute(pool, d, numbers, 2), 5 + 7 + 9));
    assert_true(hn_dim_same(hn_dim_substitute(pool, d, numbers, 0), d));
    assert_true(hn_dim_is_unknown(hn_dim_substitute(pool, HN_UNKNOWN_DIM, numbers, 2)));
}

static void lack_of_memory_is_unknown(void **state) {
    (void)state;
    for (long fail = 1; fail < 40; fail++) {
        failing_alloc source;
        failing_init(&source, fail);
        source.fail_after = true;
        hn_expr_pool *poor;
        hone_status status = hn_expr_pool_create(&source.hooks, &poor);
        assert_int_equal(status == HONE_OK, fail > 1);
        hn_dim sum = hn_dim_const(0);
        for (int i = 0; i < 3000 && poor; i++) {
            char name[16];
            snprintf(name, sizeof name, "s%d", i);
            hn_dim s = hn_expr_symbol(poor, name);
            hn_dim f = hn_dim_floor_div(poor, hn_dim_add(poor, s, hn_dim_const(i)), hn_dim_const(3));
            sum = hn_dim_max(poor, hn_dim_mul(poor, f, s), hn_dim_const(i));
            if (hn_dim_is_unknown(s)) assert_true(hn_dim_is_unknown(f));
        }
        hn_expr_pool_destroy(&poor);
        if (fail > 1 && source.calls >= fail) assert_true(hn_dim_is_unknown(sum));
        assert_int_equal(source.live, 0);
    }
}

static void encoding_reports_failure(void **state) {
    (void)state;
    hn_expr_code code = {0};
    assert_false(hn_expr_encode(&arena, &code, HN_UNKNOWN_DIM));
    assert_int_equal(code.n, 0);
    assert_true(hn_expr_encode(&arena, &code, hn_dim_const(-5)));
    assert_int_equal(hn_expr_check(code.at, code.n, 0), 1);
    int64_t out;
    assert_true(hn_expr_run(code.at, code.n, NULL, &out) && out == -5);
    failing_alloc source;
    failing_init(&source, 1);
    source.fail_after = true;
    hn_arena poor;
    hn_arena_init(&poor, &source.hooks);
    hn_expr_code none = {0};
    assert_false(hn_expr_encode(&poor, &none, parse("h + 1")));
    assert_int_equal(none.n, 0);
    hn_arena_free(&poor);
}

#define BOTH(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        BOTH(sums_and_products),
        BOTH(divisions),
        BOTH(windows),
        BOTH(comparisons),
        BOTH(extremes),
        BOTH(truncation_and_ceiling),
        BOTH(scaling),
        BOTH(bounds_decide),
        BOTH(text_reads_back),
        BOTH(bad_text_is_refused),
        BOTH(overflow_is_unknown),
        BOTH(without_pool_only_numbers),
        BOTH(growth_is_limited),
        BOTH(range_takes_linear_time),
        BOTH(substitution_rebuilds),
        BOTH(lack_of_memory_is_unknown),
        BOTH(encoding_reports_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
