/* Tests of the narrow floating-point formats against searches for the nearest value, and of the random numbers. */
#include "failing_alloc.h"

#include <math.h>
#include "base/half.h"
#include "base/rng.h"

static float from_bits(uint32_t bits) {
    float f;
    memcpy(&f, &bits, sizeof f);
    return f;
}

static uint32_t to_bits(float f) {
    uint32_t bits;
    memcpy(&bits, &f, sizeof bits);
    return bits;
}

/* A format as a sorted table of its non-negative finite values: code = index. */
typedef struct table {
    double value[32768];
    int n; /* finite codes */
} table;

static table narrow;

/* Code of the finite value nearest to x >= 0, ties to the even code; n when beyond the last by half a step or more. */
static int nearest(const table *t, double x) {
    int low = 0, high = t->n - 1;
    double beyond = 2 * t->value[t->n - 1] - t->value[t->n - 2];
    if (x > t->value[high]) {
        double middle = (t->value[high] + beyond) / 2;
        return x < middle || (x == middle && high % 2 == 0) ? high : t->n;
    }
    while (high - low > 1) {
        int middle = (low + high) / 2;
        if (t->value[middle] <= x) low = middle;
        else high = middle;
    }
    double below = x - t->value[low], above = t->value[high] - x;
    if (below == above) return low % 2 == 0 ? low : high;
    return below < above ? low : high;
}

/* Values worth trying around every code: the value, the middle to the next, and their neighbours. */
static int around(const table *t, int code, double out[8]) {
    double v = t->value[code], next = code + 1 < t->n ? t->value[code + 1] : 2 * v - t->value[code - 1];
    double middle = (v + next) / 2;
    double all[] = {
        v, nextafter(v, INFINITY), middle, nextafter(middle, INFINITY), nextafter(middle, 0), v * 0.75 + next * 0.25};
    memcpy(out, all, sizeof all);
    return 6;
}

static void half_matches_nearest(void **state) {
    (void)state;
    narrow.n = 0x7C00;
    for (int i = 0; i < narrow.n; i++) {
        int e = i >> 10, m = i & 0x3FF;
        narrow.value[i] = e ? ldexp(1024 + m, e - 25) : ldexp(m, -24);
        assert_true((double)hn_half_to_float((uint16_t)i) == narrow.value[i]);
        assert_true((double)hn_half_to_float((uint16_t)(i | 0x8000)) == -narrow.value[i]);
        assert_int_equal(hn_half_from_float((float)narrow.value[i]), i);
    }
    for (int i = 0; i < narrow.n; i++) {
        double x[8];
        int n = around(&narrow, i, x);
        for (int j = 0; j < n; j++) {
            assert_int_equal(hn_half_from_double(x[j]), nearest(&narrow, x[j]));
            assert_int_equal(hn_half_from_double(-x[j]), nearest(&narrow, x[j]) | 0x8000);
            assert_int_equal(hn_half_from_float((float)x[j]), nearest(&narrow, (double)(float)x[j]));
        }
    }
    assert_int_equal(hn_half_from_float(INFINITY), 0x7C00);
    assert_int_equal(hn_half_from_float(-INFINITY), 0xFC00);
    assert_int_equal(hn_half_from_double(1e300), 0x7C00);
    assert_int_equal(hn_half_from_double(5e-324), 0);
    assert_int_equal(hn_half_from_double(-5e-324), 0x8000);
    assert_true(isinf(hn_half_to_float(0x7C00)));
    assert_true(isnan(hn_half_to_float(0x7C01)));
    assert_true(isnan(hn_half_to_float(hn_half_from_float(NAN))));
    assert_int_equal(hn_half_from_float(from_bits(0xFFC06000)), 0xFE03);
    assert_int_equal(hn_half_from_float(from_bits(0x7F800001)), 0x7E00);
    /* one rounding: through float this would become 0x3C00 (tie) instead of 0x3C01 */
    assert_int_equal(hn_half_from_double(1 + 0x1p-11 + 0x1p-40), 0x3C01);
    assert_int_equal(hn_half_from_float((float)(1 + 0x1p-11 + 0x1p-40)), 0x3C00);
}

static void bfloat_matches_nearest(void **state) {
    (void)state;
    narrow.n = 0x7F80;
    for (int i = 0; i < narrow.n; i++) {
        narrow.value[i] = (double)from_bits((uint32_t)i << 16);
        assert_true((double)hn_bfloat_to_float((uint16_t)i) == narrow.value[i]);
    }
    for (int i = 1; i < narrow.n; i++) {
        double x[8];
        int n = around(&narrow, i, x);
        for (int j = 0; j < n; j++) {
            assert_int_equal(hn_bfloat_from_double(x[j]), nearest(&narrow, x[j]));
            float f = (float)x[j];
            if (isfinite(f)) assert_int_equal(hn_bfloat_from_float(-f), nearest(&narrow, (double)f) | 0x8000);
        }
    }
    assert_int_equal(hn_bfloat_from_float(INFINITY), 0x7F80);
    assert_int_equal(hn_bfloat_from_double(-1e300), 0xFF80);
    assert_int_equal(hn_bfloat_from_float(from_bits(0x7F7FFFFF)), 0x7F80);
    assert_true(isnan(hn_bfloat_to_float(hn_bfloat_from_float(from_bits(0x7F800001)))));
    assert_true(isnan(hn_bfloat_to_float(hn_bfloat_from_double((double)NAN))));
}

typedef struct narrow_case {
    hone_dtype dtype;
    int mantissa, bias, finite, sign;
    int overflow; /* without saturation; with the sign for those of one NaN only */
    float largest;
} narrow_case;

static const narrow_case cases[] = {
    {HONE_FLOAT8E4M3FN, 3, 7, 0x7F, 0x80, 0x7F, 448},
    {HONE_FLOAT8E4M3FNUZ, 3, 8, 0x80, 0x80, 0x80, 240},
    {HONE_FLOAT8E5M2, 2, 15, 0x7C, 0x80, 0x7C, 57344},
    {HONE_FLOAT8E5M2FNUZ, 2, 16, 0x80, 0x80, 0x80, 57344},
    {HONE_FLOAT4E2M1, 1, 1, 8, 8, 7, 6},
};

static void check_narrow(const narrow_case *c) {
    bool unsigned_zero = c->dtype == HONE_FLOAT8E4M3FNUZ || c->dtype == HONE_FLOAT8E5M2FNUZ;
    narrow.n = c->finite;
    for (int i = 0; i < narrow.n; i++) {
        int e = i >> c->mantissa, m = i & ((1 << c->mantissa) - 1);
        int significand = e ? (1 << c->mantissa) + m : m;
        narrow.value[i] = ldexp(significand, (e ? e : 1) - c->bias - c->mantissa);
        assert_true((double)hn_float8_to_float(c->dtype, (uint8_t)i) == narrow.value[i]);
        if (i) assert_true((double)hn_float8_to_float(c->dtype, (uint8_t)(i | c->sign)) == -narrow.value[i]);
    }
    assert_true(narrow.value[narrow.n - 1] == (double)c->largest);
    for (int i = 1; i < narrow.n; i++) {
        double x[8];
        int n = around(&narrow, i, x);
        for (int j = 0; j < n; j++) {
            float f = (float)x[j];
            int code = nearest(&narrow, (double)f), loose = code < narrow.n ? code : c->overflow;
            int tight = code < narrow.n ? code : narrow.n - 1;
            assert_int_equal(hn_float8_from_float(c->dtype, f, true), tight);
            assert_int_equal(hn_float8_from_float(c->dtype, -f, true), tight           ? tight | c->sign
                                                                       : unsigned_zero ? 0
                                                                                       : c->sign);
            assert_int_equal(hn_float8_from_float(c->dtype, f, false), loose);
        }
    }
    assert_int_equal(hn_float8_from_float(c->dtype, INFINITY, true), narrow.n - 1);
    assert_int_equal(hn_float8_from_float(c->dtype, -INFINITY, true), (narrow.n - 1) | c->sign);
    assert_int_equal(hn_float8_from_float(c->dtype, INFINITY, false), c->overflow);
    assert_int_equal(hn_float8_from_float(c->dtype, -INFINITY, false), c->overflow | c->sign);
    assert_int_equal(hn_float8_from_float(c->dtype, -0.0f, true), unsigned_zero ? 0 : c->sign);
    assert_int_equal(hn_float8_from_float(c->dtype, -1e-30f, true), unsigned_zero ? 0 : c->sign);
}

static void float8_matches_nearest(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) check_narrow(&cases[i]);
    for (size_t i = 0; i < 4; i++)
        assert_true(isnan(hn_float8_to_float(cases[i].dtype, hn_float8_from_float(cases[i].dtype, NAN, true))));
    assert_int_equal(hn_float8_from_float(HONE_FLOAT4E2M1, NAN, true), 8);
    assert_true(isinf(hn_float8_to_float(HONE_FLOAT8E5M2, 0x7C)));
    for (int i = 0x7D; i <= 0x7F; i++) assert_true(isnan(hn_float8_to_float(HONE_FLOAT8E5M2, (uint8_t)i)));
    assert_true(isnan(hn_float8_to_float(HONE_FLOAT32, 0)));
    assert_int_equal(hn_float8_from_float(HONE_FLOAT32, 1, true), 0);
}

static void e8m0_rounds_as_asked(void **state) {
    (void)state;
    for (int i = 0; i < 255; i++) {
        float f = hn_float8_to_float(HONE_FLOAT8E8M0, (uint8_t)i);
        assert_true((double)f == ldexp(1, i - 127));
        if (i) assert_int_equal(hn_float8_from_float(HONE_FLOAT8E8M0, f, true), i);
    }
    assert_true(isnan(hn_float8_to_float(HONE_FLOAT8E8M0, 0xFF)));
    assert_int_equal(hn_float8_from_float(HONE_FLOAT8E8M0, NAN, true), 0xFF);
    assert_int_equal(hn_float8_from_float(HONE_FLOAT8E8M0, -3, true), 129);
    assert_int_equal(hn_float8e8m0_from_float(3, HN_E8M0_DOWN, true), 128);
    assert_int_equal(hn_float8e8m0_from_float(3, HN_E8M0_NEAREST, true), 129);
    assert_int_equal(hn_float8e8m0_from_float(2.9f, HN_E8M0_NEAREST, true), 128);
    assert_int_equal(hn_float8e8m0_from_float(3.4e38f, HN_E8M0_UP, true), 0xFE);
    assert_int_equal(hn_float8e8m0_from_float(3.4e38f, HN_E8M0_UP, false), 0xFF);
    assert_int_equal(to_bits(hn_float8_to_float(HONE_FLOAT8E8M0, 0)), 0x400000);
}

/* Known answers of Philox 4x32-10 from the Random123 distribution (counter words 2 and 3 are 0 here, so only the
 * first). */
static void philox_known_answer(void **state) {
    (void)state;
    uint32_t out[4];
    hn_rng_block(0, 0, out);
    const uint32_t zero[4] = {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8};
    assert_memory_equal(out, zero, sizeof zero);
}

static void distributions_have_their_moments(void **state) {
    (void)state;
    enum { N = 200000 };
    double sum = 0, square = 0, fourth = 0, uniform = 0;
    int beyond_two = 0;
    for (uint64_t i = 0; i < N; i++) {
        double u = hn_rng_uniform(42, i), x = hn_rng_normal(42, i);
        assert_true(u > 0 && u < 1);
        uniform += u;
        sum += x;
        square += x * x;
        fourth += x * x * x * x;
        beyond_two += fabs(x) > 2;
    }
    assert_true(fabs(uniform / N - 0.5) < 0.003);
    assert_true(fabs(sum / N) < 0.01);
    assert_true(fabs(square / N - 1) < 0.02);
    assert_true(fabs(fourth / N - 3) < 0.1);
    assert_true(fabs((double)beyond_two / N - 0.0455) < 0.002);
    assert_true(hn_rng_normal(1, 7) == hn_rng_normal(1, 7) && hn_rng_normal(1, 7) != hn_rng_normal(2, 7));
}

/* The normal numbers are those of Box and Muller up to rounding in our own log and cosine. */
static void normal_matches_libm(void **state) {
    (void)state;
    for (uint64_t i = 0; i < 20000; i++) {
        uint32_t w[4];
        hn_rng_block(9, i, w);
        double u = ((double)(((uint64_t)w[0] << 32 | w[1]) >> 12) + 0.5) * 0x1p-52;
        double v = ((double)(((uint64_t)w[2] << 32 | w[3]) >> 12) + 0.5) * 0x1p-52;
        double expected = sqrt(-2 * log(u)) * cos(6.283185307179586 * v);
        assert_true(fabs(hn_rng_normal(9, i) - expected) < 1e-14);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(half_matches_nearest),   cmocka_unit_test(bfloat_matches_nearest),
        cmocka_unit_test(float8_matches_nearest), cmocka_unit_test(e8m0_rounds_as_asked),
        cmocka_unit_test(philox_known_answer),    cmocka_unit_test(distributions_have_their_moments),
        cmocka_unit_test(normal_matches_libm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
