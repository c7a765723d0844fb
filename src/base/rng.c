/* Philox 4x32-10 and the distributions on top of it. Only IEEE basic operations are used (no libm), so that the values
 * are the same with every C library and compiler. */
#include "base/rng.h"

#include <math.h>
#include <string.h>

static void multiply(uint32_t a, uint32_t b, uint32_t *high, uint32_t *low) {
    uint64_t product = (uint64_t)a * b;
    *high = (uint32_t)(product >> 32);
    *low = (uint32_t)product;
}

void hn_rng_block(uint64_t key, uint64_t counter, uint32_t out[4]) {
    uint32_t k0 = (uint32_t)key, k1 = (uint32_t)(key >> 32);
    uint32_t c[4] = {(uint32_t)counter, (uint32_t)(counter >> 32), 0, 0};
    for (int round = 0; round < 10; round++) {
        uint32_t high0, low0, high1, low1;
        multiply(0xD2511F53, c[0], &high0, &low0);
        multiply(0xCD9E8D57, c[2], &high1, &low1);
        c[0] = high1 ^ c[1] ^ k0;
        c[1] = low1;
        c[2] = high0 ^ c[3] ^ k1;
        c[3] = low0;
        k0 += 0x9E3779B9;
        k1 += 0xBB67AE85;
    }
    memcpy(out, c, sizeof c);
}

/* 52 random bits moved to the middle of their cell: never 0, never 1. */
static double uniform_from_words(uint32_t high, uint32_t low) {
    uint64_t bits = ((uint64_t)high << 32 | low) >> 12;
    return ((double)bits + 0.5) * 0x1p-52;
}

double hn_rng_uniform(uint64_t key, uint64_t index) {
    uint32_t word[4];
    hn_rng_block(key, index >> 1, word);
    return index & 1 ? uniform_from_words(word[2], word[3]) : uniform_from_words(word[0], word[1]);
}

/* log(x) for a normal x > 0: log(m) of m in [sqrt(1/2), sqrt(2)) by the series of 2 atanh((m - 1) / (m + 1)). */
static double natural_log(double x) {
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    int exponent = (int)(bits >> 52) - 1023;
    bits = (bits & 0xFFFFFFFFFFFFF) | (uint64_t)1023 << 52;
    memcpy(&x, &bits, sizeof x);
    if (x > 1.4142135623730951) {
        x *= 0.5;
        exponent++;
    }
    double s = (x - 1) / (x + 1), s2 = s * s, sum = 0;
    for (int i = 23; i >= 1; i -= 2) sum = sum * s2 + 1.0 / i;
    return exponent * 0.6931471805599453 + 2 * s * sum;
}

/* sin(x) (first = 1) or cos(x) (first = 0) for |x| <= pi/4 by the Taylor series. */
static double taylor(double x, int first) {
    double x2 = x * x, term = first ? x : 1, sum = term;
    for (int i = first + 1; i < 22; i += 2) {
        term *= -x2 / (i * (i + 1));
        sum += term;
    }
    return sum;
}

/* cos(2 pi u) for u in (0, 1): exact reduction to the nearest multiple of a quarter turn. */
static double cosine_of_turns(double u) {
    int quarter = (int)(u * 4 + 0.5);
    double angle = (u - quarter * 0.25) * 6.283185307179586;
    double value = quarter & 1 ? taylor(angle, 1) : taylor(angle, 0);
    return quarter == 1 || quarter == 2 ? -value : value;
}

double hn_rng_normal(uint64_t key, uint64_t index) {
    uint32_t word[4];
    hn_rng_block(key, index, word);
    double radius = sqrt(-2 * natural_log(uniform_from_words(word[0], word[1])));
    return radius * cosine_of_turns(uniform_from_words(word[2], word[3]));
}
