/* The GEMM's register tiles and blocking, written once over vec.h (see gemm_core.h). */
#include <math.h>
#include "kernels/cpu/gemm/epilogue_body.h"
#include "kernels/cpu/gemm/gemm_core.h"

/* Largest tile: accumulators fill the registers; few rows and many panels, since each row costs a broadcast load.
 *
 * Loops over a tile are written out with literal indices, and the tests in them vanish when rows and panels are
 * constants: so both compilers keep every accumulator in a register (an unroll pragma is not enough for clang). */
// clang-format off
#if HN_VEC_ISA == 512
#define TILE_PANELS 4
#define TILE_ROWS   8
#define BLOCK_BYTES (128 * 1024) /* of B that stay in the second-level cache while all rows pass */
#define EACH_PANEL(X, ...) X(0, __VA_ARGS__) X(1, __VA_ARGS__) X(2, __VA_ARGS__) X(3, __VA_ARGS__)
#define EACH_ROW(X)        X(0) X(1) X(2) X(3) X(4) X(5) X(6) X(7)
#define SIX_ROWS(X, p)     X(1, p) X(2, p) X(3, p) X(4, p) X(5, p) X(6, p)
#define EIGHT_ROWS(X, p)   SIX_ROWS(X, p) X(7, p) X(8, p)
#define EACH_TILE(X)       EIGHT_ROWS(X, 1) EIGHT_ROWS(X, 2) EIGHT_ROWS(X, 3) SIX_ROWS(X, 4)
static const int most_rows[TILE_PANELS + 1] = {0, 8, 8, 8, 6};
#elif HN_VEC_ISA == 256
#define TILE_PANELS 1
#define TILE_ROWS   6
#define BLOCK_BYTES (32 * 1024)
#define EACH_PANEL(X, ...) X(0, __VA_ARGS__)
#define EACH_ROW(X)        X(0) X(1) X(2) X(3) X(4) X(5)
#define EACH_TILE(X)       X(1, 1) X(2, 1) X(3, 1) X(4, 1) X(5, 1) X(6, 1)
static const int most_rows[TILE_PANELS + 1] = {0, 6};
#else
#define TILE_PANELS 1
#define TILE_ROWS   2
#define BLOCK_BYTES (16 * 1024)
#define EACH_PANEL(X, ...) X(0, __VA_ARGS__)
#define EACH_ROW(X)        X(0) X(1)
#define EACH_TILE(X)       X(1, 1) X(2, 1)
static const int most_rows[TILE_PANELS + 1] = {0, 2};
#endif
// clang-format on

/* One tile over one block of the reduction. */
typedef struct tile {
    const hn_gemm *gemm;
    int row, column; /* of the tile's corner */
    int tap, k;      /* where the block begins */
    int count;       /* its length in taps * depth */
    size_t ahead;    /* from the block's B in floats: where that of the next block begins, for prefetching */
    bool first, last;
} tile;

HN_VEC_INLINE void multiply(const int rows, const int panels, vf acc[TILE_ROWS][TILE_PANELS], const float *const *row,
                            int k, int count, const float *b, size_t panel_stride, const float *ahead) {
    const float *a[TILE_ROWS];
#define POINT(r)                                                                                                       \
    if (r < rows) a[r] = row[r] + k;
    EACH_ROW(POINT)
    for (int i = 0; i < count; i++, b += HN_PANEL, ahead += HN_PANEL) {
        __builtin_prefetch(ahead, 0, 2);
        vf lanes[TILE_PANELS], x;
#define LOAD(p, ...)                                                                                                   \
    if (p < panels) lanes[p] = vf_load(b + (size_t)p * panel_stride);
#define FUSE(p, r)                                                                                                     \
    if (p < panels) acc[r][p] = vf_fma(x, lanes[p], acc[r][p]);
#define FUSE_ROW(r)                                                                                                    \
    if (r < rows) {                                                                                                    \
        x = vf_set(a[r][i]);                                                                                           \
        EACH_PANEL(FUSE, r)                                                                                            \
    }
        EACH_PANEL(LOAD, )
        EACH_ROW(FUSE_ROW)
    }
}

/* Columns of panel p and those behind it. */
HN_VEC_INLINE int columns_of(const tile *t, int p) { return t->gemm->n - t->column - p * HN_PANEL; }

HN_VEC_INLINE void begin(const int rows, const int panels, vf acc[TILE_ROWS][TILE_PANELS], const tile *t) {
    const hn_gemm *g = t->gemm;
    int n[TILE_PANELS];
#define COUNT(p, ...)                                                                                                  \
    if (p < panels) n[p] = columns_of(t, p);
    EACH_PANEL(COUNT, )
    if (!t->first) {
        const float *c = g->c + g->offset + (size_t)t->row * g->stride + (size_t)t->column;
#define RELOAD(p, r)                                                                                                   \
    if (p < panels) acc[r][p] = vf_load_first(c + p * HN_PANEL, n[p]);
#define RELOAD_ROW(r)                                                                                                  \
    if (r < rows) { EACH_PANEL(RELOAD, r) c += g->stride; }
        EACH_ROW(RELOAD_ROW)
        return;
    }
    vf start[TILE_PANELS];
    const float *bias = g->epilogue->bias;
    if (bias) bias += g->channel + (size_t)t->column;
#define START(p, ...)                                                                                                  \
    if (p < panels) start[p] = bias ? vf_load_first(bias + p * HN_PANEL, n[p]) : vf_zero();
#define COPY(p, r)                                                                                                     \
    if (p < panels) acc[r][p] = start[p];
#define COPY_ROW(r)                                                                                                    \
    if (r < rows) { EACH_PANEL(COPY, r) }
    EACH_PANEL(START, )
    EACH_ROW(COPY_ROW)
}

/* Asks for the lines of C and of the residual that end() will touch, one block of multiplications ahead. */
HN_VEC_INLINE void expect(const int rows, const int panels, const tile *t) {
    const hn_gemm *g = t->gemm;
    const float *residual = t->last ? g->epilogue->residual : NULL;
    size_t at = g->offset + (size_t)t->row * g->stride + (size_t)t->column;
#define EXPECT_C(p, ...)                                                                                               \
    if (p < panels) __builtin_prefetch(g->c + at + p * HN_PANEL, 1, 3);
#define EXPECT_RESIDUAL(p, ...)                                                                                        \
    if (p < panels) __builtin_prefetch(residual + at + p * HN_PANEL, 0, 3);
#define EXPECT_ROW(r)                                                                                                  \
    if (r < rows) {                                                                                                    \
        if (t->first) { EACH_PANEL(EXPECT_C, ) }                                                                       \
        if (residual) { EACH_PANEL(EXPECT_RESIDUAL, ) }                                                                \
        at += g->stride;                                                                                               \
    }
    EACH_ROW(EXPECT_ROW)
}

/* Stores the sums of a block; behind the last one the epilogue's register form as well. */
HN_VEC_INLINE void end(const int rows, const int panels, vf acc[TILE_ROWS][TILE_PANELS], const tile *t) {
    const hn_gemm *g = t->gemm;
    const float *residual = g->epilogue->residual;
    vf low = vf_set(g->epilogue->low), high = vf_set(g->epilogue->high);
    int n[TILE_PANELS];
    size_t at = g->offset + (size_t)t->row * g->stride + (size_t)t->column;
#define STORE(p, r)                                                                                                    \
    if (p < panels) vf_store_first(g->c + at + p * HN_PANEL, n[p], acc[r][p]);
#define ADD(p, r)                                                                                                      \
    if (p < panels) acc[r][p] = vf_add(acc[r][p], vf_load_first(residual + at + p * HN_PANEL, n[p]));
#define CLAMP(p, r)                                                                                                    \
    if (p < panels) acc[r][p] = vf_clamp(acc[r][p], low, high);
#define END_ROW(r)                                                                                                     \
    if (r < rows) {                                                                                                    \
        if (t->last) {                                                                                                 \
            if (residual) { EACH_PANEL(ADD, r) }                                                                       \
            EACH_PANEL(CLAMP, r)                                                                                       \
        }                                                                                                              \
        EACH_PANEL(STORE, r)                                                                                           \
        at += g->stride;                                                                                               \
    }
    EACH_PANEL(COUNT, )
    EACH_ROW(END_ROW)
}

HN_VEC_INLINE void run_tile(const int rows, const int panels, const tile *t) {
    const hn_gemm *g = t->gemm;
    const size_t reduction = (size_t)g->taps * (size_t)g->depth;
    vf acc[TILE_ROWS][TILE_PANELS];
    expect(rows, panels, t);
    begin(rows, panels, acc, t);
    size_t panel_stride = reduction * HN_PANEL;
    const float *b =
        g->panels + (size_t)t->column * reduction + ((size_t)t->tap * (size_t)g->depth + (size_t)t->k) * HN_PANEL;
    for (int tap = t->tap, k = t->k, left = t->count; left > 0; tap++, k = 0) {
        int count = g->depth - k < left ? g->depth - k : left;
        multiply(rows, panels, acc, g->row + (size_t)tap * g->row_stride + t->row, k, count, b, panel_stride,
                 b + t->ahead);
        b += (size_t)count * HN_PANEL;
        left -= count;
    }
    end(rows, panels, acc, t);
}

#define DEFINE(rows, panels)                                                                                           \
    static void tile_##rows##x##panels(const tile *t) { run_tile(rows, panels, t); }
EACH_TILE(DEFINE)
#define ENTRY(rows, panels) [panels][rows] = tile_##rows##x##panels,
static void (*const tiles[TILE_PANELS + 1][TILE_ROWS + 1])(const tile *) = {EACH_TILE(ENTRY)};

/* Length of a block of the reduction: whole taps when they are short, otherwise equal parts of one. */
static int block_length(const hn_gemm *g, int panels) {
    int most = BLOCK_BYTES / (panels * HN_PANEL * (int)sizeof(float));
    if (g->depth <= 0) return 1;
    if (g->depth <= most) return most / g->depth * g->depth;
    int parts = (g->depth + most - 1) / most;
    return (g->depth + parts - 1) / parts;
}

/* Sets the tile's block length, and whether it is the last block. */
static void cut_block(tile *t, int length) {
    const hn_gemm *g = t->gemm;
    int left_in_tap = g->depth - t->k;
    int left = (g->taps - t->tap - 1) * g->depth + left_in_tap;
    t->count = left < length ? left : length;
    if (length < g->depth && t->count > left_in_tap) t->count = left_in_tap;
    t->last = t->count == left;
}

/* Tile `i` of a block asks for panel i of the block that comes next: more of the same panels, or the next group's
 * first. */
static size_t distance_ahead(const tile *t, int panels, int i) {
    const hn_gemm *g = t->gemm;
    size_t reduction = (size_t)g->taps * (size_t)g->depth;
    size_t done = (size_t)t->tap * (size_t)g->depth + (size_t)t->k;
    if (i >= panels || (t->last && t->column + panels * HN_PANEL >= g->n)) return 0;
    size_t next = t->last ? (size_t)panels * reduction - done : (size_t)t->count;
    return (next + (size_t)i * reduction) * HN_PANEL;
}

static void finish_tile(const tile *t, int rows, int panels) {
    const hn_gemm *g = t->gemm;
    int n = columns_of(t, 0);
    epilogue_tile stored = {.c = g->c,
                            .offset = g->offset + (size_t)t->row * g->stride + (size_t)t->column,
                            .stride = g->stride,
                            .channel = g->channel + (size_t)t->column,
                            .rows = rows,
                            .n = panels * HN_PANEL < n ? panels * HN_PANEL : n};
    epilogue_rest(g->epilogue, &stored);
}

/* All rows of one group of panels, block by block. Rows are spread evenly over the tiles. */
static void run_group(const hn_gemm *g, int column, int panels) {
    int most = most_rows[panels];
    int n_tile = (g->rows + most - 1) / most;
    int length = block_length(g, panels);
    tile t = {.gemm = g, .column = column, .first = true};
    for (;;) {
        cut_block(&t, length);
        t.row = 0;
        for (int i = 0; i < n_tile; i++) {
            int rows = g->rows / n_tile + (i < g->rows % n_tile);
            t.ahead = distance_ahead(&t, panels, i);
            tiles[panels][rows](&t);
            if (t.last && g->epilogue->n) finish_tile(&t, rows, panels);
            t.row += rows;
        }
        if (t.last) return;
        t.first = false;
        t.k += t.count;
        t.tap += t.k / g->depth;
        t.k %= g->depth;
    }
}

void HN_VEC_NAME(hn_gemm_run)(const hn_gemm *gemm) {
    if (gemm->rows <= 0 || gemm->n <= 0) return;
    int panels = (int)hn_panel_count((size_t)gemm->n);
    int groups = (panels + TILE_PANELS - 1) / TILE_PANELS;
    for (int i = 0, panel = 0; i < groups; i++) {
        int count = panels / groups + (i < panels % groups);
        run_group(gemm, panel * HN_PANEL, count);
        panel += count;
    }
}
