/* The GEMM's register tiles and blocking, written once over vec.h (see gemm_core.h). */
#include <math.h>
#include "kernels/cpu/gemm/epilogue_body.h"
#include "kernels/cpu/gemm/gemm_core.h"

/* Largest tile: accumulators fill the registers; few rows and many panels, since each row costs a broadcast load.
 *
 * Loops over a tile are written out with literal indices, and the tests in them vanish when rows and panels are
 * constants: so both compilers keep every accumulator in a register (an unroll pragma is not enough for clang). */
#if HN_VEC_ISA == 512
#define TILE_PANELS 4
#define TILE_ROWS   8
#define BLOCK_BYTES (32 * 1024) /* of B that stay in the first-level cache while all rows pass */
static const int rows_for_panels[TILE_PANELS + 1] = {0, 8, 8, 8, 6};
#define EACH_PANEL(X, ...) X(0, __VA_ARGS__) X(1, __VA_ARGS__) X(2, __VA_ARGS__) X(3, __VA_ARGS__)
#define EACH_ROW(X)        X(0) X(1) X(2) X(3) X(4) X(5) X(6) X(7)
#else
#define TILE_PANELS        1
#define TILE_ROWS          6
#define BLOCK_BYTES        (16 * 1024)
static const int rows_for_panels[TILE_PANELS + 1] = {0, 6};
#define EACH_PANEL(X, ...) X(0, __VA_ARGS__)
#define EACH_ROW(X)        X(0) X(1) X(2) X(3) X(4) X(5)
#endif

/* One tile over one block of the reduction. */
typedef struct tile {
    const hn_gemm *gemm;
    int row, column; /* of the tile's corner */
    int tap, k;      /* where the block begins */
    int count;       /* its length in taps * depth */
    bool first, last;
} tile;

HN_VEC_INLINE void multiply(const int rows, const int panels, vf acc[TILE_ROWS][TILE_PANELS], const float *const *row,
                            int k, int count, const float *b, size_t panel_stride) {
    const float *a[TILE_ROWS];
#define POINT(r)                                                                                                       \
    if (r < rows) a[r] = row[r] + k;
    EACH_ROW(POINT)
    for (int i = 0; i < count; i++, b += HN_PANEL) {
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

/* Columns of panel p that exist. */
HN_VEC_INLINE vm columns_of(const tile *t, int p) {
    int n = t->gemm->n - t->column - p * HN_PANEL;
    return vm_first(n < HN_PANEL ? n : HN_PANEL);
}

HN_VEC_INLINE void begin(const int rows, const int panels, vf acc[TILE_ROWS][TILE_PANELS], const tile *t) {
    const hn_gemm *g = t->gemm;
    vm m[TILE_PANELS];
#define MASK(p, ...)                                                                                                   \
    if (p < panels) m[p] = columns_of(t, p);
    EACH_PANEL(MASK, )
    if (!t->first) {
        const float *c = g->c + g->offset + (size_t)t->row * g->stride + (size_t)t->column;
#define RELOAD(p, r)                                                                                                   \
    if (p < panels) acc[r][p] = vf_load_part(c + p * HN_PANEL, m[p]);
#define RELOAD_ROW(r)                                                                                                  \
    if (r < rows) { EACH_PANEL(RELOAD, r) c += g->stride; }
        EACH_ROW(RELOAD_ROW)
        return;
    }
    vf start[TILE_PANELS];
    const float *bias = g->epilogue->bias;
    if (bias) bias += g->channel + (size_t)t->column;
#define START(p, ...)                                                                                                  \
    if (p < panels) start[p] = bias ? vf_load_part(bias + p * HN_PANEL, m[p]) : vf_zero();
#define COPY(p, r)                                                                                                     \
    if (p < panels) acc[r][p] = start[p];
#define COPY_ROW(r)                                                                                                    \
    if (r < rows) { EACH_PANEL(COPY, r) }
    EACH_PANEL(START, )
    EACH_ROW(COPY_ROW)
}

HN_VEC_INLINE void end(const int rows, const int panels, vf acc[TILE_ROWS][TILE_PANELS], const tile *t) {
    const hn_gemm *g = t->gemm;
    const float *residual = t->last ? g->epilogue->residual : NULL;
    vf low = vf_set(t->last ? g->epilogue->low : -INFINITY), high = vf_set(t->last ? g->epilogue->high : INFINITY);
    vm m[TILE_PANELS];
    size_t at = g->offset + (size_t)t->row * g->stride + (size_t)t->column;
#define ADD(p, r)                                                                                                      \
    if (p < panels) acc[r][p] = vf_add(acc[r][p], vf_load_part(residual + at + p * HN_PANEL, m[p]));
#define STORE(p, r)                                                                                                    \
    if (p < panels) vf_store_part(g->c + at + p * HN_PANEL, m[p], vf_clamp(acc[r][p], low, high));
#define END_ROW(r)                                                                                                     \
    if (r < rows) {                                                                                                    \
        if (residual) { EACH_PANEL(ADD, r) }                                                                           \
        EACH_PANEL(STORE, r) at += g->stride;                                                                          \
    }
    EACH_PANEL(MASK, )
    EACH_ROW(END_ROW)
}

HN_VEC_INLINE void run_tile(const int rows, const int panels, const tile *t) {
    const hn_gemm *g = t->gemm;
    const size_t reduction = (size_t)g->taps * (size_t)g->depth;
    vf acc[TILE_ROWS][TILE_PANELS];
    begin(rows, panels, acc, t);
    size_t panel_stride = reduction * HN_PANEL;
    const float *b =
        g->panels + (size_t)t->column * reduction + ((size_t)t->tap * (size_t)g->depth + (size_t)t->k) * HN_PANEL;
    for (int tap = t->tap, k = t->k, left = t->count; left > 0; tap++, k = 0) {
        int count = g->depth - k < left ? g->depth - k : left;
        multiply(rows, panels, acc, g->row + (size_t)tap * g->row_stride + t->row, k, count, b, panel_stride);
        b += (size_t)count * HN_PANEL;
        left -= count;
    }
    end(rows, panels, acc, t);
}

#define TILE(rows, panels)                                                                                             \
    static void tile_##rows##x##panels(const tile *t) { run_tile(rows, panels, t); }
#define TILES(panels) TILE(1, panels) TILE(2, panels) TILE(3, panels) TILE(4, panels) TILE(5, panels) TILE(6, panels)
TILES(1)
#if HN_VEC_ISA == 512
TILE(7, 1)
TILE(8, 1) TILES(2) TILE(7, 2) TILE(8, 2) TILES(3) TILE(7, 3) TILE(8, 3) TILES(4)
#endif
#define ROW(panels)                                                                                                    \
    NULL, tile_1x##panels, tile_2x##panels, tile_3x##panels, tile_4x##panels, tile_5x##panels, tile_6x##panels
    static void (*const tiles[TILE_PANELS + 1][TILE_ROWS + 1])(const tile *) = {
        {NULL},
#if HN_VEC_ISA == 512
        {ROW(1), tile_7x1, tile_8x1},
        {ROW(2), tile_7x2, tile_8x2},
        {ROW(3), tile_7x3, tile_8x3},
        {ROW(4)},
#else
    {ROW(1)},
#endif
};

/* Length of a block of the reduction: whole taps when they are short, otherwise equal parts of one. */
static int block_length(const hn_gemm *g, int panels) {
    int most = BLOCK_BYTES / (panels * HN_PANEL * (int)sizeof(float));
    if (g->depth <= 0) return 1;
    if (g->depth <= most) return most / g->depth * g->depth;
    int parts = (g->depth + most - 1) / most;
    return (g->depth + parts - 1) / parts;
}

/* All rows of one group of panels, block by block. Rows are spread evenly over the tiles. */
static void run_group(const hn_gemm *g, int column, int panels) {
    int most = rows_for_panels[panels];
    int n_tile = (g->rows + most - 1) / most;
    int length = block_length(g, panels);
    tile t = {.gemm = g, .column = column, .first = true};
    for (;;) {
        int left_in_tap = g->depth - t.k;
        int left = (g->taps - t.tap - 1) * g->depth + left_in_tap;
        t.count = left < length ? left : length;
        if (length < g->depth && t.count > left_in_tap) t.count = left_in_tap;
        t.last = t.count == left;
        t.row = 0;
        for (int i = 0; i < n_tile; i++) {
            int rows = g->rows / n_tile + (i < g->rows % n_tile);
            tiles[panels][rows](&t);
            if (t.last && g->epilogue->n) {
                int n = panels * HN_PANEL < g->n - column ? panels * HN_PANEL : g->n - column;
                epilogue_tile stored = {g->c,      g->offset + (size_t)t.row * g->stride + (size_t)column,
                                        g->stride, g->channel + (size_t)column,
                                        rows,      n};
                epilogue_rest(g->epilogue, &stored);
            }
            t.row += rows;
        }
        t.first = false;
        if (t.last) break;
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
