/* TensorScatter: rows of an update written into a cache, from an index of its own in each batch entry. */
#include <string.h>
#include "ops/index/index.h"
#include "ops/registry.h"

/* Where the update of batch entry `batch` begins. */
static hone_status write_index(hn_call *call, int64_t batch, int64_t rows, int64_t size, bool circular, int64_t *out) {
    const hn_tensor *indices = call->n_in > 2 ? call->in[2] : NULL;
    *out = indices ? hn_tensor_int(indices, batch) : 0;
    if (*out >= 0 && (circular ? *out <= INT64_MAX - rows : *out <= size - rows)) return HONE_OK;
    HN_FAIL(call->diag, HONE_INVALID_ARGUMENT, "write index %lld does not leave room for %lld of %lld rows",
            (long long)*out, (long long)rows, (long long)size);
}

static hone_status scatter_bytes(hn_call *call) {
    const hn_tensor *update = call->in[1];
    hn_tensor *out = call->out[0];
    const bool circular = hn_attrs_text_is(call->attrs, "mode", "linear", "circular");
    const int axis = hn_index_axis(call, -2, out->rank);
    const int64_t size = out->dim[axis], rows = update->dim[axis], outer = hn_index_extent(out, 0, axis);
    const size_t row = (size_t)hn_index_extent(out, axis + 1, out->rank) * hn_element_size(out->dtype);
    const char *from = update->data;
    hn_tensor_copy(out, call->in[0]);
    for (int64_t o = 0; o < outer; o++) {
        int64_t first;
        HN_TRY(write_index(call, o / (outer / out->dim[0]), rows, size, circular, &first));
        for (int64_t i = 0; i < rows; i++, from += row) {
            const int64_t at = circular ? (first + i) % size : first + i;
            if (row) memcpy((char *)out->data + (size_t)(o * size + at) * row, from, row);
        }
    }
    return HONE_OK;
}

hone_status hn_ops_ref_tensor_scatter(hn_call *call) {
    return call->out[0] ? hn_move_unpacked(call, scatter_bytes) : HONE_OK;
}
