/* What references of indexing share: checked indices, the order of values, counting what is not zero. */
#ifndef HN_OPS_INDEX_H
#define HN_OPS_INDEX_H

#include "ops/checks.h"
#include "ops/movement/movement.h"

#define HN_TYPES_INDEX (HN_TYPE(INT32) | HN_TYPE(INT64))
#define HN_TYPES_REAL  (HN_TYPES_FLOAT | HN_TYPES_SIGNED | HN_TYPES_UNSIGNED)

/* What the attribute `reduction` of Scatter operators may be; ends with NULL. */
extern const char *const hn_index_reductions[];

/* An axis attribute (checked by inference) as a number in [0, rank). */
int hn_index_axis(const hn_call *call, int64_t otherwise, int rank);
/* Product of dims [first, last). */
int64_t hn_index_extent(const hn_tensor *t, int first, int last);
/* Element i of an index tensor counted from the front of an axis of `size`. HONE_INVALID_ARGUMENT when it lies outside.
 */
hone_status hn_index_get(hn_call *call, const hn_tensor *indices, int64_t i, int axis, int64_t size, int64_t *out);
/* GatherElements and ScatterElements: which element of `data` each index stands for. `*out` has one entry an index and
 * lives in the call's scratch. Fails also when indices reach beyond the other axes of data. */
hone_status hn_index_elements(hn_call *call, const hn_tensor *data, const hn_tensor *indices, int axis, int64_t **out);
/* GatherND and ScatterND: where the slice begins that each tuple of indices names, in elements. */
typedef struct hn_index_slices {
    int64_t n;     /* tuples */
    int64_t count; /* elements of a slice */
    int64_t *first;
} hn_index_slices;
hone_status hn_index_tuples(hn_call *call, const hn_tensor *data, const hn_tensor *indices, int batch_dims,
                            hn_index_slices *out);

/* A number that orders elements of any real type as their values do; -0 equals 0, NaN is above all others. */
uint64_t hn_order_key(const hn_tensor *t, int64_t i);

/* Candidates: better ones have a greater key, or the same key and a lower index. */
typedef struct hn_candidate {
    uint64_t key;
    int64_t index;
} hn_candidate;
/* Keeps the best `capacity` of the candidates that are offered: a heap with the worst on top. */
typedef struct hn_best {
    hn_candidate *at;
    int64_t n, capacity;
} hn_best;
void hn_best_offer(hn_best *best, hn_candidate candidate);
/* Best first. */
void hn_best_sort(hn_best *best);

/* Elements of a tensor that are not zero (NaN is not, -0 is; strings: not empty); their number among the first n. */
bool hn_index_is_set(const hn_tensor *t, int64_t i);
int64_t hn_index_count_set(const hn_tensor *t, int64_t n);

#endif
