/* Reference of NonMaxSuppression: per batch and class the best boxes that do not overlap a better one too much. */
#include <math.h>
#include "ops/index/index.h"
#include "ops/registry.h"
#include "ops/shape/shape.h"

enum { NMS_BUCKETS = 1024 };

typedef struct span {
    float low, high;
} span;

/* A box ready to be compared. Only solid ones, of positive extents, can overlap anything. */
typedef struct nms_box {
    span axis[2];
    float area;
    bool solid;
    int64_t next; /* kept before in the same bucket, -1: none */
} nms_box;

/* Kept boxes by their low coordinate on the first axis, so that a candidate meets only those that it may touch. */
typedef struct nms_index {
    double origin, scale; /* bucket of x: (x - origin) * scale */
    double reach;         /* the greatest extent */
    int64_t first[NMS_BUCKETS];
} nms_index;

typedef struct suppression {
    bool center;    /* boxes are centre, width, height rather than two corners */
    bool has_floor; /* scores at or below `floor` do not count */
    float overlap, floor;
    int64_t most; /* boxes of a class */
    hn_best best; /* candidates of one class */
    nms_box *box; /* boxes of one batch */
    nms_index index;
    int64_t *out;    /* triples of all classes */
    int64_t n, room; /* triples in use, and allocated */
} suppression;

/* Extent of a box along one axis; 0: the first coordinate. */
static span extent(const suppression *s, const float *box, int axis) {
    if (s->center) {
        float half = box[axis + 2] / 2;
        return (span){box[axis] - half, box[axis] + half};
    }
    float a = box[axis], b = box[axis + 2];
    return a > b ? (span){b, a} : (span){a, b};
}

static void load_boxes(suppression *s, const float *from, int64_t n) {
    for (int64_t i = 0; i < n; i++) {
        nms_box *b = &s->box[i];
        b->solid = true;
        b->area = 1;
        for (int axis = 0; axis < 2; axis++) {
            b->axis[axis] = extent(s, from + 4 * i, axis);
            const float size = b->axis[axis].high - b->axis[axis].low;
            b->solid = b->solid && size > 0;
            b->area *= size;
        }
    }
}

/* Buckets of equal width over the low coordinates; one bucket when those are all alike or not finite. */
static void lay_out_index(suppression *s, int64_t n) {
    double low = INFINITY, high = -INFINITY, reach = 0;
    for (int64_t i = 0; i < n; i++) {
        const span a = s->box[i].axis[0];
        if (!s->box[i].solid) continue;
        low = fmin(low, (double)a.low), high = fmax(high, (double)a.low);
        reach = fmax(reach, (double)a.high - (double)a.low);
    }
    const bool useful = isfinite(low) && isfinite(high) && isfinite(reach) && high > low;
    s->index.origin = useful ? low : 0;
    s->index.scale = useful ? (NMS_BUCKETS - 1) / (high - low) : 0;
    s->index.reach = reach;
}

static int bucket_of(const nms_index *index, double x) {
    if (index->scale == 0) return 0;
    const double at = (x - index->origin) * index->scale;
    return at >= NMS_BUCKETS - 1 ? NMS_BUCKETS - 1 : at > 0 ? (int)at : 0;
}

static bool suppresses(const suppression *s, const nms_box *better, const nms_box *box) {
    float shared = 1;
    for (int axis = 0; axis < 2; axis++) {
        span a = better->axis[axis], b = box->axis[axis];
        float low = a.low > b.low ? a.low : b.low, high = a.high < b.high ? a.high : b.high;
        if (!(high > low)) return false;
        shared *= high - low;
    }
    float joined = better->area + box->area - shared;
    if (!(shared > 0) || !(better->area > 0) || !(box->area > 0) || !(joined > 0)) return false;
    return shared / joined > s->overlap;
}

/* Whether no kept box suppresses this one. The bucket before the first that can matter is for rounding. */
static bool stands_free(const suppression *s, const nms_box *box) {
    if (!box->solid) return true;
    int from = bucket_of(&s->index, (double)box->axis[0].low - s->index.reach) - 1;
    const int last = bucket_of(&s->index, (double)box->axis[0].high);
    for (int i = from < 0 ? 0 : from; i <= last; i++)
        for (int64_t k = s->index.first[i]; k >= 0; k = s->box[k].next)
            if (suppresses(s, &s->box[k], box)) return false;
    return true;
}

static void remember(suppression *s, int64_t box) {
    if (!s->box[box].solid) return;
    int64_t *first = &s->index.first[bucket_of(&s->index, (double)s->box[box].axis[0].low)];
    s->box[box].next = *first;
    *first = box;
}

static hone_status keep(hn_call *call, suppression *s, int64_t batch, int64_t class, int64_t box) {
    if (s->n == s->room) {
        int64_t *grown = HN_NEW_ARRAY(call->scratch, int64_t, (s->room ? s->room * 2 : 64) * 3);
        HN_TRY_ALLOC(grown);
        for (int64_t i = 0; i < s->n * 3; i++) grown[i] = s->out[i];
        s->out = grown;
        s->room = s->room ? s->room * 2 : 64;
    }
    int64_t *triple = s->out + 3 * s->n++;
    triple[0] = batch;
    triple[1] = class;
    triple[2] = box;
    return HONE_OK;
}

static hone_status suppress_class(hn_call *call, suppression *s, int64_t batch, int64_t class) {
    const hn_tensor *scores = call->in[1];
    const int64_t n = scores->dim[2], first = (batch * scores->dim[1] + class) * n;
    int64_t n_kept = 0;
    s->best.n = 0;
    for (int64_t i = 0; i < n; i++)
        if (!s->has_floor || ((const float *)scores->data)[first + i] > s->floor)
            hn_best_offer(&s->best, (hn_candidate){hn_order_key(scores, first + i), i});
    hn_best_sort(&s->best);
    for (int i = 0; i < NMS_BUCKETS; i++) s->index.first[i] = -1;
    for (int64_t i = 0; i < s->best.n && n_kept < s->most; i++) {
        const int64_t box = s->best.at[i].index;
        if (!stands_free(s, &s->box[box])) continue;
        n_kept++;
        remember(s, box);
        HN_TRY(keep(call, s, batch, class, box));
    }
    return HONE_OK;
}

static hone_status read_limits(hn_call *call, suppression *s) {
    double overlap, floor;
    s->center = hn_attrs_int(call->attrs, "center_point_box", 0) != 0;
    s->has_floor = call->n_in > 4 && call->in[4];
    HN_TRY(hn_call_int(call, 2, 0, &s->most));
    HN_TRY(hn_call_real(call, 3, 0, &overlap));
    HN_TRY(hn_call_real(call, 4, 0, &floor));
    if (!(overlap >= 0 && overlap <= 1))
        HN_FAIL(call->diag, HONE_INVALID_ARGUMENT, "iou_threshold %g is not in [0, 1]", overlap);
    s->overlap = (float)overlap;
    s->floor = (float)floor;
    return HONE_OK;
}

static hone_status check_shapes(hn_call *call) {
    const int64_t *boxes = call->in[0]->dim, *scores = call->in[1]->dim;
    if (boxes[0] == scores[0] && boxes[1] == scores[2] && boxes[2] == 4) return HONE_OK;
    HN_FAIL(call->diag, HONE_INVALID_ARGUMENT, "scores do not belong to the boxes");
}

hone_status hn_ops_ref_non_max_suppression(hn_call *call) {
    const hn_tensor *scores = call->in[1];
    suppression s = {.n = 0};
    if (!call->out[0]) return HONE_OK;
    HN_TRY(check_shapes(call));
    HN_TRY(read_limits(call, &s));
    s.best = (hn_best){HN_NEW_ARRAY(call->scratch, hn_candidate, scores->dim[2]), 0, scores->dim[2]};
    s.box = HN_NEW_ARRAY(call->scratch, nms_box, scores->dim[2]);
    if (!s.best.at || !s.box) return HONE_OUT_OF_MEMORY;
    for (int64_t batch = 0; batch < scores->dim[0]; batch++) {
        load_boxes(&s, (const float *)call->in[0]->data + batch * scores->dim[2] * 4, scores->dim[2]);
        lay_out_index(&s, scores->dim[2]);
        for (int64_t class = 0; class < scores->dim[1]; class ++) HN_TRY(suppress_class(call, &s, batch, class));
    }
    HN_TRY(call->resize(call, 0, 2, (const int64_t[]){s.n, 3}));
    for (int64_t i = 0; i < s.n * 3; i++) ((int64_t *)call->out[0]->data)[i] = s.out[i];
    return HONE_OK;
}
