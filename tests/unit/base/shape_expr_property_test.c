/* Random expressions: the canonical form must have the value of what was written, whatever the symbols are; text, code,
 * range and substitution must agree with it; and random code must never pass the check and misbehave. */
#include "failing_alloc.h"

#include <math.h>
#include "base/rng.h"
#include "base/shape_expr.h"

enum { SYMBOLS = 5, SAMPLES = 24, ROUNDS = 20000 };

static hn_expr_pool *pool;
static hn_arena arena;
static uint64_t stream, position;

static uint32_t random_below(uint32_t n) { return (uint32_t)(hn_rng_uniform(stream, position++) * n); }

/* A dim and what it must evaluate to in every sample (where it has a value). */
typedef struct tracked {
    hn_dim dim;
    int64_t value[SAMPLES];
    bool ok[SAMPLES];
} tracked;

static int64_t symbol_value[SAMPLES][SYMBOLS];
static const int64_t symbol_low[SYMBOLS] = {0, 1, 1, 2, 1}, symbol_high[SYMBOLS] = {40, 9, 64, 8, 300};
static bool divide_by_symbols;

static void choose_samples(void) {
    for (int s = 0; s < SAMPLES; s++)
        for (int i = 0; i < SYMBOLS; i++) {
            int64_t low = symbol_low[i] == 0 && divide_by_symbols ? 1 : symbol_low[i];
            symbol_value[s][i] = low + random_below((uint32_t)(symbol_high[i] - low + 1));
        }
}

static tracked leaf(void) {
    tracked t = {.dim = {0}};
    int symbol = (int)random_below(SYMBOLS + 3);
    int64_t constant = (int64_t)random_below(14) - 4;
    static const char *const names[SYMBOLS] = {"n", "a", "h", "k", "w"};
    t.dim = symbol < SYMBOLS ? hn_expr_symbol(pool, names[symbol]) : hn_dim_const(constant);
    for (int s = 0; s < SAMPLES; s++) {
        t.value[s] = symbol < SYMBOLS ? symbol_value[s][symbol] : constant;
        t.ok[s] = true;
    }
    return t;
}

enum { ADD, SUB, MUL, FLOOR, CEIL, MOD, TRUNC, MIN, MAX, EQUAL, LESS, BINARY_OPS, SELECT = BINARY_OPS, SCALE, OPS };

static hn_dim (*const binary[BINARY_OPS])(hn_expr_pool *, hn_dim, hn_dim) = {
    hn_dim_add,       hn_dim_sub, hn_dim_mul, hn_dim_floor_div, hn_dim_ceil_div, hn_dim_mod,
    hn_dim_trunc_div, hn_dim_min, hn_dim_max, hn_dim_equal,     hn_dim_less};

static int64_t floor_of(int64_t a, int64_t b) { return a / b - (a % b != 0 && (a < 0) != (b < 0)); }

static bool direct(int op, int64_t a, int64_t b, int64_t *out) {
    if (op >= FLOOR && op <= TRUNC && b == 0) return false;
    switch (op) {
    case ADD:
        *out = a + b;
        break;
    case SUB:
        *out = a - b;
        break;
    case MUL:
        *out = a * b;
        break;
    case FLOOR:
        *out = floor_of(a, b);
        break;
    case CEIL:
        *out = -floor_of(-a, b);
        break;
    case MOD:
        *out = a - b * floor_of(a, b);
        break;
    case TRUNC:
        *out = a / b;
        break;
    case MIN:
        *out = a < b ? a : b;
        break;
    case MAX:
        *out = a > b ? a : b;
        break;
    case EQUAL:
        *out = a == b;
        break;
    default:
        *out = a < b;
        break;
    }
    return *out < (1 << 20) && *out > -(1 << 20);
}

static tracked grow(int depth);

static tracked grow_binary(int op, int depth) {
    tracked a = grow(depth - 1), b = grow(depth - 1), t = {.dim = {0}};
    if (op >= FLOOR && op <= TRUNC && !divide_by_symbols) {
        int64_t divisor = (int64_t)random_below(9) + 1;
        if (random_below(8) == 0) divisor = -divisor;
        b.dim = hn_dim_const(divisor);
        for (int s = 0; s < SAMPLES; s++) b.value[s] = divisor, b.ok[s] = true;
    }
    t.dim = binary[op](pool, a.dim, b.dim);
    for (int s = 0; s < SAMPLES; s++) t.ok[s] = a.ok[s] && b.ok[s] && direct(op, a.value[s], b.value[s], &t.value[s]);
    return t;
}

static tracked grow_select(int depth) {
    tracked c = grow(depth - 1), a = grow(depth - 1), b = grow(depth - 1), t = {.dim = {0}};
    t.dim = hn_dim_select(pool, c.dim, a.dim, b.dim);
    for (int s = 0; s < SAMPLES; s++) {
        const tracked *taken = c.value[s] ? &a : &b;
        t.ok[s] = c.ok[s] && taken->ok[s];
        t.value[s] = taken->value[s];
    }
    return t;
}

static tracked grow_scale(int depth) {
    static const float scales[] = {0.5f, 0.25f, 2, 3, 1.5f, 0.75f, 0.3333f, 2.1f};
    float scale = scales[random_below(8)];
    tracked a = grow(depth - 1), t = {.dim = {0}};
    t.dim = hn_dim_scale(pool, a.dim, scale);
    for (int s = 0; s < SAMPLES; s++) {
        t.ok[s] = a.ok[s];
        t.value[s] = a.ok[s] ? (int64_t)floorf((float)a.value[s] * scale) : 0;
    }
    return t;
}

static tracked grow(int depth) {
    if (depth <= 0 || random_below(8) == 0) return leaf();
    static const int weighted[] = {ADD,  ADD, ADD, SUB,   SUB, MUL, MUL,   MUL,  FLOOR,  FLOOR, FLOOR,
                                   CEIL, MOD, MOD, TRUNC, MIN, MAX, EQUAL, LESS, SELECT, SCALE};
    int op = weighted[random_below(sizeof weighted / sizeof *weighted)];
    if (op == SELECT) return grow_select(depth);
    return op == SCALE ? grow_scale(depth) : grow_binary(op, depth);
}

static const char *print(hn_dim d, const hn_expr_pool *from) {
    hn_str out;
    hn_str_init(&out, &arena);
    hn_dim_print(&out, d, from);
    return hn_str_text(&out);
}

static void check_values(const tracked *t) {
    hn_expr_code code = {0};
    assert_true(hn_expr_encode(&arena, &code, t->dim));
    int entries = hn_expr_check(code.at, code.n, SYMBOLS);
    assert_true(entries > 0);
    int64_t low, high;
    hn_dim_range(pool, t->dim, &low, &high);
    for (int s = 0; s < SAMPLES; s++) {
        int64_t value = 0, run = 0;
        bool ok = hn_dim_eval(t->dim, symbol_value[s], SYMBOLS, &value);
        assert_int_equal(ok, hn_expr_run(code.at, code.n, symbol_value[s], &run));
        if (ok) assert_true(value == run);
        if (ok && t->ok[s]) assert_true(low <= value && value <= high);
        if (t->ok[s] && (!ok || value != t->value[s]))
            fail_msg("%s is %lld (%d), not %lld", print(t->dim, pool), (long long)value, ok, (long long)t->value[s]);
    }
}

static void check_substitution(const tracked *t) {
    for (int s = 0; s < 2; s++) {
        hn_dim number[SYMBOLS], half[SYMBOLS];
        for (int i = 0; i < SYMBOLS; i++) {
            number[i] = hn_dim_const(symbol_value[s][i]);
            half[i] = i % 2 ? number[i] : HN_UNKNOWN_DIM;
        }
        hn_dim all = hn_dim_substitute(pool, t->dim, number, SYMBOLS);
        hn_dim none = hn_dim_substitute(NULL, t->dim, number, SYMBOLS);
        hn_dim some = hn_dim_substitute(pool, t->dim, half, SYMBOLS);
        int64_t value;
        if (!t->ok[s]) continue;
        assert_true(hn_dim_is(all, t->value[s]));
        assert_true(hn_dim_is(none, t->value[s]));
        if (hn_dim_is_unknown(some)) continue; /* a division by zero on the side not taken */
        assert_true(hn_dim_eval(some, symbol_value[s], SYMBOLS, &value) && value == t->value[s]);
    }
}

static void check_text(const tracked *t) {
    const char *text = print(t->dim, pool), *at = text;
    hn_dim again;
    assert_int_equal(hn_dim_parse(pool, &at, &again), HONE_OK);
    assert_int_equal(*at, 0);
    if (!hn_dim_same(again, t->dim)) fail_msg("%s reads as %s", text, print(again, pool));
}

/* A form must not depend on what the pool has seen before: symbols here get their numbers in another order. */
static void check_text_elsewhere(const tracked *t) {
    hn_expr_pool *other;
    assert_int_equal(hn_expr_pool_create(NULL, &other), HONE_OK);
    static const char *const names[SYMBOLS] = {"w", "n", "k", "h", "a"};
    static const int number[SYMBOLS] = {4, 0, 3, 2, 1};
    for (int i = 0; i < SYMBOLS; i++) {
        hn_expr_symbol(other, names[i]);
        hn_expr_set_bounds(other, i, symbol_low[number[i]], symbol_high[number[i]]);
    }
    const char *text = print(t->dim, pool), *at = text;
    hn_dim again;
    assert_int_equal(hn_dim_parse(other, &at, &again), HONE_OK);
    assert_string_equal(print(again, other), text);
    hn_expr_pool_destroy(&other);
}

static void make_pool(void) {
    assert_int_equal(hn_expr_pool_create(NULL, &pool), HONE_OK);
    static const char *const names[SYMBOLS] = {"n", "a", "h", "k", "w"};
    for (int i = 0; i < SYMBOLS; i++) {
        hn_expr_symbol(pool, names[i]);
        hn_expr_set_bounds(pool, i, symbol_low[i], symbol_high[i]);
    }
}

static void random_expressions_keep_their_value(void **state) {
    (void)state;
    int unknown = 0, constant = 0, checked = 0;
    hn_arena_init(&arena, NULL);
    make_pool();
    for (int round = 0; round < ROUNDS; round++) {
        stream = (uint64_t)round;
        position = 0;
        divide_by_symbols = round % 2;
        choose_samples();
        tracked t = grow(2 + round % 4);
        bool valid = false;
        for (int s = 0; s < SAMPLES; s++) valid |= t.ok[s];
        hn_arena_reset(&arena);
        if (hn_dim_is_unknown(t.dim)) {
            unknown += valid;
            continue;
        }
        checked += valid;
        constant += hn_dim_is_const(t.dim);
        check_values(&t);
        check_substitution(&t);
        check_text(&t);
        if (round % 8 == 0) check_text_elsewhere(&t);
    }
    print_message("%d checked, %d constant, %d unknown\n", checked, constant, unknown);
    assert_true(checked > ROUNDS / 2);
    assert_true(unknown < ROUNDS / 50);
    hn_expr_pool_destroy(&pool);
    hn_arena_free(&arena);
}

/* Half random words, half valid operators: whatever passes the check must run. */
static void random_code_is_harmless(void **state) {
    (void)state;
    static const int64_t symbols[3] = {7, INT64_MIN, INT64_MAX};
    int passed = 0;
    stream = 99;
    position = 0;
    for (int round = 0; round < 300000; round++) {
        int64_t code[24];
        size_t n = random_below(24);
        for (size_t i = 0; i < n; i++) {
            uint32_t word[4];
            hn_rng_block(7, (uint64_t)round * 24 + i, word);
            code[i] = (int64_t)(word[0] % 13);
            if (word[1] % 4 == 0) code[i] |= (int64_t)(word[2] % 4) << 8;
            if (word[1] % 64 == 1) code[i] = (int64_t)((uint64_t)word[2] << 32 | word[3]);
        }
        int entries = hn_expr_check(code, n, 3);
        if (entries < 0) continue;
        int64_t out;
        (void)hn_expr_run(code, n, symbols, &out);
        passed++;
    }
    assert_true(passed > 1000);
    int64_t constants[400];
    for (int i = 0; i < 400; i++) constants[i] = i % 2 ? 1 : 0; /* 200 constants: too deep for the stack */
    assert_int_equal(hn_expr_check(constants, 400, 0), -1);
    assert_int_equal(hn_expr_check(constants, 0, 0), -1);
    assert_int_equal(hn_expr_check(constants, 1, 0), -1);
    assert_int_equal(hn_expr_check(constants, 2, 0), 1);
    assert_int_equal(hn_expr_check(constants, 2, -1), -1);
}

/* Random text is read or refused, without a trap, and what is read prints and reads again. */
static void random_text_is_harmless(void **state) {
    (void)state;
    static const char *const piece[] = {"h",
                                        "w",
                                        "+",
                                        "-",
                                        "*",
                                        "(",
                                        ")",
                                        "floor(",
                                        "/",
                                        "min(",
                                        "max(",
                                        "mod(",
                                        ",",
                                        " ",
                                        "equal(",
                                        "less(",
                                        "select(",
                                        "scale(",
                                        "0x3fc00000",
                                        "7",
                                        "0",
                                        "?",
                                        "'q p'",
                                        "9223372036854775807",
                                        "9223372036854775808",
                                        "->"};
    int read = 0;
    hn_arena_init(&arena, NULL);
    make_pool();
    stream = 5;
    position = 0;
    for (int round = 0; round < 100000; round++) {
        char text[512] = "";
        for (uint32_t i = random_below(14); i > 0; i--) strcat(text, piece[random_below(sizeof piece / sizeof *piece)]);
        const char *at = text;
        hn_dim d, again;
        hn_arena_reset(&arena);
        if (hn_dim_parse(pool, &at, &d) != HONE_OK || hn_dim_is_unknown(d)) continue;
        const char *printed = print(d, pool);
        read++;
        assert_int_equal(hn_dim_parse(pool, &printed, &again), HONE_OK);
        if (!hn_dim_same(d, again)) fail_msg("'%s' reads as %s, again as %s", text, print(d, pool), print(again, pool));
    }
    assert_true(read > 1000);
    hn_expr_pool_destroy(&pool);
    hn_arena_free(&arena);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_expressions_keep_their_value),
        cmocka_unit_test(random_code_is_harmless),
        cmocka_unit_test(random_text_is_harmless),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
