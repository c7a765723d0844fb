/* Shapes of the suppression operators of TensorRT's plugins, whose results have room for a fixed number of boxes. */
#include "ops/checks.h"
#include "ops/registry.h"

#define BOX_TYPES (HN_TYPE(FLOAT32) | HN_TYPE(FLOAT16))

static hone_status check_count(const hn_infer *infer, const char *name, int64_t value, int64_t least) {
    if (value >= least && value <= INT32_MAX) return HONE_OK;
    HN_FAIL(infer->diag, HONE_INVALID_MODEL, "attribute %s is %lld; allowed: %lld to %d", name, (long long)value,
            (long long)least, INT32_MAX);
}

/* Boxes [batch, n, 4] or [batch, n, 1 or classes, 4], scores [batch, n, classes]. */
static hone_status check_boxes(const hn_infer *infer, hn_dim *batch) {
    const hn_shape *boxes = &infer->in[0].shape, *scores = &infer->in[1].shape;
    hn_dim same;
    HN_TRY(hn_ops_check_type(infer, 0, BOX_TYPES));
    HN_TRY(hn_ops_check_same_type(infer, 0, 1));
    HN_TRY(hn_ops_check_rank(infer, 1, 3));
    *batch = scores->rank == 3 ? scores->dim[0] : boxes->rank > 0 ? boxes->dim[0] : HN_UNKNOWN_DIM;
    if (boxes->rank < 0) return HONE_OK;
    if (boxes->rank != 3 && boxes->rank != 4)
        HN_FAIL(infer->diag, HONE_INVALID_MODEL, "boxes of rank %d; allowed: 3 and 4", boxes->rank);
    HN_TRY(hn_infer_unify(infer, boxes->dim[boxes->rank - 1], hn_dim_const(4), "numbers of a box", &same));
    if (scores->rank != 3) return HONE_OK;
    HN_TRY(hn_infer_unify(infer, boxes->dim[0], scores->dim[0], "batch", batch));
    HN_TRY(hn_infer_unify(infer, boxes->dim[1], scores->dim[1], "number of boxes", &same));
    if (boxes->rank == 4 && !hn_dim_is(boxes->dim[2], 1))
        HN_TRY(hn_infer_unify(infer, boxes->dim[2], scores->dim[2], "number of classes", &same));
    return HONE_OK;
}

static void set_outputs(hn_infer *infer, hn_dim batch, int64_t room, hone_dtype classes) {
    const hn_dim most = hn_dim_const(room);
    const hn_shape count = {.rank = 2, .dim = {batch, hn_dim_const(1)}}, list = {.rank = 2, .dim = {batch, most}};
    const hn_shape boxes = {.rank = 3, .dim = {batch, most, hn_dim_const(4)}};
    const hone_dtype real = hn_infer_dtype(infer, 0);
    hn_infer_set(infer, 0, HONE_INT32, &count);
    hn_infer_set(infer, 1, real, &boxes);
    hn_infer_set(infer, 2, real, &list);
    hn_infer_set(infer, 3, classes, &list);
}

hone_status hn_ops_infer_efficient_nms(hn_infer *infer) {
    const int64_t room = hn_attrs_int(infer->attrs, "max_output_boxes", 100);
    const int64_t coding = hn_attrs_int(infer->attrs, "box_coding", 0);
    const hn_shape *anchors = &infer->in[infer->n_in > 2 ? 2 : 0].shape, *scores = &infer->in[1].shape;
    hn_dim batch, same;
    HN_TRY(check_count(infer, "max_output_boxes", room, 1));
    if (coding != 0 && coding != 1)
        HN_FAIL(infer->diag, HONE_INVALID_MODEL, "attribute box_coding is %lld; allowed: 0 and 1", (long long)coding);
    HN_TRY(check_boxes(infer, &batch));
    if (hn_infer_has(infer, 2)) {
        HN_TRY(hn_ops_check_same_type(infer, 0, 2));
        HN_TRY(hn_ops_check_rank(infer, 2, 3));
        if (anchors->rank == 3) {
            HN_TRY(hn_infer_unify(infer, anchors->dim[2], hn_dim_const(4), "numbers of an anchor", &same));
            if (scores->rank == 3)
                HN_TRY(hn_infer_unify(infer, anchors->dim[1], scores->dim[1], "number of anchors", &same));
            if (!hn_dim_is(anchors->dim[0], 1))
                HN_TRY(hn_infer_unify(infer, anchors->dim[0], batch, "batch of anchors", &same));
        }
    }
    set_outputs(infer, batch, room, HONE_INT32);
    return HONE_OK;
}

hone_status hn_ops_infer_batched_nms(hn_infer *infer) {
    const int64_t room = hn_attrs_int(infer->attrs, "keepTopK", 0), top = hn_attrs_int(infer->attrs, "topK", -1);
    hn_dim batch;
    HN_TRY(check_count(infer, "keepTopK", room, 1));
    HN_TRY(check_count(infer, "topK", top, -1));
    HN_TRY(check_boxes(infer, &batch));
    set_outputs(infer, batch, room, hn_infer_dtype(infer, 0));
    return HONE_OK;
}
