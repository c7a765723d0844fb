/* References of operators on sequences and optionals. Lists are made anew; their elements are shared. */
#include <string.h>
#include "ops/registry.h"
#include "ops/sequence/sequence.h"

static const hn_type *type_of(const hn_tensor *t) {
    return t->dtype == HN_DTYPE_OBJECT ? hn_object_in(t)->type : hn_type_tensor(t->dtype);
}

hone_status hn_sequence_position(hn_diag *diag, const hn_tensor *position, int64_t n, bool end, int64_t *out) {
    const int64_t most = end ? n : n - 1;
    if (position && hn_tensor_count(position) != 1)
        HN_FAIL(diag, HONE_INVALID_ARGUMENT, "the position has %lld elements where one is needed",
                (long long)hn_tensor_count(position));
    int64_t at = position ? hn_tensor_int(position, 0) : most;
    if (position && at < 0) at += n;
    if (at < 0 || at > most)
        HN_FAIL(diag, HONE_INVALID_ARGUMENT, "position %lld is outside a sequence of %lld elements",
                (long long)(position ? hn_tensor_int(position, 0) : at), (long long)n);
    *out = at;
    return HONE_OK;
}

/* An item that lasts: a shared object, or a copy of a tensor. */
static hone_status keep(hn_call *call, hn_tensor *item, const hn_tensor *from) {
    return hn_object_keep(call->lasting, item, from);
}

static hone_status give(hn_call *call, const hn_object *object) {
    HN_TRY_ALLOC(object);
    if (call->out[0]) hn_object_put(call->out[0], object);
    return HONE_OK;
}

/* The value of an item, into output 0 whose shape inference has set. */
static void show(hn_call *call, const hn_tensor *item) {
    if (call->out[0] && hn_tensor_bytes(item)) memcpy(call->out[0]->data, item->data, hn_tensor_bytes(item));
}

/* ---- sequences ---- */

hone_status hn_ops_ref_sequence_empty(hn_call *call) {
    const hn_type *elem = hn_type_tensor((hone_dtype)hn_attrs_int(call->attrs, "dtype", HONE_FLOAT32));
    return give(call, hn_object_new(call->lasting, hn_type_of(HN_KIND_SEQUENCE, elem), 0));
}

hone_status hn_ops_ref_sequence_construct(hn_call *call) {
    const hn_type *type = hn_type_of(HN_KIND_SEQUENCE, type_of(call->in[0]));
    hn_object *made = hn_object_new(call->lasting, type, call->n_in);
    HN_TRY_ALLOC(made);
    for (int i = 0; i < call->n_in; i++) {
        if (!call->in[i]) HN_FAIL(call->diag, HONE_INVALID_ARGUMENT, "element %d is missing", i);
        HN_TRY(keep(call, &made->item[i], call->in[i]));
    }
    return give(call, made);
}

hone_status hn_ops_ref_sequence_insert(hn_call *call) {
    const hn_object *from = hn_object_in(call->in[0]);
    int64_t at;
    HN_TRY(hn_sequence_position(call->diag, call->n_in > 2 ? call->in[2] : NULL, from->n, true, &at));
    hn_object *made = hn_object_new(call->lasting, from->type, from->n + 1);
    HN_TRY_ALLOC(made);
    memcpy(made->item, from->item, (size_t)at * sizeof *made->item);
    HN_TRY(keep(call, &made->item[at], call->in[1]));
    memcpy(made->item + at + 1, from->item + at, (size_t)(from->n - at) * sizeof *made->item);
    return give(call, made);
}

hone_status hn_ops_ref_sequence_erase(hn_call *call) {
    const hn_object *from = hn_object_in(call->in[0]);
    int64_t at;
    HN_TRY(hn_sequence_position(call->diag, call->n_in > 1 ? call->in[1] : NULL, from->n, false, &at));
    hn_object *made = hn_object_new(call->lasting, from->type, from->n - 1);
    HN_TRY_ALLOC(made);
    memcpy(made->item, from->item, (size_t)at * sizeof *made->item);
    memcpy(made->item + at, from->item + at + 1, (size_t)(from->n - 1 - at) * sizeof *made->item);
    return give(call, made);
}

hone_status hn_ops_ref_sequence_at(hn_call *call) {
    const hn_object *from = hn_object_in(call->in[0]);
    int64_t at;
    HN_TRY(hn_sequence_position(call->diag, call->in[1], from->n, false, &at));
    show(call, &from->item[at]);
    return HONE_OK;
}

hone_status hn_ops_ref_element_at(hn_call *call) {
    if (call->in[0]->dtype == HN_DTYPE_OBJECT) return hn_ops_ref_sequence_at(call);
    show(call, call->in[0]);
    return HONE_OK;
}

hone_status hn_ops_ref_sequence_length(hn_call *call) {
    if (call->out[0]) *(int64_t *)call->out[0]->data = hn_object_in(call->in[0])->n;
    return HONE_OK;
}

/* ---- SplitToSequence ---- */

/* Parts along an axis: n of `each` elements, the last may be shorter, or of size[i] when `size` is given. */
typedef struct split {
    int axis;
    bool keep_axis;
    int64_t n, each;
    const hn_tensor *size;
} split;

static hone_status read_split(hn_call *call, split *s) {
    const hn_tensor *in = call->in[0], *size = call->n_in > 1 ? call->in[1] : NULL;
    const int64_t axis = hn_attrs_int(call->attrs, "axis", 0);
    s->axis = (int)(axis < 0 ? axis + in->rank : axis);
    s->keep_axis = size || hn_attrs_int(call->attrs, "keepdims", 1) != 0;
    const int64_t extent = in->dim[s->axis];
    s->size = size && size->rank == 1 ? size : NULL;
    s->each = size && !s->size ? hn_tensor_int(size, 0) : 1;
    if (s->each < 1) HN_FAIL(call->diag, HONE_INVALID_ARGUMENT, "parts of %lld elements", (long long)s->each);
    s->n = s->size ? s->size->dim[0] : extent / s->each + (extent % s->each != 0);
    int64_t total = 0;
    for (int64_t i = 0; s->size && i < s->n; i++) {
        const int64_t n = hn_tensor_int(s->size, i);
        if (n < 0 || n > extent - total)
            HN_FAIL(call->diag, HONE_INVALID_ARGUMENT, "part %lld of %lld elements: axis %d has %lld", (long long)i,
                    (long long)n, s->axis, (long long)extent);
        total += n;
    }
    if (s->size && total != extent)
        HN_FAIL(call->diag, HONE_INVALID_ARGUMENT, "the parts have %lld elements, axis %d has %lld", (long long)total,
                s->axis, (long long)extent);
    return HONE_OK;
}

/* Elements [first, first + n) of the axis. */
static hone_status cut(hn_call *call, const split *s, int64_t first, int64_t n, hn_tensor *item) {
    const hn_tensor *in = call->in[0];
    hn_tensor part = *in;
    const size_t size = hn_element_size(in->dtype);
    if (hone_dtype_bits(in->dtype) % 8) HN_FAIL(call->diag, HONE_UNSUPPORTED, "packed elements cannot be split");
    part.dim[s->axis] = n;
    if (in->data) part.data = (char *)in->data + (size_t)(first * in->stride[s->axis]) * size;
    *item = part;
    hn_tensor_set_shape(item, part.rank, part.dim);
    item->data = hn_arena_alloc_aligned(call->lasting, hn_tensor_bytes(item), 64);
    HN_TRY_ALLOC(item->data);
    hn_tensor_copy(item, &part);
    if (s->keep_axis) return HONE_OK;
    memmove(&part.dim[s->axis], &part.dim[s->axis + 1], (size_t)(part.rank - s->axis - 1) * sizeof part.dim[0]);
    hn_tensor_set_shape(item, part.rank - 1, part.dim);
    return HONE_OK;
}

hone_status hn_ops_ref_split_to_sequence(hn_call *call) {
    split s = {0};
    HN_TRY(read_split(call, &s));
    const hn_type *type = hn_type_of(HN_KIND_SEQUENCE, type_of(call->in[0]));
    hn_object *made = hn_object_new(call->lasting, type, s.n);
    HN_TRY_ALLOC(made);
    const int64_t extent = call->in[0]->dim[s.axis];
    for (int64_t i = 0, at = 0; i < s.n; i++) {
        const int64_t left = extent - at, n = s.size ? hn_tensor_int(s.size, i) : s.each < left ? s.each : left;
        HN_TRY(cut(call, &s, at, n, &made->item[i]));
        at += n;
    }
    return give(call, made);
}

/* ---- ConcatFromSequence ---- */

hone_status hn_ops_ref_concat_from_sequence(hn_call *call) {
    const hn_object *from = hn_object_in(call->in[0]);
    hn_tensor *out = call->out[0];
    if (!out || !out->rank) return HONE_OK;
    const bool stack = hn_attrs_int(call->attrs, "new_axis", 0) != 0;
    const int64_t axis = hn_attrs_int(call->attrs, "axis", 0);
    const int at = (int)(axis < 0 ? axis + out->rank : axis);
    const size_t size = hn_element_size(out->dtype);
    int64_t first = 0;
    for (int64_t i = 0; i < from->n; i++) {
        hn_tensor to = *out, item = from->item[i];
        const int64_t n = stack ? 1 : item.dim[at];
        to.dim[at] = n;
        to.data = (char *)out->data + (size_t)(first * out->stride[at]) * size;
        if (stack) { /* the new axis has one element */
            int64_t dim[HONE_MAX_RANK];
            memcpy(dim, to.dim, sizeof dim);
            hn_tensor_set_shape(&item, to.rank, dim);
        }
        hn_tensor_copy(&to, &item);
        first += n;
    }
    return HONE_OK;
}

/* ---- optionals ---- */

hone_status hn_ops_ref_optional(hn_call *call) {
    const hn_tensor *in = call->n_in ? call->in[0] : NULL;
    const hn_attr *given = hn_attrs_find(call->attrs, "type");
    const hn_type *elem = in ? type_of(in) : given->type;
    hn_object *made = hn_object_new(call->lasting, hn_type_of(HN_KIND_OPTIONAL, elem), in != NULL);
    HN_TRY_ALLOC(made);
    if (in) HN_TRY(keep(call, &made->item[0], in));
    return give(call, made);
}

static bool is_optional(const hn_tensor *t) {
    return t->dtype == HN_DTYPE_OBJECT && hn_object_in(t)->type->kind == HN_KIND_OPTIONAL;
}

hone_status hn_ops_ref_optional_get(hn_call *call) {
    const hn_tensor *in = call->in[0];
    if (!is_optional(in)) show(call, in);
    else if (hn_object_in(in)->n) show(call, &hn_object_in(in)->item[0]);
    else HN_FAIL(call->diag, HONE_INVALID_ARGUMENT, "the optional holds nothing");
    return HONE_OK;
}

hone_status hn_ops_ref_optional_has(hn_call *call) {
    const hn_tensor *in = call->n_in ? call->in[0] : NULL;
    const bool has = in && (!is_optional(in) || hn_object_in(in)->n);
    if (call->out[0]) *(uint8_t *)call->out[0]->data = has;
    return HONE_OK;
}
