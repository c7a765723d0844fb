/* Sliding windows over spatial axes: the attributes and index arithmetic that convolution and pooling share.
 *
 *   position in the input = output position * stride + kernel position * dilation - begin */
#ifndef HN_OPS_CONV_WINDOW_H
#define HN_OPS_CONV_WINDOW_H

#include "abi/operator.h"

enum { HN_MAX_SPATIAL = HONE_MAX_RANK - 2 };

typedef enum hn_auto_pad { HN_PAD_EXPLICIT, HN_PAD_SAME_UPPER, HN_PAD_SAME_LOWER, HN_PAD_VALID } hn_auto_pad;

typedef struct hn_window {
    int n; /* spatial axes */
    hn_auto_pad auto_pad;
    bool ceil_mode;
    int64_t kernel[HN_MAX_SPATIAL]; /* 0 where kernel_shape is absent */
    int64_t stride[HN_MAX_SPATIAL], dilation[HN_MAX_SPATIAL];
    int64_t begin[HN_MAX_SPATIAL], end[HN_MAX_SPATIAL]; /* padding; 0 until resolved when auto_pad says so */
} hn_window;

/* Reads and checks auto_pad, ceil_mode, dilations, kernel_shape, pads and strides for n spatial axes. */
hone_status hn_window_read(hn_attrs attrs, int n, hn_window *out, hn_diag *diag);
/* Output size of an axis of `size` under a kernel of `kernel`; fails when the window is known not to fit. */
hone_status hn_window_out(const hn_infer *infer, const hn_window *w, int axis, hn_dim size, hn_dim kernel, hn_dim *out);
/* Replaces automatic padding by numbers, for known kernel, input and output sizes (one entry an axis). */
void hn_window_resolve(hn_window *w, const int64_t *in, const int64_t *out);

/* Row of the far side (all spatial axes of `size` but the last, flattened) that position `at` meets under kernel
 * position `kernel_at`; -1 when it lies in the padding. */
int64_t hn_window_row(const hn_window *w, const int64_t *size, const int64_t *at, const int64_t *kernel_at);
/* The positions [*first, *last) out of `count` on the last axis that meet one of `size` columns under kernel column k.
 */
void hn_window_columns(const hn_window *w, int64_t k, int64_t size, int64_t count, int64_t *first, int64_t *last);
/* Kernel positions [*first, *last) of an axis under which output position `at` meets one of `size` inputs. */
void hn_window_kernel(const hn_window *w, int axis, int64_t size, int64_t at, int64_t *first, int64_t *last);
/* Next multi-index of n digits in [begin, end) (`begin` NULL: zeros), last digit fastest; false after the last one. */
bool hn_window_next(int n, int64_t *at, const int64_t *begin, const int64_t *end);

#endif
