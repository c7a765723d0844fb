/* Sparse tensors become dense ones. */
#include "frontend/onnx/onnx_tensor.h"

#include <string.h>
#include "base/dtype.h"

#define LARGEST_DENSE ((size_t)256 << 20) /* a few bytes of file must not ask for any amount of memory */

typedef struct sparse_parts {
    hn_tensor values, indices;
    int64_t count; /* stored elements */
    bool linear;   /* one index an element, else one per dimension */
} sparse_parts;

static hone_status read_parts(const hn_onnx_source *source, const hn_onnx_sparse_proto *proto, hn_bytes *name,
                              sparse_parts *parts) {
    hn_onnx_tensor_proto values, indices;
    hn_diag *diag = source->pb.diag;
    HN_TRY(hn_onnx_read_tensor(&source->pb, proto->values, &values));
    HN_TRY(hn_onnx_decode_tensor(source, &values, &parts->values));
    HN_TRY(hn_onnx_read_tensor(&source->pb, proto->indices, &indices));
    *name = values.name;
    parts->count = hn_tensor_count(&parts->values);
    if (parts->values.rank != 1)
        HN_FAIL(diag, HONE_INVALID_MODEL, "the values of a sparse tensor must be a vector, not of rank %d",
                parts->values.rank);
    if (parts->count == 0 && !indices.data_type) return HONE_OK;
    HN_TRY(hn_onnx_decode_tensor(source, &indices, &parts->indices));
    const hn_tensor *at = &parts->indices;
    parts->linear = at->rank == 1;
    if (at->dtype != HONE_INT64 || at->rank < 1 || at->rank > 2 || at->dim[0] != parts->count ||
        (!parts->linear && (uint64_t)at->dim[1] != proto->dims.n))
        HN_FAIL(diag, HONE_INVALID_MODEL,
                "the indices of a sparse tensor must be int64[%lld] or int64[%lld,%zu], not %s of rank %d",
                (long long)parts->count, (long long)parts->count, proto->dims.n, hone_dtype_name(at->dtype), at->rank);
    return HONE_OK;
}

/* Position of stored element `i` in the dense tensor, or -1. */
static int64_t position(const sparse_parts *parts, const hn_tensor *dense, int64_t i) {
    if (parts->linear) {
        const int64_t at = hn_tensor_int(&parts->indices, i);
        return at >= 0 && at < hn_tensor_count(dense) ? at : -1;
    }
    int64_t at = 0;
    for (int d = 0; d < dense->rank; d++) {
        const int64_t index = hn_tensor_int(&parts->indices, i * dense->rank + d);
        if (index < 0 || index >= dense->dim[d]) return -1;
        at += index * dense->stride[d];
    }
    return at;
}

static hone_status scatter(const hn_onnx_source *source, const sparse_parts *parts, hn_tensor *out) {
    const size_t size = hn_element_size(out->dtype);
    for (int64_t i = 0; i < parts->count; i++) {
        const int64_t at = position(parts, out, i);
        if (at < 0)
            HN_FAIL(source->pb.diag, HONE_INVALID_MODEL, "index %lld of the sparse tensor lies outside of its shape",
                    (long long)i);
        memcpy((char *)out->data + (size_t)at * size, (const char *)parts->values.data + (size_t)i * size, size);
    }
    return HONE_OK;
}

hone_status hn_onnx_decode_sparse(const hn_onnx_source *source, hn_bytes bytes, hn_bytes *name, hn_tensor *out) {
    hn_onnx_sparse_proto proto;
    sparse_parts parts = {0};
    hn_diag *diag = source->pb.diag;
    HN_TRY(hn_onnx_read_sparse(&source->pb, bytes, &proto));
    HN_TRY(read_parts(source, &proto, name, &parts));
    HN_TRY(hn_onnx_tensor_header(source, parts.values.dtype, &proto.dims, out));
    if (out->dtype == HONE_STRING || hone_dtype_bits(out->dtype) < 8)
        HN_FAIL(diag, HONE_UNSUPPORTED, "sparse tensors of %s are not supported", hone_dtype_name(out->dtype));
    const size_t size = hn_tensor_bytes(out);
    if (size > LARGEST_DENSE)
        HN_FAIL(diag, HONE_UNSUPPORTED, "the sparse tensor would take %zu MB when stored densely; %zu MB are allowed",
                size >> 20, LARGEST_DENSE >> 20);
    out->data = hn_arena_alloc_aligned(source->arena, size, 64);
    HN_TRY_ALLOC(out->data);
    memset(out->data, 0, size);
    return scatter(source, &parts, out);
}
