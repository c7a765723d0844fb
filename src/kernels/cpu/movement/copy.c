/* Strided copies. The walk follows the output; where the input's shortest stride lies in another dim than the output's,
 * the two dims are worked on in square tiles, so that neither side jumps through memory for every element. */
#include <string.h>
#include "kernels/cpu/movement/copy.h"

/* Rows by columns: 16 rows are one cache line of 4-byte elements, and eight of those lines stay in the first-level
 * cache even where they all fall into the same set. */
enum { TILE = 16, TILE_COLUMNS = 8 };

typedef struct copy_row {
    uint8_t *to;
    const uint8_t *from;
    int64_t n, to_stride, from_stride; /* elements */
} copy_row;

#define COPY_ROW(type)                                                                                                 \
    do {                                                                                                               \
        type *to = (type *)(void *)r->to;                                                                              \
        const type *from = (const type *)(const void *)r->from;                                                        \
        for (int64_t i = 0; i < r->n; i++) to[i * r->to_stride] = from[i * r->from_stride];                            \
    } while (0)

typedef struct sixteen {
    uint64_t half[2];
} sixteen;

static void copy_row_of(const copy_row *r, size_t size) {
    if (r->to_stride == 1 && r->from_stride == 1) {
        memcpy(r->to, r->from, (size_t)r->n * size);
        return;
    }
    switch (size) {
    case 1:
        COPY_ROW(uint8_t);
        break;
    case 2:
        COPY_ROW(uint16_t);
        break;
    case 4:
        COPY_ROW(uint32_t);
        break;
    case 8:
        COPY_ROW(uint64_t);
        break;
    default:
        COPY_ROW(sixteen);
        break;
    }
}

int hn_copy_tasks(const hn_tensor *to) {
    const int64_t n = hn_tensor_count(to);
    return (int)((n + HN_COPY_TASK - 1) / HN_COPY_TASK);
}

/* The dim (not the last) in which the input is contiguous, or -1 when rows are as good as it gets. */
static int transposed_dim(const hn_walk *w) {
    const int last = w->rank - 1;
    if (w->stride[1][last] <= 1) return -1;
    for (int i = 0; i < last; i++)
        if (w->stride[1][i] == 1 && w->dim[i] >= 4) return i;
    return -1;
}

typedef struct tile4 {
    uint32_t *to;
    const uint32_t *from;
    int64_t to_row, from_column; /* strides; the other ones are 1 */
} tile4;

static inline void copy_tile4(const tile4 *t, int64_t rows, int64_t columns) {
    for (int64_t i = 0; i < rows; i++)
        for (int64_t k = 0; k < columns; k++) t->to[i * t->to_row + k] = t->from[k * t->from_column + i];
}

/* A tile of `rows` x `columns`: rows along dim `d`, columns along the last dim. */
static void copy_tile(const hn_walk *w, int d, uint8_t *to, const uint8_t *from, int64_t rows, int64_t columns,
                      size_t size) {
    const int last = w->rank - 1;
    if (size == 4 && w->stride[0][last] == 1) {
        const tile4 t = {(uint32_t *)(void *)to, (const uint32_t *)(const void *)from, w->stride[0][d],
                         w->stride[1][last]};
        if (rows == TILE && columns == TILE_COLUMNS) copy_tile4(&t, TILE, TILE_COLUMNS);
        else copy_tile4(&t, rows, columns);
        return;
    }
    for (int64_t i = 0; i < rows; i++) {
        const copy_row r = {to + (size_t)(i * w->stride[0][d]) * size, from + (size_t)(i * w->stride[1][d]) * size,
                            columns, w->stride[0][last], w->stride[1][last]};
        copy_row_of(&r, size);
    }
}

/* Units of a tiled copy: all dims but the last, with dim `d` cut into tiles. */
static void copy_tiled(const hn_walk *w, int d, const hn_tensor *to, const hn_tensor *from, int64_t first,
                       int64_t end) {
    const size_t size = hn_element_size(to->dtype);
    const int last = w->rank - 1;
    hn_walk units = *w;
    units.dim[d] = (w->dim[d] + TILE - 1) / TILE;
    for (int t = 0; t < 2; t++) units.stride[t][d] = w->stride[t][d] * TILE;
    for (int64_t u = first; u < end; u++) {
        int64_t offset[2], rest = u;
        hn_walk_row(&units, u, offset);
        for (int i = last - 1; i > d; i--) rest /= units.dim[i];
        const int64_t tile = rest % units.dim[d],
                      rows = w->dim[d] - tile * TILE < TILE ? w->dim[d] - tile * TILE : TILE;
        for (int64_t k = 0; k < w->dim[last]; k += TILE_COLUMNS) {
            const int64_t columns = w->dim[last] - k < TILE_COLUMNS ? w->dim[last] - k : TILE_COLUMNS;
            copy_tile(w, d, (uint8_t *)to->data + (size_t)(offset[0] + k * w->stride[0][last]) * size,
                      (const uint8_t *)from->data + (size_t)(offset[1] + k * w->stride[1][last]) * size, rows, columns,
                      size);
        }
    }
}

static void copy_rows(const hn_walk *w, const hn_tensor *to, const hn_tensor *from, int64_t at, int64_t end) {
    const size_t size = hn_element_size(to->dtype);
    const int last = w->rank - 1;
    const int64_t length = w->dim[last];
    while (at < end) {
        int64_t offset[2];
        const int64_t first = at % length, n = length - first < end - at ? length - first : end - at;
        hn_walk_row(w, at / length, offset);
        const copy_row r = {(uint8_t *)to->data + (size_t)(offset[0] + first * w->stride[0][last]) * size,
                            (const uint8_t *)from->data + (size_t)(offset[1] + first * w->stride[1][last]) * size, n,
                            w->stride[0][last], w->stride[1][last]};
        copy_row_of(&r, size);
        at += n;
    }
}

hone_status hn_copy_task(const hn_tensor *to, const hn_tensor *from, int task) {
    const hn_tensor *tensor[2] = {to, from};
    hn_walk w;
    if (!hn_walk_init(&w, 2, tensor)) return HONE_INVALID_ARGUMENT;
    const int64_t total = hn_tensor_count(to), n_tasks = hn_copy_tasks(to);
    const int d = transposed_dim(&w);
    if (d < 0) {
        const int64_t at = (int64_t)task * HN_COPY_TASK;
        copy_rows(&w, to, from, at, at + HN_COPY_TASK < total ? at + HN_COPY_TASK : total);
        return HONE_OK;
    }
    const int64_t units = w.rows / w.dim[d] * ((w.dim[d] + TILE - 1) / TILE);
    copy_tiled(&w, d, to, from, units * task / n_tasks, units * (task + 1) / n_tasks);
    return HONE_OK;
}
