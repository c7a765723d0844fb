/* Cases of f32_gemm and f32_matmul. */
#include "kc_epilogue.h"

static int64_t pick(kc_suite *s, const int *from, int n) { return from[kc_random(s, 0, n - 1)]; }

static int64_t any_rows(kc_suite *s) {
    return pick(s, (int[]){1, 2, 3, 5, 6, 7, 11, 12, 13, 25, 48, 49, 100, 245, 300}, 15);
}
static int64_t any_columns(kc_suite *s) {
    return pick(s, (int[]){1, 3, 15, 16, 17, 31, 32, 33, 48, 63, 64, 65, 80, 96, 130}, 15);
}
static int64_t any_depth(kc_suite *s) {
    return pick(s, (int[]){1, 2, 7, 16, 31, 64, 127, 128, 129, 257, 300, 520}, 12);
}

static void matmul_constant(kc_suite *s, int epilogue) {
    kc_case *c = kc_begin(s, "MatMul constant, epilogue %d", epilogue);
    c->dynamic = kc_random(s, 0, 1);
    c->integers = epilogue < 3 && kc_random(s, 0, 1);
    int rank = kc_random(s, 2, 4);
    int64_t k = any_depth(s), n = any_columns(s), dim[4] = {kc_random(s, 1, 3), kc_random(s, 1, 2), 0, 0};
    dim[rank - 2] = any_rows(s);
    dim[rank - 1] = k;
    int a = kc_input(c, HN_LAYOUT_DENSE, rank, dim), b = kc_const(c, 2, (int64_t[]){k, n});
    kc_epilogue(c, epilogue, kc_op(c, HN_OP_matmul, 2, (int[]){a, b}), rank - 1);
    kc_check(c, "f32_gemm");
}

static void gemm_constant(kc_suite *s, int bias, int epilogue) {
    kc_case *c = kc_begin(s, "Gemm constant, bias %d, epilogue %d", bias, epilogue);
    bool transposed = kc_random(s, 0, 1);
    int64_t m = any_rows(s), k = any_depth(s), n = any_columns(s);
    int a = kc_input(c, HN_LAYOUT_DENSE, 2, (int64_t[]){m, k});
    int b = kc_const(c, 2, transposed ? (int64_t[]){n, k} : (int64_t[]){k, n});
    int bias_value = bias == 0   ? -1
                     : bias == 1 ? kc_const(c, 1, (int64_t[]){n})
                     : bias == 2 ? kc_const(c, 2, (int64_t[]){1, n})
                     : bias == 3 ? kc_scalar(c, 0.7f)
                                 : kc_const(c, 1, (int64_t[]){1});
    kc_int(c, "transB", transposed);
    if (kc_random(s, 0, 1)) kc_float(c, "alpha", 0.5f);
    if (kc_random(s, 0, 1)) kc_float(c, "beta", -2);
    kc_epilogue(c, epilogue, kc_op(c, HN_OP_gemm, 3, (int[]){a, b, bias_value}), 1);
    kc_check(c, "f32_gemm");
}

static void matmul_batched(kc_suite *s, int epilogue) {
    kc_case *c = kc_begin(s, "MatMul batched, epilogue %d", epilogue);
    c->dynamic = kc_random(s, 0, 1);
    int rank = kc_random(s, 2, 4), rank_b = kc_random(s, 2, rank);
    int64_t dim_a[4], dim_b[4], k = any_depth(s);
    for (int i = 0; i < rank - 2; i++) {
        int64_t size = kc_random(s, 1, 4);
        dim_a[i] = kc_random(s, 0, 3) ? size : 1;
        dim_b[i] = kc_random(s, 0, 3) ? size : 1;
    }
    dim_a[rank - 2] = kc_random(s, 1, 70);
    dim_a[rank - 1] = dim_b[rank - 2] = k;
    dim_b[rank - 1] = any_columns(s);
    int a = kc_input(c, HN_LAYOUT_DENSE, rank, dim_a), b = kc_input(c, HN_LAYOUT_DENSE, rank_b, dim_b + rank - rank_b);
    kc_epilogue(c, epilogue, kc_op(c, HN_OP_matmul, 2, (int[]){a, b}), rank - 1);
    kc_check(c, "f32_matmul");
}

static void gemm_activations(kc_suite *s) {
    kc_case *c = kc_begin(s, "Gemm of activations");
    bool transposed = kc_random(s, 0, 1);
    int64_t m = any_rows(s), k = any_depth(s), n = kc_random(s, 1, 2000);
    int a = kc_input(c, HN_LAYOUT_DENSE, 2, (int64_t[]){m, k});
    int b = kc_input(c, HN_LAYOUT_DENSE, 2, transposed ? (int64_t[]){n, k} : (int64_t[]){k, n});
    kc_int(c, "transB", transposed);
    kc_float(c, "alpha", 0.25f);
    kc_op(c, HN_OP_gemm, 2, (int[]){a, b});
    kc_check(c, "f32_matmul");
}

static void refusals(kc_suite *s) {
    int64_t square[] = {8, 8};
    kc_case *c = kc_begin(s, "Gemm transA");
    int a = kc_input(c, HN_LAYOUT_DENSE, 2, square), b = kc_const(c, 2, square);
    kc_int(c, "transA", 1);
    kc_op(c, HN_OP_gemm, 2, (int[]){a, b});
    kc_check_refused(c, "f32_gemm");
    c = kc_begin(s, "running value read twice");
    a = kc_input(c, HN_LAYOUT_DENSE, 2, square), b = kc_const(c, 2, square);
    int y = kc_op(c, HN_OP_matmul, 2, (int[]){a, b});
    int z = kc_op(c, HN_OP_relu, 1, (int[]){y});
    kc_op(c, HN_OP_mul, 2, (int[]){y, z});
    kc_check_refused(c, "f32_gemm");
    c = kc_begin(s, "operand of another shape");
    a = kc_input(c, HN_LAYOUT_DENSE, 2, square), b = kc_const(c, 2, square);
    y = kc_op(c, HN_OP_matmul, 2, (int[]){a, b});
    kc_op(c, HN_OP_add, 2, (int[]){y, kc_input(c, HN_LAYOUT_DENSE, 2, (int64_t[]){8, 1})});
    kc_check_refused(c, "f32_gemm");
    c = kc_begin(s, "unknown operator behind");
    a = kc_input(c, HN_LAYOUT_DENSE, 2, square), b = kc_const(c, 2, square);
    kc_op(c, HN_OP_sin, 1, (int[]){kc_op(c, HN_OP_matmul, 2, (int[]){a, b})});
    kc_check_refused(c, "f32_gemm");
}

/* Special numbers in one operand reach exactly the rows and columns that they should. */
static void special_numbers(kc_suite *s) {
    for (int i = 0; i < 6; i++) {
        kc_case *c = kc_begin(s, "MatMul with NaN and infinity");
        int64_t m = 13, k = 37, n = 21;
        int a = kc_input(c, HN_LAYOUT_DENSE, 2, (int64_t[]){m, k}), b = kc_const(c, 2, (int64_t[]){k, n});
        ((float *)c->tensor[a].data)[kc_random(s, 0, (int)(m * k) - 1)] = __builtin_nanf("");
        ((float *)c->tensor[b].data)[kc_random(s, 0, (int)(k * n) - 1)] = __builtin_inff();
        kc_epilogue(c, i == 0 ? 0 : i == 1 ? 1 : i + 2, kc_op(c, HN_OP_matmul, 2, (int[]){a, b}), 1);
        kc_check(c, "f32_gemm");
    }
}

static void bench(kc_suite *s) {
    static const int64_t shapes[][3] = {{512, 512, 512},  {128, 768, 768}, {128, 768, 3072},
                                        {128, 3072, 768}, {1, 2048, 1000}, {197, 768, 768}};
    for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++) {
        const int64_t *d = shapes[i];
        kc_case *c = kc_begin(s, "%lld x %lld x %lld", (long long)d[0], (long long)d[1], (long long)d[2]);
        int a = kc_input(c, HN_LAYOUT_DENSE, 2, d), b = kc_const(c, 2, d + 1);
        kc_op(c, HN_OP_matmul, 2, (int[]){a, b});
        c->operations = 2.0 * (double)d[0] * (double)d[1] * (double)d[2];
        kc_check(c, "f32_gemm");
    }
    kc_case *c = kc_begin(s, "128 x 768 x 3072 Gelu");
    int a = kc_input(c, HN_LAYOUT_DENSE, 2, (int64_t[]){128, 768}), b = kc_const(c, 2, (int64_t[]){768, 3072});
    kc_epilogue(c, 9, kc_op(c, HN_OP_matmul, 2, (int[]){a, b}), 1);
    c->operations = 2.0 * 128 * 768 * 3072;
    kc_check(c, "f32_gemm");
    c = kc_begin(s, "attention 12 x 128 x 64 x 128");
    a = kc_input(c, HN_LAYOUT_DENSE, 3, (int64_t[]){12, 128, 64});
    b = kc_input(c, HN_LAYOUT_DENSE, 3, (int64_t[]){12, 64, 128});
    kc_op(c, HN_OP_matmul, 2, (int[]){a, b});
    c->operations = 2.0 * 12 * 128 * 64 * 128;
    kc_check(c, "f32_matmul");
}

void kc_cases_gemm(kc_suite *s) {
    if (s->bench) {
        bench(s);
        return;
    }
    for (int i = 0; i < 3 * KC_EPILOGUES; i++) matmul_constant(s, i % KC_EPILOGUES);
    for (int i = 0; i < 40; i++) gemm_constant(s, i % 5, i % 7 == 0 ? 15 : 0);
    for (int i = 0; i < 2 * KC_EPILOGUES; i++) matmul_batched(s, i % KC_EPILOGUES);
    for (int i = 0; i < 10; i++) gemm_activations(s);
    special_numbers(s);
    refusals(s);
}
