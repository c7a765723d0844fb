/* Tensor descriptors: types, sizes, strides, copies between layouts, single elements. */
#include "abi/tensor.h"

#include <string.h>
#include "base/dtype.h"
#include "base/half.h"

_Static_assert(sizeof(hn_dim) == 16 && sizeof(hn_bytes) == 16, "wide elements take 16 bytes");

size_t hn_element_size(hone_dtype dtype) {
    if (dtype == HN_DTYPE_DIM) return sizeof(hn_dim);
    size_t bytes = hn_dtype_bytes(dtype, 1);
    return bytes == SIZE_MAX ? 0 : bytes;
}

int64_t hn_tensor_count(const hn_tensor *t) {
    int64_t count = 1;
    bool empty = false, overflow = false;
    for (int i = 0; i < t->rank; i++) {
        if (t->dim[i] < 0) return -1;
        empty |= t->dim[i] == 0;
        overflow |= __builtin_mul_overflow(count, t->dim[i], &count);
    }
    return empty ? 0 : overflow ? -1 : count;
}

size_t hn_tensor_bytes(const hn_tensor *t) {
    int64_t count = hn_tensor_count(t);
    if (count < 0) return SIZE_MAX;
    return hn_dtype_bytes(t->dtype == HN_DTYPE_DIM ? HN_DTYPE_OPAQUE128 : t->dtype, count);
}

/* Sets the strides of dims order[n-1], order[n-2], ... from the innermost outwards. Strides of tensors too large to
 * exist are 0: such tensors have no elements that anybody could reach. */
static void set_strides(hn_tensor *t, const int *order) {
    int64_t stride = 1;
    for (int i = t->rank - 1; i >= 0; i--) {
        int d = order[i];
        t->stride[d] = stride;
        if (t->dim[d] > 1 && __builtin_mul_overflow(stride, t->dim[d], &stride)) stride = 0;
    }
}

void hn_tensor_set_shape(hn_tensor *t, int rank, const int64_t *dim) {
    static const int order[HONE_MAX_RANK] = {0, 1, 2, 3, 4, 5, 6, 7};
    t->rank = rank;
    if (rank > 0 && dim != t->dim) memmove(t->dim, dim, (size_t)rank * sizeof *dim);
    set_strides(t, order);
}

void hn_tensor_set_channels_last(hn_tensor *t) {
    int order[HONE_MAX_RANK] = {0};
    if (t->rank < 3) {
        hn_tensor_set_shape(t, t->rank, t->dim);
        return;
    }
    for (int i = 2; i < t->rank; i++) order[i - 1] = i;
    order[t->rank - 1] = 1;
    set_strides(t, order);
}

bool hn_tensor_is_dense(const hn_tensor *t) {
    int64_t expected = 1;
    if (hn_tensor_count(t) == 0) return true;
    for (int i = t->rank - 1; i >= 0; i--) {
        if (t->dim[i] != 1 && t->stride[i] != expected) return false;
        if (__builtin_mul_overflow(expected, t->dim[i], &expected)) return false;
    }
    return true;
}

/* Dims of a strided copy, outermost first, with strides in bytes; dims that lie behind one another are merged. */
typedef struct copy_plan {
    int rank;
    int64_t dim[HONE_MAX_RANK], to[HONE_MAX_RANK], from[HONE_MAX_RANK];
} copy_plan;

static void plan_copy(copy_plan *plan, const hn_tensor *to, const hn_tensor *from, int64_t size) {
    plan->rank = 0;
    for (int i = 0; i < to->rank; i++) {
        int64_t n = to->dim[i], to_stride = to->stride[i] * size, from_stride = from->stride[i] * size;
        int last = plan->rank - 1;
        if (n == 1) continue;
        if (last >= 0 && plan->to[last] == n * to_stride && plan->from[last] == n * from_stride) {
            plan->dim[last] *= n;
        } else {
            last = plan->rank++;
            plan->dim[last] = n;
        }
        plan->to[last] = to_stride;
        plan->from[last] = from_stride;
    }
}

#define COPY_ROW(bytes)                                                                                                \
    for (int64_t i = 0; i < n; i++) memcpy(to + i * to_stride, from + i * from_stride, bytes);                         \
    break

static void copy_row(char *to, int64_t to_stride, const char *from, int64_t from_stride, int64_t n, size_t size) {
    if (to_stride == (int64_t)size && from_stride == (int64_t)size) {
        memcpy(to, from, (size_t)n * size);
        return;
    }
    switch (size) {
    case 1:
        COPY_ROW(1);
    case 2:
        COPY_ROW(2);
    case 4:
        COPY_ROW(4);
    case 8:
        COPY_ROW(8);
    default:
        COPY_ROW(16);
    }
}

#define TILE 16 /* elements: a tile's rows on both sides stay in the cache */

/* The two innermost dims, in tiles: where one side runs across the rows of the other, lines are read once. */
static void copy_plane(const copy_plan *plan, char *to, const char *from, size_t size) {
    const int64_t *n = &plan->dim[plan->rank - 2], *to_stride = &plan->to[plan->rank - 2],
                  *from_stride = &plan->from[plan->rank - 2];
    const int64_t row = from_stride[1] == (int64_t)size ? n[1] : TILE;
    for (int64_t i = 0; i < n[0]; i += TILE)
        for (int64_t j = 0; j < n[1]; j += row)
            for (int64_t k = i; k < n[0] && k < i + TILE; k++)
                copy_row(to + k * to_stride[0] + j * to_stride[1], to_stride[1],
                         from + k * from_stride[0] + j * from_stride[1], from_stride[1],
                         n[1] - j < row ? n[1] - j : row, size);
}

/* The dim that runs fastest in the source comes next to the innermost one; the order of outer dims is free. */
static void order_plane(copy_plan *plan) {
    const int to = plan->rank - 2;
    int best = to;
    for (int i = 0; i < to; i++)
        if (plan->from[i] < plan->from[best]) best = i;
    int64_t *const list[] = {plan->dim, plan->to, plan->from};
    for (int k = 0; k < 3; k++) {
        const int64_t moved = list[k][best];
        memmove(&list[k][best], &list[k][best + 1], (size_t)(to - best) * sizeof moved);
        list[k][to] = moved;
    }
}

static void copy_planes(const copy_plan *plan, char *to, const char *from, size_t size) {
    int64_t index[HONE_MAX_RANK] = {0};
    for (;;) {
        copy_plane(plan, to, from, size);
        int d = plan->rank - 3;
        for (; d >= 0 && ++index[d] == plan->dim[d]; d--) {
            to -= plan->to[d] * (plan->dim[d] - 1);
            from -= plan->from[d] * (plan->dim[d] - 1);
            index[d] = 0;
        }
        if (d < 0) return;
        to += plan->to[d];
        from += plan->from[d];
    }
}

void hn_tensor_copy(hn_tensor *to, const hn_tensor *from) {
    size_t size = hn_element_size(to->dtype);
    if (hn_tensor_count(to) <= 0) return;
    if (hn_tensor_is_dense(to) && hn_tensor_is_dense(from)) {
        memmove(to->data, from->data, hn_tensor_bytes(to));
        return;
    }
    copy_plan plan;
    plan_copy(&plan, to, from, (int64_t)size);
    if (plan.rank == 0) {
        memmove(to->data, from->data, size);
    } else if (plan.rank == 1) {
        copy_row(to->data, plan.to[0], from->data, plan.from[0], plan.dim[0], size);
    } else {
        order_plane(&plan);
        copy_planes(&plan, to->data, from->data, size);
    }
}

/* Bits of element `index` of a packed type with `bits` (2 or 4) each, low bits first. */
static int packed_bits(const void *data, int64_t index, int bits) {
    int per_byte = 8 / bits, byte = ((const uint8_t *)data)[index / per_byte];
    return byte >> (index % per_byte * bits) & ((1 << bits) - 1);
}

static int64_t packed_int(const hn_tensor *t, int64_t index) {
    int bits = hone_dtype_bits(t->dtype), value = packed_bits(t->data, index, bits);
    bool negative = hn_dtype_is_signed_int(t->dtype) && value >> (bits - 1);
    return negative ? value - (1 << bits) : value;
}

int64_t hn_tensor_int(const hn_tensor *t, int64_t index) {
    switch (t->dtype) {
    case HONE_BOOL:
        return ((const uint8_t *)t->data)[index] != 0;
    case HONE_UINT8:
        return ((const uint8_t *)t->data)[index];
    case HONE_INT8:
        return ((const int8_t *)t->data)[index];
    case HONE_UINT16:
        return ((const uint16_t *)t->data)[index];
    case HONE_INT16:
        return ((const int16_t *)t->data)[index];
    case HONE_UINT32:
        return ((const uint32_t *)t->data)[index];
    case HONE_INT32:
        return ((const int32_t *)t->data)[index];
    case HONE_UINT64:
    case HONE_INT64:
        return ((const int64_t *)t->data)[index];
    case HONE_UINT4:
    case HONE_INT4:
    case HONE_UINT2:
    case HONE_INT2:
        return packed_int(t, index);
    default:
        return 0;
    }
}

double hn_tensor_real(const hn_tensor *t, int64_t index) {
    switch (t->dtype) {
    case HONE_FLOAT32:
        return ((const float *)t->data)[index];
    case HONE_FLOAT64:
        return ((const double *)t->data)[index];
    case HONE_FLOAT16:
        return hn_half_to_float(((const uint16_t *)t->data)[index]);
    case HONE_BFLOAT16:
        return hn_bfloat_to_float(((const uint16_t *)t->data)[index]);
    case HONE_FLOAT8E4M3FN:
    case HONE_FLOAT8E4M3FNUZ:
    case HONE_FLOAT8E5M2:
    case HONE_FLOAT8E5M2FNUZ:
    case HONE_FLOAT8E8M0:
        return hn_float8_to_float(t->dtype, ((const uint8_t *)t->data)[index]);
    case HONE_FLOAT4E2M1:
        return hn_float8_to_float(t->dtype, (uint8_t)packed_bits(t->data, index, 4));
    case HONE_UINT64:
        return (double)((const uint64_t *)t->data)[index];
    default:
        return (double)hn_tensor_int(t, index);
    }
}

void hn_tensor_print(hn_str *out, const hn_tensor *t) {
    hn_str_add(out, "%s[", t->dtype == HN_DTYPE_DIM ? "dim" : hone_dtype_name(t->dtype));
    for (int i = 0; i < t->rank; i++) hn_str_add(out, "%s%lld", i ? "," : "", (long long)t->dim[i]);
    hn_str_add(out, "]");
}
