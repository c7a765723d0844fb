/* The panel product, and working copies of tensors in double. */
#include "ops/matmul/panel.h"
#include "ops/block.h"

/* Rows of b that are used for every row of c before going on, so that they stay in cache. */
enum { ROW_BLOCK = 128, LOAD_BLOCK = 1 << 20 };

#define PANEL_MULTIPLY(suffix, type)                                                                                   \
    static void add_row_##suffix(int64_t k, const type *restrict a, const type *restrict b, type *restrict c) {        \
        int64_t i = 0;                                                                                                 \
        for (; i + 4 <= k; i += 4, b += 4 * HN_PANEL) {                                                                \
            type a0 = a[i], a1 = a[i + 1], a2 = a[i + 2], a3 = a[i + 3];                                               \
            for (int j = 0; j < HN_PANEL; j++)                                                                         \
                c[j] = c[j] + a0 * b[j] + a1 * b[j + HN_PANEL] + a2 * b[j + 2 * HN_PANEL] + a3 * b[j + 3 * HN_PANEL];  \
        }                                                                                                              \
        for (; i < k; i++, b += HN_PANEL)                                                                              \
            for (int j = 0; j < HN_PANEL; j++) c[j] += a[i] * b[j];                                                    \
    }                                                                                                                  \
    void hn_panel_multiply_##suffix(int64_t m, int64_t k, const type *a, int64_t stride, const type *b, type *c) {     \
        for (int64_t first = 0; first < k; first += ROW_BLOCK) {                                                       \
            int64_t n = k - first < ROW_BLOCK ? k - first : ROW_BLOCK;                                                 \
            for (int64_t i = 0; i < m; i++)                                                                            \
                add_row_##suffix(n, a + i * stride + first, b + first * HN_PANEL, c + i * HN_PANEL);                   \
        }                                                                                                              \
    }

PANEL_MULTIPLY(f64, double)
PANEL_MULTIPLY(u64, uint64_t)

int64_t hn_panel_count(int n, const int64_t *dim) {
    int64_t count = 1;
    bool bad = false;
    for (int i = 0; i < n; i++) {
        if (dim[i] == 0) return 0;
        bad |= dim[i] < 0 || __builtin_mul_overflow(count, dim[i], &count);
    }
    return bad ? -1 : count;
}

void *hn_panel_scratch(hn_call *call, int64_t n) {
    if (n < 0) return NULL;
    return hn_arena_alloc_array(call->scratch, (size_t)n, 8);
}

void hn_panel_load(double *to, const hn_tensor *t, int64_t first, int64_t n) {
    for (int64_t done = 0; done < n; done += LOAD_BLOCK) {
        int64_t step = n - done < LOAD_BLOCK ? n - done : LOAD_BLOCK;
        hn_block_load_f64(to + done, t, first + done, (int)step);
    }
}

void hn_panel_store(hn_tensor *t, int64_t first, int64_t n, const double *from) {
    for (int64_t done = 0; done < n; done += LOAD_BLOCK) {
        int64_t step = n - done < LOAD_BLOCK ? n - done : LOAD_BLOCK;
        hn_block_store_f64(t, first + done, from + done, (int)step);
    }
}

double *hn_panel_load_all(hn_call *call, const hn_tensor *t) {
    int64_t n = hn_tensor_count(t);
    double *out = hn_panel_scratch(call, n);
    if (out) hn_panel_load(out, t, 0, n);
    return out;
}

double *hn_panel_pack_rows(hn_call *call, const double *from, int64_t n, int64_t k) {
    int64_t panels = n / HN_PANEL + (n % HN_PANEL != 0), size;
    if (__builtin_mul_overflow(panels * HN_PANEL, k, &size)) return NULL;
    double *out = hn_panel_scratch(call, size);
    if (!out) return NULL;
    for (int64_t row = 0; row < n; row++) {
        double *to = out + row / HN_PANEL * k * HN_PANEL + row % HN_PANEL;
        for (int64_t i = 0; i < k; i++) to[i * HN_PANEL] = from[row * k + i];
    }
    return out;
}
