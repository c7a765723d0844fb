/* Resize: its attributes, sizes and the taps of one axis, for references and kernels alike; defined by the ops room
 * (ops/resize). */
#ifndef HN_ABI_RESIZE_H
#define HN_ABI_RESIZE_H

#include "abi/operator.h"

typedef enum hn_resize_mode { HN_RESIZE_NEAREST, HN_RESIZE_LINEAR, HN_RESIZE_CUBIC } hn_resize_mode;
typedef enum hn_resize_nearest {
    HN_RESIZE_ROUND_PREFER_FLOOR,
    HN_RESIZE_ROUND_PREFER_CEIL,
    HN_RESIZE_FLOOR,
    HN_RESIZE_CEIL
} hn_resize_nearest;
typedef enum hn_resize_coordinates {
    HN_RESIZE_HALF_PIXEL,
    HN_RESIZE_HALF_PIXEL_SYMMETRIC,
    HN_RESIZE_PYTORCH_HALF_PIXEL,
    HN_RESIZE_ALIGN_CORNERS,
    HN_RESIZE_ASYMMETRIC,
    HN_RESIZE_TF_CROP
} hn_resize_coordinates;
typedef enum hn_resize_policy { HN_RESIZE_STRETCH, HN_RESIZE_NOT_LARGER, HN_RESIZE_NOT_SMALLER } hn_resize_policy;

typedef struct hn_resize {
    hn_resize_mode mode;
    hn_resize_nearest nearest;
    hn_resize_coordinates coordinates;
    hn_resize_policy policy;
    bool antialias, exclude_outside;
    bool precise; /* coordinates in double; set by the caller */
    double cubic_a, extrapolation;
    int n_axes;
    int axis[HONE_MAX_RANK]; /* the axes that roi, scales and sizes speak of */
} hn_resize;

/* Reads and checks the attributes for an input of `rank`. */
hone_status hn_resize_read(hn_attrs attrs, int rank, hn_resize *out, hn_diag *diag);
/* The one scale that keeps the aspect ratio, for the sizes asked for along r->axis. */
float hn_resize_common_scale(const hn_resize *r, const int64_t *in, const int64_t *asked);
/* Size of an axis under a common scale: rounded, halves up. */
int64_t hn_resize_scaled(int64_t in, float scale);

/* What each output position of one axis is made of: `taps` input positions and their weights. Nearest has one tap. */
typedef struct hn_resize_axis {
    int64_t in, out;
    double scale, roi_start, roi_end;
    int64_t taps;
    int64_t *index;   /* out * taps, within [0, in) */
    double *weight;   /* out * taps */
    uint8_t *outside; /* out: takes the extrapolation value */
} hn_resize_axis;

/* Sizes, scales and regions of all axes of a call, as coordinates need them; no memory yet. */
void hn_resize_axes(const hn_call *call, const hn_resize *r, hn_resize_axis *axis);
/* Number of taps that hn_resize_fill writes for each output position. */
int64_t hn_resize_taps(const hn_resize *r, double scale);
/* Fills index, weight and outside (memory of the caller). in > 0. */
void hn_resize_fill(const hn_resize *r, hn_resize_axis *a);
/* True when the filled axis leaves every position as it is. */
bool hn_resize_is_identity(const hn_resize_axis *a);

#endif
