/* Types and shapes of operators on sequences and optionals. */
#include "ops/registry.h"
#include "ops/sequence/sequence.h"

static bool has_kind(const hn_infer *infer, int i, hn_kind kind) {
    return hn_infer_has(infer, i) && infer->in[i].type->kind == kind;
}

static hone_status expect_kind(const hn_infer *infer, int i, hn_kind kind, const char *what) {
    if (!hn_infer_has(infer, i) || has_kind(infer, i, kind)) return HONE_OK;
    HN_FAIL(infer->diag, HONE_INVALID_MODEL, "input %d is no %s", i, what);
}

static hone_status set_list(hn_infer *infer, hn_kind kind, const hn_type *elem) {
    const hn_type *type = hn_type_of(kind, elem);
    if (elem && !type) HN_FAIL(infer->diag, HONE_UNSUPPORTED, "a value of this type cannot be an element");
    if (type) hn_infer_set_object(infer, 0, type);
    return HONE_OK;
}

/* Output 0 is an item of a list whose elements have type `type`. */
static void set_item(hn_infer *infer, const hn_type *type, const hn_tensor *item) {
    if (!type) return;
    if (type->kind != HN_KIND_TENSOR) {
        hn_infer_set_object(infer, 0, type);
        return;
    }
    const hn_shape shape = item ? hn_shape_of_tensor(item) : hn_shape_unknown();
    hn_infer_set(infer, 0, type->dtype, &shape);
}

static void set_scalar(hn_infer *infer, hone_dtype dtype) {
    const hn_shape scalar = {.rank = 0};
    hn_infer_set(infer, 0, dtype, &scalar);
}

static hone_status check_position(const hn_infer *infer, int i) {
    HN_TRY(hn_ops_check_type(infer, i, HN_TYPE(INT32) | HN_TYPE(INT64)));
    return hn_infer_rank(infer, i) > 1
               ? hn_diag_add(infer->diag, HONE_ERROR, HONE_INVALID_MODEL, "the position is no single number")
               : HONE_OK;
}

/* ---- sequences ---- */

hone_status hn_ops_infer_sequence_empty(hn_infer *infer) {
    const int64_t dtype = hn_attrs_int(infer->attrs, "dtype", HONE_FLOAT32);
    if (!hn_dtype_is_known((hone_dtype)dtype))
        HN_FAIL(infer->diag, HONE_INVALID_MODEL, "dtype %lld is no element type", (long long)dtype);
    return set_list(infer, HN_KIND_SEQUENCE, hn_type_tensor((hone_dtype)dtype));
}

hone_status hn_ops_infer_sequence_construct(hn_infer *infer) {
    for (int i = 0; i < infer->n_in; i++) {
        HN_TRY(expect_kind(infer, i, HN_KIND_TENSOR, "tensor"));
        HN_TRY(hn_ops_check_same_type(infer, 0, i));
    }
    return set_list(infer, HN_KIND_SEQUENCE, infer->in[0].type);
}

/* SequenceInsert and SequenceErase: input 0 with one element more or less. */
hone_status hn_ops_infer_sequence_change(hn_infer *infer) {
    const bool insert = infer->op->id == HN_OP_sequence_insert;
    HN_TRY(expect_kind(infer, 0, HN_KIND_SEQUENCE, "sequence"));
    HN_TRY(check_position(infer, insert ? 2 : 1));
    if (!hn_infer_has(infer, 0)) return HONE_OK;
    if (insert && hn_infer_has(infer, 1) && !hn_type_same(infer->in[0].type->elem, infer->in[1].type))
        HN_FAIL(infer->diag, HONE_INVALID_MODEL,
                "the element (%s) does not have the type of the sequence's elements (%s)",
                hone_dtype_name(hn_infer_dtype(infer, 1)), hone_dtype_name(infer->in[0].type->elem->dtype));
    hn_infer_set_object(infer, 0, infer->in[0].type);
    return HONE_OK;
}

hone_status hn_ops_infer_sequence_at(hn_infer *infer) {
    HN_TRY(expect_kind(infer, 0, HN_KIND_SEQUENCE, "sequence"));
    HN_TRY(check_position(infer, 1));
    if (!hn_infer_has(infer, 0)) return HONE_OK;
    const hn_object *sequence = hn_infer_object(infer, 0);
    const hn_tensor *item = NULL;
    int64_t at;
    if (sequence && infer->in[1].data) {
        HN_TRY(hn_sequence_position(infer->diag, infer->in[1].data, sequence->n, false, &at));
        item = &sequence->item[at];
    }
    set_item(infer, infer->in[0].type->elem, item);
    return HONE_OK;
}

/* What SequenceMap gives its body: elements of sequences, and tensors as they are. */
hone_status hn_ops_infer_element_at(hn_infer *infer) {
    return has_kind(infer, 0, HN_KIND_TENSOR) ? hn_infer_like(infer, 0) : hn_ops_infer_sequence_at(infer);
}

hone_status hn_ops_infer_sequence_length(hn_infer *infer) {
    HN_TRY(expect_kind(infer, 0, HN_KIND_SEQUENCE, "sequence"));
    set_scalar(infer, HONE_INT64);
    return HONE_OK;
}

hone_status hn_ops_infer_split_to_sequence(hn_infer *infer) {
    int axis;
    HN_TRY(expect_kind(infer, 0, HN_KIND_TENSOR, "tensor"));
    HN_TRY(hn_ops_check_type(infer, 1, HN_TYPE(INT32) | HN_TYPE(INT64)));
    if (hn_infer_rank(infer, 1) > 1)
        HN_FAIL(infer->diag, HONE_INVALID_MODEL, "the sizes of the parts have rank %d", hn_infer_rank(infer, 1));
    if (hn_infer_rank(infer, 0) == 0) HN_FAIL(infer->diag, HONE_INVALID_MODEL, "a scalar cannot be split");
    if (hn_infer_rank(infer, 0) > 0)
        HN_TRY(hn_infer_axis(infer, hn_attrs_int(infer->attrs, "axis", 0), hn_infer_rank(infer, 0), &axis));
    return set_list(infer, HN_KIND_SEQUENCE, hn_infer_has(infer, 0) ? infer->in[0].type : NULL);
}

/* Shape of all elements joined along `axis`; with `stack` along a new one. */
static hone_status joined_shape(const hn_infer *infer, const hn_object *sequence, int64_t axis, bool stack,
                                hn_shape *out) {
    int at;
    if (!sequence->n) HN_FAIL(infer->diag, HONE_INVALID_ARGUMENT, "an empty sequence cannot be joined");
    const int rank = sequence->item[0].rank + stack;
    if (rank > HONE_MAX_RANK || rank == 0)
        HN_FAIL(infer->diag, HONE_INVALID_ARGUMENT, "elements of rank %d cannot be joined", sequence->item[0].rank);
    HN_TRY(hn_infer_axis(infer, axis, rank, &at));
    int64_t total = 0;
    for (int64_t i = 0; i < sequence->n; i++) {
        const hn_tensor *item = &sequence->item[i];
        bool fits = item->rank == sequence->item[0].rank;
        for (int d = 0; fits && d < item->rank; d++)
            fits = item->dim[d] == sequence->item[0].dim[d] || (!stack && d == at);
        if (!fits)
            HN_FAIL(infer->diag, HONE_INVALID_ARGUMENT, "element %lld has another shape than the first", (long long)i);
        if (__builtin_add_overflow(total, stack ? 1 : item->dim[at], &total)) return HONE_INVALID_ARGUMENT;
    }
    out->rank = rank;
    for (int d = 0, from = 0; d < rank; d++) {
        if (d == at) out->dim[d] = hn_dim_const(total), from += !stack;
        else out->dim[d] = hn_dim_const(sequence->item[0].dim[from++]);
    }
    return HONE_OK;
}

hone_status hn_ops_infer_concat_from_sequence(hn_infer *infer) {
    hn_shape shape = hn_shape_unknown();
    const bool stack = hn_attrs_int(infer->attrs, "new_axis", 0) != 0;
    HN_TRY(expect_kind(infer, 0, HN_KIND_SEQUENCE, "sequence"));
    if (!hn_attrs_find(infer->attrs, "axis")) HN_FAIL(infer->diag, HONE_INVALID_MODEL, "attribute axis is missing");
    if (!hn_infer_has(infer, 0)) return HONE_OK;
    if (infer->in[0].type->elem->kind != HN_KIND_TENSOR || hone_dtype_bits(infer->in[0].type->elem->dtype) % 8)
        HN_FAIL(infer->diag, HONE_UNSUPPORTED, "elements of this type cannot be joined");
    const hn_object *sequence = hn_infer_object(infer, 0);
    if (sequence) HN_TRY(joined_shape(infer, sequence, hn_attrs_int(infer->attrs, "axis", 0), stack, &shape));
    hn_infer_set(infer, 0, infer->in[0].type->elem->dtype, &shape);
    return HONE_OK;
}

/* ---- optionals ---- */

hone_status hn_ops_infer_optional(hn_infer *infer) {
    const hn_attr *type = hn_attrs_find(infer->attrs, "type");
    if (infer->n_in && hn_infer_has(infer, 0)) return set_list(infer, HN_KIND_OPTIONAL, infer->in[0].type);
    if (infer->n_in && !type) return HONE_OK; /* the type of its input is not known yet */
    if (!type || type->kind != HN_ATTR_TYPE)
        HN_FAIL(infer->diag, HONE_INVALID_MODEL, "without an input, attribute type must tell the type");
    return set_list(infer, HN_KIND_OPTIONAL, type->type);
}

/* Since opset 18 the input may be the element itself. */
hone_status hn_ops_infer_optional_get(hn_infer *infer) {
    if (!hn_infer_has(infer, 0)) return HONE_OK;
    if (!has_kind(infer, 0, HN_KIND_OPTIONAL)) return hn_infer_like(infer, 0);
    const hn_object *optional = hn_infer_object(infer, 0);
    if (optional && !optional->n) HN_FAIL(infer->diag, HONE_INVALID_ARGUMENT, "the optional holds nothing");
    set_item(infer, infer->in[0].type->elem, optional ? &optional->item[0] : NULL);
    return HONE_OK;
}

hone_status hn_ops_infer_optional_has(hn_infer *infer) {
    set_scalar(infer, HONE_BOOL);
    return HONE_OK;
}
