/* Col2Im: blocks of columns added up where they overlap in an image; the transpose of gathering patches. */
#include <string.h>
#include "ops/block.h"
#include "ops/checks.h"
#include "ops/conv/window.h"
#include "ops/matmul/panel.h"
#include "ops/parts.h"
#include "ops/registry.h"
#include "ops/shape/shape.h"

/* Blocks that fit the image; unknown when a size is. */
static hone_status count_blocks(const hn_infer *infer, const hn_window *w, const hn_shape *image, const hn_shape *block,
                                hn_dim *out) {
    *out = hn_dim_const(1);
    for (int i = 0; i < w->n; i++) {
        hn_dim along;
        HN_TRY(hn_window_out(infer, w, i, image->dim[i], block->dim[i], &along));
        *out = hn_dim_mul(infer->exprs, *out, along);
    }
    return HONE_OK;
}

static hone_status check_columns(const hn_infer *infer, const hn_shape *image, const hn_shape *block, hn_dim *rows) {
    const hn_shape *x = &infer->in[0].shape;
    hn_window w;
    hn_dim blocks;
    if (image->rank >= 0 && block->rank >= 0 && image->rank != block->rank)
        HN_FAIL(infer->diag, HONE_INVALID_MODEL, "image_shape has %d sizes, block_shape %d", image->rank, block->rank);
    *rows = HN_UNKNOWN_DIM;
    if (block->rank < 0) return HONE_OK;
    *rows = hn_shape_product(infer->exprs, block->dim, block->rank);
    if (image->rank < 0) return HONE_OK;
    HN_TRY(hn_window_read(infer->attrs, image->rank, &w, infer->diag));
    HN_TRY(count_blocks(infer, &w, image, block, &blocks));
    return x->rank < 0 ? HONE_OK : hn_infer_unify(infer, x->dim[2], blocks, "number of blocks", &blocks);
}

hone_status hn_ops_infer_col2im(hn_infer *infer) {
    const hn_shape *x = &infer->in[0].shape;
    hn_shape image, block, out = hn_shape_unknown();
    hn_dim rows;
    HN_TRY(hn_ops_check_type(
        infer, 0, HN_TYPES_NUMBER | HN_TYPE(BOOL) | HN_TYPE(STRING) | HN_TYPE(COMPLEX64) | HN_TYPE(COMPLEX128)));
    HN_TRY(hn_ops_check_rank(infer, 0, 3));
    for (int i = 1; i < 3; i++) {
        hn_shape *size = i == 1 ? &image : &block;
        HN_TRY(hn_ops_check_type(infer, i, HN_TYPE(INT64)));
        HN_TRY(hn_shape_from_input(infer, i, size));
        HN_TRY(hn_shape_check_sizes(infer, size));
    }
    for (int i = 0; i < block.rank; i++)
        if (hn_dim_is_const(block.dim[i]) && (block.dim[i].value < 1 || block.dim[i].value > INT32_MAX))
            HN_FAIL(infer->diag, HONE_INVALID_MODEL, "block_shape[%d] is %lld", i, (long long)block.dim[i].value);
    HN_TRY(check_columns(infer, &image, &block, &rows));
    if (hn_dim_is_const(rows) && x->rank == 3 && hn_dim_is_const(x->dim[1]) &&
        (rows.value == 0 || x->dim[1].value % rows.value != 0))
        HN_FAIL(infer->diag, HONE_INVALID_MODEL, "%lld rows do not divide into blocks of %lld",
                (long long)x->dim[1].value, (long long)rows.value);
    if (image.rank >= 0) {
        HN_TRY(hn_shape_check_rank(infer, image.rank + 2));
        out.rank = image.rank + 2;
        out.dim[0] = x->rank == 3 ? x->dim[0] : HN_UNKNOWN_DIM;
        out.dim[1] = x->rank == 3 ? hn_dim_floor_div(infer->exprs, x->dim[1], rows) : HN_UNKNOWN_DIM;
        for (int i = 0; i < image.rank; i++) out.dim[i + 2] = image.dim[i];
    }
    hn_infer_set(infer, 0, hn_infer_dtype(infer, 0), &out);
    return HONE_OK;
}

typedef struct folding {
    hn_window w;
    int64_t image[HN_MAX_SPATIAL], blocks[HN_MAX_SPATIAL];
    int64_t pixels, rows, columns; /* of one plane; rows: elements of a block */
    hn_block_kind kind;            /* of the sums; HN_BLOCK_NONE: texts */
    int part;                      /* of complex numbers */
} folding;

/* The pixel under row `kernel_at` of block `at`, -1 in the padding. */
static int64_t pixel_of(const folding *f, const int64_t *at, const int64_t *kernel_at) {
    const int last = f->w.n - 1;
    const int64_t row = hn_window_row(&f->w, f->image, at, kernel_at);
    const int64_t column = at[last] * f->w.stride[last] + kernel_at[last] * f->w.dilation[last] - f->w.begin[last];
    return row < 0 || column < 0 || column >= f->image[last] ? -1 : row * f->image[last] + column;
}

/* Puts element `at` of x onto a pixel. Texts have no sum: false when two of them meet. */
static bool add_element(const folding *f, const hn_tensor *x, int64_t at, void *plane, int64_t pixel) {
    double real;
    uint64_t whole;
    if (f->kind == HN_BLOCK_NONE) {
        hn_bytes *to = (hn_bytes *)plane + pixel;
        if (to->data) return false;
        *to = ((const hn_bytes *)x->data)[at];
        if (!to->data) to->data = ""; /* taken */
    } else if (f->kind == HN_BLOCK_F64) {
        hn_part_load(&real, x, f->part, at, 1);
        ((double *)plane)[pixel] += real;
    } else {
        hn_block_load_u64(&whole, x, at, 1);
        ((uint64_t *)plane)[pixel] += whole;
    }
    return true;
}

/* Adds the columns of one plane, from element `first` of x on, to `plane`. */
static bool fold_plane(const folding *f, const hn_tensor *x, int64_t first, void *plane) {
    int64_t kernel_at[HN_MAX_SPATIAL] = {0};
    do {
        int64_t at[HN_MAX_SPATIAL] = {0};
        do {
            const int64_t pixel = pixel_of(f, at, kernel_at);
            if (pixel >= 0 && !add_element(f, x, first, plane, pixel)) return false;
            first++;
        } while (hn_window_next(f->w.n, at, NULL, f->blocks));
    } while (hn_window_next(f->w.n, kernel_at, NULL, f->w.kernel));
    return true;
}

static void store_plane(const folding *f, hn_tensor *y, int64_t first, const void *sums) {
    if (f->kind == HN_BLOCK_NONE) memcpy((hn_bytes *)y->data + first, sums, (size_t)f->pixels * sizeof(hn_bytes));
    else if (f->kind == HN_BLOCK_F64) hn_part_store(y, f->part, first, f->pixels, sums);
    else
        for (int64_t at = 0; at < f->pixels; at += HN_BLOCK) {
            const int n = f->pixels - at < HN_BLOCK ? (int)(f->pixels - at) : HN_BLOCK;
            hn_block_store_u64(y, first + at, (const uint64_t *)sums + at, n);
        }
}

static hone_status plan_folding(hn_call *call, folding *f) {
    const hn_tensor *y = call->out[0];
    HN_TRY(hn_window_read(call->attrs, y->rank - 2, &f->w, call->diag));
    for (int i = 0; i < f->w.n; i++) {
        f->image[i] = y->dim[i + 2];
        f->w.kernel[i] = hn_tensor_int(call->in[2], i);
        const int64_t extent = (f->w.kernel[i] - 1) * f->w.dilation[i] + 1;
        f->blocks[i] = (f->image[i] + f->w.begin[i] + f->w.end[i] - extent) / f->w.stride[i] + 1;
    }
    f->pixels = hn_panel_count(f->w.n, f->image);
    f->rows = hn_panel_count(f->w.n, f->w.kernel);
    f->columns = hn_panel_count(f->w.n, f->blocks);
    f->kind = hn_parts_of(y->dtype) == 2 ? HN_BLOCK_F64 : hn_block_kind_of(y->dtype);
    return HONE_OK;
}

hone_status hn_ops_ref_col2im(hn_call *call) {
    hn_tensor *y = call->out[0];
    folding f = {0};
    if (!y || hn_tensor_count(y) == 0) return HONE_OK;
    HN_TRY(plan_folding(call, &f));
    const int64_t planes = y->dim[0] * y->dim[1];
    const size_t bytes = f.kind == HN_BLOCK_NONE ? sizeof(hn_bytes) : 8;
    void *sums = hn_panel_scratch(call, f.pixels * (int64_t)(bytes / 8));
    HN_TRY_ALLOC(sums);
    for (f.part = 0; f.part < hn_parts_of(y->dtype); f.part++)
        for (int64_t plane = 0; plane < planes; plane++) {
            memset(sums, 0, (size_t)f.pixels * bytes);
            if (f.rows > 0 && f.columns > 0 && !fold_plane(&f, call->in[0], plane * f.rows * f.columns, sums))
                HN_FAIL(call->diag, HONE_INVALID_ARGUMENT, "blocks of texts overlap; texts cannot be added");
            store_plane(&f, y, plane * f.pixels, sums);
        }
    return HONE_OK;
}
