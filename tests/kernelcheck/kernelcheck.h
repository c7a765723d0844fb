/* Kernel checks: cases are queries built like small graphs; each is computed by the operators' references one after
 * another and by every body of every kernel that supports it.
 *
 *   kc_case *c = kc_begin(suite, "conv 3x3");
 *   int x = kc_input(c, HN_LAYOUT_CHANNELS_LAST, 4, dims), w = kc_const(c, 4, weight_dims);
 *   kc_ints(c, "pads", 4, pads);
 *   int y = kc_op(c, HN_OP_conv, 2, (int[]){x, w});
 *   y = kc_op(c, HN_OP_relu, 1, (int[]){y});
 *   kc_check(c, "f32_conv"); */
#ifndef KERNELCHECK_H
#define KERNELCHECK_H

#include "abi/provider.h"

#define KC_ATTRS 16

typedef struct kc_suite {
    const char *filter; /* part of the kernel's name; NULL: all */
    bool bench;
    uint64_t seed;
    int passed, failed;
    double peak[3]; /* measured flop/s of the feature sets */
} kc_suite;

typedef struct kc_case {
    kc_suite *suite;
    char name[160];
    hn_arena arena;
    hn_diag diag;
    hn_query query;
    hn_tensor tensor[HN_QUERY_VALS]; /* dense, logical order; the reference's values */
    bool integers;                   /* data are small integers: results are exact */
    bool dynamic;                    /* dim 0 of activations is unbounded in the query */
    double operations;               /* for the bench: floating-point operations */
    hn_attr attr[KC_ATTRS];
    uint32_t n_attr;
} kc_case;

/* Numbers from the suite's generator. */
int kc_random(kc_suite *suite, int low, int high); /* both included */
float kc_random_float(kc_suite *suite);            /* in [-1, 1) */

kc_case *kc_begin(kc_suite *suite, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* float32 values, filled with random numbers; the result is the value's number. */
int kc_input(kc_case *c, hn_layout layout, int rank, const int64_t *dim);
int kc_const(kc_case *c, int rank, const int64_t *dim);
int kc_scalar(kc_case *c, float value);
/* A constant list of int64 numbers: a shape, axes. */
int kc_const_ints(kc_case *c, int n, const int64_t *value);
/* Attributes of the next operator. */
void kc_int(kc_case *c, const char *name, int64_t value);
void kc_float(kc_case *c, const char *name, float value);
void kc_text(kc_case *c, const char *name, const char *value);
void kc_ints(kc_case *c, const char *name, int n, const int64_t *value);
/* Adds an operator with one output of the first activation's layout; -1 operands are absent. The result is the output's
 * number; its shape is inferred. */
int kc_op(kc_case *c, hn_op_id op, int n_in, const int *in);
/* Runs the case on the named kernel and ends it. With suite->bench it is timed as well. */
void kc_check(kc_case *c, const char *kernel);
/* Ends a case that the named kernel must not claim to support. */
void kc_check_refused(kc_case *c, const char *kernel);

/* Memory whose end (or, rounded up to 64 bytes and aligned, nearly so) touches a page that may not be read. */
typedef struct kc_buffer {
    char *data;
    size_t bytes;
    char *map;
    size_t map_bytes;
} kc_buffer;
kc_buffer kc_buffer_create(size_t bytes, bool aligned);
/* False when bytes before (or the alignment gap behind) the buffer were changed. */
bool kc_buffer_intact(const kc_buffer *b);
void kc_buffer_destroy(kc_buffer *b);

/* One file of cases each; the list is cases.def. */
#define KC_CASES(name) void kc_cases_##name(kc_suite *suite);
#include "cases.def"
#undef KC_CASES

double kc_now(void);
/* Floating-point operations per second of multiply-adds with the given features, now. */
double kc_peak(uint32_t features);
/* Share of the peak that a 512 x 512 x 512 product reaches, for each feature set. */
void kc_spike(void);

#endif
