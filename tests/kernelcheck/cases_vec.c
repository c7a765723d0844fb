/* The vector prelude: equal bits in every body, and the error of exp, tanh, erf and sigmoid against libm in double. */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include "base/cpu.h"
#include "kernelcheck.h"
#include "vec_case.h"

#define MOST_ULP 2.5

static const float specials[] = {0.0f,   -0.0f,    1.0f,     -1.0f,         0.5f,           1.5f,      2.5f,
                                 -2.5f,  1e-40f,   -1e-45f,  3.4e38f,       -3.4e38f,       INFINITY,  -INFINITY,
                                 NAN,    65519.0f, 65520.0f, 6e-8f,         88.8f,          -103.9f,   -104.5f,
                                 0.625f, 9.1f,     3.95f,    2147483648.0f, -2147483904.0f, 8388609.0f};

static float any_float(kc_suite *s) {
    int kind = kc_random(s, 0, 3);
    if (kind == 0) return specials[kc_random(s, 0, (int)(sizeof specials / sizeof specials[0]) - 1)];
    if (kind == 1) return 10 * kc_random_float(s);
    uint32_t bits = (uint32_t)kc_random(s, 0, 0xFFFF) << 16 | (uint32_t)kc_random(s, 0, 0xFFFF);
    float x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

static void result(kc_suite *s, const char *what, const char *body, const char *fault) {
    if (fault) printf("FAIL %s (%s): %s\n", what, body, fault);
    if (fault) s->failed++;
    else s->passed++;
}

/* Equal words; NaN of any kind are equal, whether they are one float or two halves. */
static bool same_word(uint32_t a, uint32_t b) {
    bool nan = (a & 0x7FFFFFFF) > 0x7F800000 && (b & 0x7FFFFFFF) > 0x7F800000;
    uint32_t high = (a ^ b) >> 16, low = (a ^ b) & 0xFFFF;
    bool nan_high = (a >> 16 & 0x7FFF) > 0x7C00 && (b >> 16 & 0x7FFF) > 0x7C00;
    bool nan_low = (a & 0x7FFF) > 0x7C00 && (b & 0x7FFF) > 0x7C00;
    return a == b || nan || ((!high || nan_high) && (!low || nan_low));
}

static void same_bits(kc_suite *s, vec_case_fn *body, const char *name) {
    static _Alignas(64) uint32_t want[VEC_CASE_MOST], got[VEC_CASE_MOST];
    const char *fault = NULL;
    char text[128];
    for (int round = 0; round < 4000 && !fault; round++) {
        float lanes[3][16];
        for (int i = 0; i < 48; i++) lanes[i / 16][i % 16] = any_float(s);
        int n = kc_random(s, 0, 16);
        size_t words = vec_case_generic(lanes[0], lanes[1], lanes[2], n, want);
        if (body(lanes[0], lanes[1], lanes[2], n, got) != words) fault = "other number of results";
        for (size_t i = 0; i < words && !fault; i++) {
            if (same_word(want[i], got[i])) continue;
            snprintf(text, sizeof text, "word %zu of round %d is %08x, generic gives %08x", i, round, got[i], want[i]);
            fault = text;
        }
    }
    result(s, "prelude", name, fault);
}

/* Distance in units of the last place of the true value. */
static double ulp(float got, double want) {
    if (isnan(want)) return isnan(got) ? 0 : INFINITY;
    if (isinf((float)want) || isinf(got)) return (float)want == got ? 0 : INFINITY;
    double unit = want == 0 ? 0x1p-149 : ldexp(1, ilogb(want) - 23);
    return fabs(got - want) / (unit < 0x1p-149 ? 0x1p-149 : unit);
}

static void accuracy(kc_suite *s, vec_math_fn *body, const char *name) {
    static const char *const names[] = {"exp", "tanh", "erf", "sigmoid"};
    double worst[4] = {0};
    for (int round = 0; round < 40000; round++) {
        float x[16], got[4][16];
        for (int i = 0; i < 16; i++) x[i] = round % 2 ? any_float(s) : 20 * kc_random_float(s);
        body(x, got[0], got[1], got[2], got[3]);
        for (int i = 0; i < 16; i++) {
            double want[4] = {exp((double)x[i]), tanh((double)x[i]), erf((double)x[i]), 1 / (1 + exp(-(double)x[i]))};
            for (int f = 0; f < 4; f++) worst[f] = fmax(worst[f], ulp(got[f][i], want[f]));
        }
    }
    for (int f = 0; f < 4; f++) {
        char text[64];
        snprintf(text, sizeof text, "error of %.2f units in the last place", worst[f]);
        result(s, names[f], name, worst[f] <= MOST_ULP ? NULL : text);
    }
}

void kc_cases_vec(kc_suite *s) {
    if (s->bench || (s->filter && !strstr("vec", s->filter))) return;
    accuracy(s, vec_math_generic, "generic");
    if (hn_cpu_features() & HN_CPU_AVX2) {
        same_bits(s, vec_case_avx2, "avx2");
        accuracy(s, vec_math_avx2, "avx2");
    }
    if (hn_cpu_features() & HN_CPU_AVX512) {
        same_bits(s, vec_case_avx512, "avx512");
        accuracy(s, vec_math_avx512, "avx512");
    }
}
