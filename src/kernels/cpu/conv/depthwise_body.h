/* Depthwise convolution, written once over vec.h (see depthwise.h). */
#include "kernels/cpu/conv/depthwise.h"
#include "kernels/cpu/gemm/epilogue_body.h"

/* A tile: positions times vectors of 16 channels, as many accumulators as registers allow. Each load of a pointer
 * serves all vectors, each load of a weight all positions. */
// clang-format off
#if HN_VEC_ISA == 512
#define TILE_VECTORS 2
#define EACH_VECTOR(X, ...) X(0, __VA_ARGS__) X(1, __VA_ARGS__)
#else
#define TILE_VECTORS 1
#define EACH_VECTOR(X, ...) X(0, __VA_ARGS__)
#endif
#define TILE_ROWS    6
#define EACH_ROW(X)  X(0) X(1) X(2) X(3) X(4) X(5)
// clang-format on

/* Channels [c, c + n) of `rows` positions from `row` on; n is at most 16 * vectors. */
HN_VEC_INLINE void run_channels(const int rows, const int vectors, const hn_depthwise *d, int row, size_t c, int n) {
    const size_t rounded = (d->channels + 15) / 16 * 16;
    const hn_epilogue_run *e = d->epilogue;
    vf acc[TILE_ROWS][TILE_VECTORS], weight[TILE_VECTORS];
#define BIAS(v, ...)                                                                                                   \
    if (v < vectors) weight[v] = e->bias ? vf_load_first(e->bias + c + v * 16, n - v * 16) : vf_zero();
#define BEGIN(v, r)                                                                                                    \
    if (v < vectors) acc[r][v] = weight[v];
#define BEGIN_ROW(r)                                                                                                   \
    if (r < rows) { EACH_VECTOR(BEGIN, r) }
    EACH_VECTOR(BIAS, )
    EACH_ROW(BEGIN_ROW)
    const float *w = d->weights + c;
    const float *const *at = d->row + row;
    for (int tap = 0; tap < d->taps; tap++, w += rounded, at += d->row_stride) {
#define WEIGHT(v, ...)                                                                                                 \
    if (v < vectors) weight[v] = vf_load(w + v * 16);
#define FUSE(v, r)                                                                                                     \
    if (v < vectors) acc[r][v] = vf_fma(vf_load_first(at[r] + c + v * 16, n - v * 16), weight[v], acc[r][v]);
#define FUSE_ROW(r)                                                                                                    \
    if (r < rows) { EACH_VECTOR(FUSE, r) }
        EACH_VECTOR(WEIGHT, )
        EACH_ROW(FUSE_ROW)
    }
    size_t to = d->offset + (size_t)row * d->channels + c;
    vf low = vf_set(e->low), high = vf_set(e->high);
#define ADD(v, r)                                                                                                      \
    if (v < vectors) acc[r][v] = vf_add(acc[r][v], vf_load_first(e->residual + to + v * 16, n - v * 16));
#define STORE(v, r)                                                                                                    \
    if (v < vectors) vf_store_first(d->out + to + v * 16, n - v * 16, vf_clamp(acc[r][v], low, high));
#define END_ROW(r)                                                                                                     \
    if (r < rows) {                                                                                                    \
        if (e->residual) { EACH_VECTOR(ADD, r) }                                                                       \
        EACH_VECTOR(STORE, r)                                                                                          \
        to += d->channels;                                                                                             \
    }
    EACH_ROW(END_ROW)
}

HN_VEC_INLINE void run_rows(const int rows, const hn_depthwise *d, int row) {
    size_t c = 0;
    for (; c + 16 * TILE_VECTORS <= d->channels; c += 16 * TILE_VECTORS)
        run_channels(rows, TILE_VECTORS, d, row, c, 16 * TILE_VECTORS);
    for (; c + 16 <= d->channels; c += 16) run_channels(rows, 1, d, row, c, 16);
    if (c < d->channels) run_channels(rows, 1, d, row, c, (int)(d->channels - c));
    if (d->epilogue->n) {
        size_t offset = d->offset + (size_t)row * d->channels;
        epilogue_tile stored = {d->out, offset, d->channels, 0, rows, (int)d->channels};
        epilogue_rest(d->epilogue, &stored);
    }
}

static void run_six(const hn_depthwise *d, int row) { run_rows(6, d, row); }
static void run_three(const hn_depthwise *d, int row) { run_rows(3, d, row); }
static void run_one(const hn_depthwise *d, int row) { run_rows(1, d, row); }

void HN_VEC_NAME(hn_depthwise_run)(const hn_depthwise *d) {
    int row = 0;
    for (; row + 6 <= d->rows; row += 6) run_six(d, row);
    for (; row + 3 <= d->rows; row += 3) run_three(d, row);
    for (; row < d->rows; row++) run_one(d, row);
}
