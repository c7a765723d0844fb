/* Gathering, written once over vec.h (see conv_gather.h). */
#include <string.h>
#include "kernels/cpu/conv/conv_gather.h"
#include "kernels/cpu/vec.h"

/* Pieces of the positions on one output line: where each begins at input column 0; NULL: all padding. */
typedef struct pieces {
    const float *at[HN_GATHER_RUNS];
    int n;
    int64_t length; /* floats of one piece */
    int64_t column; /* floats between input columns */
} pieces;

static void find_pieces(const hn_conv *conv, const hn_conv_extent *e, const float *x, hn_conv_line line, pieces *p) {
    int channels = conv->x_dense ? conv->channels : 1;
    p->n = 0;
    p->length = (int64_t)conv->kernel[2] * (conv->x_dense ? 1 : conv->channels);
    p->column = e->x_axis[2];
    for (int c = 0; c < channels; c++) {
        for (int kz = 0; kz < conv->kernel[0]; kz++) {
            int64_t z = line.at[0] * conv->stride[0] - e->pad[0] + (int64_t)kz * conv->dilation[0];
            for (int ky = 0; ky < conv->kernel[1]; ky++) {
                int64_t y = line.at[1] * conv->stride[1] - e->pad[1] + (int64_t)ky * conv->dilation[1];
                bool inside = z >= 0 && z < e->in[0] && y >= 0 && y < e->in[1];
                p->at[p->n++] =
                    inside ? x + line.batch * e->x_batch + c * e->x_channel + z * e->x_axis[0] + y * e->x_axis[1]
                           : NULL;
            }
        }
    }
}

/* A position whose columns all exist and are neighbours: whole pieces. */
static void copy_pieces(const pieces *p, int64_t column, float *to) {
    int64_t first = column * p->column;
    for (int i = 0; i < p->n; i++, to += p->length) {
        for (int64_t j = 0; j < p->length; j += 16) {
            int n = p->length - j < 16 ? (int)(p->length - j) : 16;
            vf_store_first(to + j, n, p->at[i] ? vf_load_first(p->at[i] + first + j, n) : vf_zero());
        }
    }
}

/* Any position, element by element. */
static void copy_columns(const hn_conv *conv, const hn_conv_extent *e, const pieces *p, int64_t column, float *to) {
    int64_t width = p->length / conv->kernel[2];
    for (int i = 0; i < p->n; i++) {
        for (int k = 0; k < conv->kernel[2]; k++, to += width) {
            int64_t at = column + (int64_t)k * conv->dilation[2];
            bool inside = p->at[i] && at >= 0 && at < e->in[2];
            for (int64_t c = 0; c < width; c++) to[c] = inside ? p->at[i][at * p->column + c] : 0;
        }
    }
}

void HN_VEC_NAME(hn_conv_gather)(const hn_conv *conv, const hn_conv_extent *e, const float *x, int64_t row, int rows,
                                 float *to) {
    pieces p;
    size_t length = (size_t)(hn_conv_taps(conv) * conv->channels);
    bool neighbours = conv->dilation[2] == 1 && (!conv->x_dense || e->x_axis[2] == 1);
    for (int64_t end = row + rows; row < end;) {
        find_pieces(conv, e, x, hn_conv_line_of(e, row), &p);
        int64_t first = row % e->out[2], left = e->out[2] - first;
        int64_t last = first + (end - row < left ? end - row : left);
        for (int64_t i = first; i < last; i++, row++, to += length) {
            int64_t column = i * conv->stride[2] - e->pad[2];
            if (neighbours && column >= 0 && column + conv->kernel[2] <= e->in[2]) copy_pieces(&p, column, to);
            else copy_columns(conv, e, &p, column, to);
        }
    }
}
