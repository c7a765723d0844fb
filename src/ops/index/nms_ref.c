/* Reference of NonMaxSuppression: per batch and class the best boxes that do not overlap a better one too much. */
#include "ops/index/index.h"
#include "ops/registry.h"
#include "ops/shape/shape.h"

typedef struct suppression {
    bool center;    /* boxes are centre, width, height rather than two corners */
    bool has_floor; /* scores at or below `floor` do not count */
    float overlap, floor;
    int64_t most;    /* boxes of a class */
    hn_best best;    /* candidates of one class */
    int64_t *kept;   /* box numbers of one class */
    int64_t *out;    /* triples of all classes */
    int64_t n, room; /* triples in use, and allocated */
} suppression;

typedef struct span {
    float low, high;
} span;

/* Extent of a box along one axis; 0: the first coordinate. */
static span extent(const suppression *s, const float *box, int axis) {
    if (s->center) {
        float half = box[axis + 2] / 2;
        return (span){box[axis] - half, box[axis] + half};
    }
    float a = box[axis], b = box[axis + 2];
    return a > b ? (span){b, a} : (span){a, b};
}

static bool suppresses(const suppression *s, const float *better, const float *box) {
    float area = 1, other = 1, shared = 1;
    for (int axis = 0; axis < 2; axis++) {
        span a = extent(s, better, axis), b = extent(s, box, axis);
        float low = a.low > b.low ? a.low : b.low, high = a.high < b.high ? a.high : b.high;
        if (!(high > low)) return false;
        shared *= high - low;
        area *= a.high - a.low;
        other *= b.high - b.low;
    }
    float joined = area + other - shared;
    if (!(shared > 0) || !(area > 0) || !(other > 0) || !(joined > 0)) return false;
    return shared / joined > s->overlap;
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
    const float *boxes = (const float *)call->in[0]->data + batch * n * 4;
    int64_t n_kept = 0;
    s->best.n = 0;
    for (int64_t i = 0; i < n; i++)
        if (!s->has_floor || ((const float *)scores->data)[first + i] > s->floor)
            hn_best_offer(&s->best, (hn_candidate){hn_order_key(scores, first + i), i});
    hn_best_sort(&s->best);
    for (int64_t i = 0; i < s->best.n && n_kept < s->most; i++) {
        const int64_t box = s->best.at[i].index;
        bool free_standing = true;
        for (int64_t k = 0; free_standing && k < n_kept; k++)
            free_standing = !suppresses(s, boxes + 4 * s->kept[k], boxes + 4 * box);
        if (!free_standing) continue;
        s->kept[n_kept++] = box;
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
    s.kept = HN_NEW_ARRAY(call->scratch, int64_t, scores->dim[2]);
    if (!s.best.at || !s.kept) return HONE_OUT_OF_MEMORY;
    for (int64_t batch = 0; batch < scores->dim[0]; batch++)
        for (int64_t class = 0; class < scores->dim[1]; class ++) HN_TRY(suppress_class(call, &s, batch, class));
    HN_TRY(call->resize(call, 0, 2, (const int64_t[]){s.n, 3}));
    for (int64_t i = 0; i < s.n * 3; i++) ((int64_t *)call->out[0]->data)[i] = s.out[i];
    return HONE_OK;
}
