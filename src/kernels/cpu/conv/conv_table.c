/* Filling row-pointer tables line by line. */
#include "kernels/cpu/conv/conv_table.h"

static int64_t clamp(int64_t x, int64_t low, int64_t high) { return x < low ? low : x > high ? high : x; }

/* The first column whose input column is at least `input`, when column c lies over c * step + offset. */
static int64_t column_reaching(int64_t input, int64_t step, int64_t offset) {
    int64_t distance = input - offset;
    return distance <= 0 ? 0 : (distance + step - 1) / step;
}

/* Pointers of one kernel position along one output line: columns [first, last). `pixel` is the input line (NULL:
 * padding). */
static void fill_line(const hn_conv_table *t, const float *pixel, int64_t kx, int64_t first, int64_t last,
                      const float **to) {
    const hn_conv_extent *e = t->extent;
    int64_t step = t->conv->stride[2], offset = kx * t->conv->dilation[2] - e->pad[2], pitch = step * e->x_axis[2];
    int64_t begin = pixel ? clamp(column_reaching(0, step, offset), first, last) : last;
    int64_t end = pixel ? clamp(column_reaching(e->in[2], step, offset), begin, last) : last;
    for (int64_t i = first; i < begin; i++) to[i - first] = t->zeros;
    const float *at = begin < end ? pixel + (begin * step + offset) * e->x_axis[2] : NULL;
    for (int64_t i = begin; i < end; i++) to[i - first] = at + (i - begin) * pitch;
    for (int64_t i = end; i < last; i++) to[i - first] = t->zeros;
}

/* The input line under kernel row (kz, ky), or NULL. */
static const float *line_under(const hn_conv_table *t, hn_conv_line line, int64_t kz, int64_t ky) {
    const hn_conv_extent *e = t->extent;
    int64_t z = line.at[0] * t->conv->stride[0] - e->pad[0] + kz * t->conv->dilation[0];
    int64_t y = line.at[1] * t->conv->stride[1] - e->pad[1] + ky * t->conv->dilation[1];
    if (z < 0 || z >= e->in[0] || y < 0 || y >= e->in[1]) return NULL;
    return t->x + line.batch * e->x_batch + z * e->x_axis[0] + y * e->x_axis[1];
}

void hn_conv_table_fill(const hn_conv_table *t, int64_t row, int rows) {
    const hn_conv *conv = t->conv;
    for (int done = 0; done < rows;) {
        hn_conv_line line = hn_conv_line_of(t->extent, row + done);
        int64_t first = (row + done) % t->extent->out[2], last = first + rows - done;
        if (last > t->extent->out[2]) last = t->extent->out[2];
        const float **to = t->row + done;
        for (int kz = 0; kz < conv->kernel[0]; kz++) {
            for (int ky = 0; ky < conv->kernel[1]; ky++) {
                const float *pixel = line_under(t, line, kz, ky);
                for (int kx = 0; kx < conv->kernel[2]; kx++, to += t->stride) fill_line(t, pixel, kx, first, last, to);
            }
        }
        done += (int)(last - first);
    }
}
