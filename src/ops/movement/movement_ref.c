/* References of operators that permute, repeat, join or cut: strided copies. */
#include <string.h>
#include "base/dtype.h"
#include "ops/movement/movement.h"
#include "ops/registry.h"
#include "ops/shape/shape.h"

#define PICK(type)                                                                                                     \
    for (int64_t i = 0; i < n; i++) memcpy((type *)to + i, (const type *)from + index[i], sizeof(type));               \
    break

void hn_move_pick(void *to, const void *from, const int64_t *index, int64_t n, size_t size) {
    typedef struct wide {
        uint64_t half[2];
    } wide;
    switch (size) {
    case 1:
        PICK(uint8_t);
    case 2:
        PICK(uint16_t);
    case 4:
        PICK(uint32_t);
    case 8:
        PICK(uint64_t);
    default:
        PICK(wide);
    }
}

/* ---- packed types ---- */

static hone_status unpack(hn_arena *scratch, const hn_tensor *packed, hn_tensor *bytes) {
    const int64_t count = hn_tensor_count(packed);
    const int bits = hone_dtype_bits(packed->dtype), per_byte = 8 / bits;
    *bytes = *packed;
    bytes->dtype = HONE_UINT8;
    bytes->data = hn_arena_alloc(scratch, (size_t)count);
    HN_TRY_ALLOC(bytes->data);
    for (int64_t i = 0; i < count; i++) {
        int shift = (int)(i % per_byte) * bits;
        ((uint8_t *)bytes->data)[i] = ((const uint8_t *)packed->data)[i / per_byte] >> shift & ((1 << bits) - 1);
    }
    return HONE_OK;
}

static void pack(const hn_tensor *bytes, hn_tensor *packed) {
    const int64_t count = hn_tensor_count(packed);
    const int bits = hone_dtype_bits(packed->dtype), per_byte = 8 / bits;
    memset(packed->data, 0, hn_tensor_bytes(packed));
    for (int64_t i = 0; i < count; i++)
        ((uint8_t *)packed->data)[i / per_byte] |=
            (uint8_t)(((const uint8_t *)bytes->data)[i] << (int)(i % per_byte) * bits);
}

hone_status hn_move_unpacked(hn_call *call, hn_ref_fn *run) {
    enum { INPUTS = 4 };
    hn_tensor in[INPUTS], out;
    const hn_tensor *in_at[INPUTS];
    hn_tensor *out_at = &out;
    const hone_dtype packed = call->out[0]->dtype;
    if (hone_dtype_bits(packed) == 0 || hone_dtype_bits(packed) >= 8) return run(call);
    for (int i = 0; i < call->n_in && i < INPUTS; i++) {
        in_at[i] = call->in[i];
        if (!in_at[i] || in_at[i]->dtype != packed) continue;
        HN_TRY(unpack(call->scratch, call->in[i], &in[i]));
        in_at[i] = &in[i];
    }
    HN_TRY(unpack(call->scratch, call->out[0], &out));
    hn_call inner = *call;
    inner.in = in_at;
    inner.out = &out_at;
    HN_TRY(run(&inner));
    pack(&out, call->out[0]);
    return HONE_OK;
}

/* ---- Transpose, Expand, Tile ---- */

static hone_status transpose_bytes(hn_call *call) {
    const hn_tensor *in = call->in[0];
    hn_tensor from = *in;
    int n;
    const int64_t *perm = hn_attrs_ints(call->attrs, "perm", &n);
    for (int i = 0; i < in->rank; i++) {
        int axis = perm ? (int)perm[i] : in->rank - 1 - i;
        from.dim[i] = in->dim[axis];
        from.stride[i] = in->stride[axis];
    }
    hn_tensor_copy(call->out[0], &from);
    return HONE_OK;
}

hone_status hn_ops_ref_transpose(hn_call *call) {
    return call->out[0] ? hn_move_unpacked(call, transpose_bytes) : HONE_OK;
}

/* `from` seen with the dims of `to`: axes of one element are repeated by a stride of 0. */
static hone_status stretch(hn_call *call, const hn_tensor *from, const hn_tensor *to, hn_tensor *view) {
    const int missing = to->rank - from->rank;
    *view = *to;
    view->data = from->data;
    for (int i = 0; i < to->rank; i++) {
        bool repeated = i < missing || from->dim[i - missing] == 1;
        if (!repeated && from->dim[i - missing] != to->dim[i])
            HN_FAIL(call->diag, HONE_INVALID_ARGUMENT, "axis %d of %lld cannot become %lld", i - missing,
                    (long long)from->dim[i - missing], (long long)to->dim[i]);
        view->stride[i] = repeated ? 0 : from->stride[i - missing];
    }
    return HONE_OK;
}

hone_status hn_ops_ref_expand(hn_call *call) {
    if (!call->out[0]) return HONE_OK;
    hn_tensor from;
    HN_TRY(stretch(call, call->in[0], call->out[0], &from));
    hn_tensor_copy(call->out[0], &from);
    return HONE_OK;
}

/* Copies are made one after the other, except that axes of one element are repeated within a copy. */
hone_status hn_ops_ref_tile(hn_call *call) {
    const hn_tensor *in = call->in[0];
    hn_tensor *out = call->out[0];
    if (!out || hn_tensor_count(out) == 0) return HONE_OK;
    const int64_t size = (int64_t)hn_element_size(out->dtype);
    int64_t index[HONE_MAX_RANK] = {0};
    hn_tensor to = *out;
    for (int i = 0; i < out->rank; i++)
        if (in->dim[i] != 1) to.dim[i] = in->dim[i];
    hn_tensor from;
    HN_TRY(stretch(call, in, &to, &from));
    for (int axis = 0; axis >= 0;) {
        hn_tensor_copy(&to, &from);
        for (axis = out->rank - 1; axis >= 0; axis--) {
            index[axis] += to.dim[axis];
            to.data = (char *)to.data + to.dim[axis] * out->stride[axis] * size;
            if (index[axis] < out->dim[axis]) break;
            to.data = (char *)to.data - index[axis] * out->stride[axis] * size;
            index[axis] = 0;
        }
    }
    return HONE_OK;
}

/* ---- Concat, Split ---- */

static int join_axis(const hn_call *call, int rank) {
    const int64_t axis = hn_attrs_int(call->attrs, "axis", 0);
    return (int)(axis < 0 ? axis + rank : axis);
}

/* The part of `whole` that begins at `first` of an axis and has the dims of `part`. */
static hn_tensor window(const hn_tensor *whole, const hn_tensor *part, int axis, int64_t first) {
    hn_tensor view = *whole;
    view.dim[axis] = part->dim[axis];
    if (part->dim[axis] > 0)
        view.data = (char *)view.data + (size_t)(first * whole->stride[axis]) * hn_element_size(whole->dtype);
    return view;
}

hone_status hn_ops_ref_concat(hn_call *call) {
    hn_tensor *out = call->out[0];
    if (!out) return HONE_OK;
    const int axis = join_axis(call, out->rank);
    const size_t dim_bytes = (size_t)out->rank * sizeof *out->dim;
    int64_t first = 0;
    for (int i = 0; i < call->n_in; i++) {
        if (!call->in[i]) continue;
        hn_tensor to = window(out, call->in[i], axis, first);
        if (to.dim[axis] > out->dim[axis] - first || memcmp(to.dim, call->in[i]->dim, dim_bytes) != 0)
            HN_FAIL(call->diag, HONE_INVALID_ARGUMENT, "input %d does not fit beside the others", i);
        hn_tensor_copy(&to, call->in[i]);
        first += to.dim[axis];
    }
    return HONE_OK;
}

/* Parts that nobody wants still take their place. */
static int64_t part_size(const hn_call *call, int k, int64_t whole) {
    if (call->n_in > 1 && call->in[1]) return hn_tensor_int(call->in[1], k);
    int64_t size = whole / call->n_out + (whole % call->n_out != 0);
    return k < call->n_out - 1 ? size : whole - size * (call->n_out - 1);
}

hone_status hn_ops_ref_split(hn_call *call) {
    const hn_tensor *in = call->in[0];
    const int axis = join_axis(call, in->rank);
    int64_t first = 0;
    for (int k = 0; k < call->n_out; k++) {
        const int64_t size = part_size(call, k, in->dim[axis]);
        hn_tensor *out = call->out[k];
        if (size < 0 || size > in->dim[axis] - first || (out && out->dim[axis] != size))
            HN_FAIL(call->diag, HONE_INVALID_ARGUMENT, "part %d has %lld elements; %lld of %lld are left", k,
                    (long long)size, (long long)(in->dim[axis] - first), (long long)in->dim[axis]);
        if (out) {
            hn_tensor from = window(in, out, axis, first);
            hn_tensor_copy(out, &from);
        }
        first += size;
    }
    return HONE_OK;
}

/* ---- DepthToSpace, SpaceToDepth ---- */

/* Six axes of the tensor whose channels are blocks of `block` x `block` (c), seen in the order of the other one: batch,
 * channel, height, row in block, width, column in block. */
static hn_tensor block_view(const hn_call *call, const hn_tensor *deep, int64_t block) {
    const bool crd = hn_attrs_text_is(call->attrs, "mode", "DCR", "CRD");
    const int64_t *dim = deep->dim, *stride = deep->stride;
    const int64_t channels = dim[1] / (block * block);
    const int64_t row = (crd ? block : block * channels) * stride[1];
    const int64_t column = (crd ? 1 : channels) * stride[1];
    hn_tensor view = {
        .dtype = deep->dtype,
        .rank = 6,
        .dim = {dim[0], channels, dim[2], block, dim[3], block},
        .stride = {stride[0], crd ? block * block * stride[1] : stride[1], stride[2], row, stride[3], column},
        .data = deep->data};
    return view;
}

static hone_status move_blocks(hn_call *call, const hn_tensor *deep, const hn_tensor *wide, bool to_space) {
    const int64_t block = hn_attrs_int(call->attrs, "blocksize", 1);
    hn_tensor in_blocks = block_view(call, deep, block), in_order = in_blocks;
    in_order.data = wide->data;
    hn_tensor_set_shape(&in_order, 6, in_blocks.dim);
    if (to_space) hn_tensor_copy(&in_order, &in_blocks);
    else hn_tensor_copy(&in_blocks, &in_order);
    return HONE_OK;
}

hone_status hn_ops_ref_depth_to_space(hn_call *call) {
    return call->out[0] ? move_blocks(call, call->in[0], call->out[0], true) : HONE_OK;
}

hone_status hn_ops_ref_space_to_depth(hn_call *call) {
    return call->out[0] ? move_blocks(call, call->out[0], call->in[0], false) : HONE_OK;
}

/* ---- Trilu, ReverseSequence ---- */

hone_status hn_ops_ref_trilu(hn_call *call) {
    hn_tensor *out = call->out[0];
    if (!out || hn_tensor_count(out) == 0) return HONE_OK;
    const bool upper = hn_attrs_int(call->attrs, "upper", 1) != 0;
    const int64_t rows = out->dim[out->rank - 2], columns = out->dim[out->rank - 1];
    const size_t size = hn_element_size(out->dtype);
    int64_t k;
    HN_TRY(hn_call_int(call, 1, 0, &k));
    k = k < -rows - 1 ? -rows - 1 : k > columns + 1 ? columns + 1 : k;
    hn_tensor_copy(out, call->in[0]);
    for (int64_t row = 0, all = hn_tensor_count(out) / columns; row < all; row++) {
        int64_t diagonal = row % rows + k, first = upper ? 0 : diagonal + 1, last = upper ? diagonal : columns;
        first = first < 0 ? 0 : first;
        last = last > columns ? columns : last;
        if (first < last)
            memset((char *)out->data + (size_t)(row * columns + first) * size, 0, (size_t)(last - first) * size);
    }
    return HONE_OK;
}

hone_status hn_ops_ref_reverse_sequence(hn_call *call) {
    const hn_tensor *in = call->in[0];
    hn_tensor *out = call->out[0];
    if (!out || hn_tensor_count(out) == 0) return HONE_OK;
    const int batch_axis = (int)hn_attrs_int(call->attrs, "batch_axis", 1), time_axis = 1 - batch_axis;
    const size_t bytes = hn_tensor_bytes(in) / (size_t)(in->dim[0] * in->dim[1]);
    const size_t stride[2] = {(size_t)in->dim[1] * bytes, bytes};
    if (hn_tensor_count(call->in[1]) != in->dim[batch_axis])
        HN_FAIL(call->diag, HONE_INVALID_ARGUMENT, "%lld sequences have %lld lengths", (long long)in->dim[batch_axis],
                (long long)hn_tensor_count(call->in[1]));
    for (int64_t batch = 0; batch < in->dim[batch_axis]; batch++) {
        const int64_t length = hn_tensor_int(call->in[1], batch), times = in->dim[time_axis];
        if (length < 0 || length > times)
            HN_FAIL(call->diag, HONE_INVALID_ARGUMENT, "sequence %lld has length %lld; axis %d has %lld",
                    (long long)batch, (long long)length, time_axis, (long long)times);
        for (int64_t time = 0; time < times; time++) {
            int64_t source = time < length ? length - 1 - time : time;
            size_t base = (size_t)batch * stride[batch_axis];
            memcpy((char *)out->data + base + (size_t)time * stride[time_axis],
                   (const char *)in->data + base + (size_t)source * stride[time_axis], bytes);
        }
    }
    return HONE_OK;
}
