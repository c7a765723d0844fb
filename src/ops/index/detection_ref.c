/* EfficientNMS_TRT and BatchedNMS_TRT: per image the best boxes that no better one overlaps too much, in outputs of
 * fixed size whose rest is filled up. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "ops/block.h"
#include "ops/index/index.h"
#include "ops/registry.h"

enum { MOST_CANDIDATES = 4096 }; /* that EfficientNMS_TRT looks at in an image */

typedef struct box {
    float low[2], high[2];
} box;

typedef struct detection {
    int64_t candidate; /* box * classes + class */
    box box;
} detection;

typedef struct suppression {
    const hn_tensor *boxes, *scores, *anchors; /* anchors NULL: boxes are final */
    int64_t n, classes, background;
    bool centred;  /* boxes are centre and size */
    bool agnostic; /* boxes of all classes compete */
    bool sigmoid;
    float floor, overlap, extra; /* extra: what the extent of a box has beyond the difference of its corners */
    hn_best best;
    detection *kept;
    int64_t n_kept, room;
} suppression;

/* ---- boxes ---- */

/* Both boxes are corners or both centre and size. */
static void decode(const suppression *s, const float *anchor, float *at) {
    for (int i = 0; i < 2; i++) {
        at[i] = s->centred ? at[i] * anchor[i + 2] + anchor[i] : at[i] + anchor[i];
        at[i + 2] = s->centred ? anchor[i + 2] * expf(at[i + 2]) : at[i + 2] + anchor[i + 2];
    }
}

static box box_of(const suppression *s, int64_t image, int64_t candidate) {
    const int64_t number = candidate / s->classes, class = candidate % s->classes;
    const int64_t each = s->boxes->rank == 4 ? s->boxes->dim[2] : 1;
    float at[4], anchor[4];
    box out;
    hn_block_load_f32(at, s->boxes, ((image * s->n + number) * each + (each > 1 ? class : 0)) * 4, 4);
    if (s->anchors) {
        hn_block_load_f32(anchor, s->anchors, ((s->anchors->dim[0] > 1 ? image : 0) * s->n + number) * 4, 4);
        decode(s, anchor, at);
    }
    for (int i = 0; i < 2; i++) {
        out.low[i] = s->centred ? at[i] - at[i + 2] / 2 : at[i];
        out.high[i] = s->centred ? at[i] + at[i + 2] / 2 : at[i + 2];
    }
    return out;
}

static float area(const suppression *s, const box *b) {
    const float width = b->high[0] - b->low[0] + s->extra, height = b->high[1] - b->low[1] + s->extra;
    return width > 0 && height > 0 ? width * height : 0;
}

static bool suppresses(const suppression *s, const box *better, const box *b) {
    box shared;
    for (int i = 0; i < 2; i++) {
        shared.low[i] = better->low[i] > b->low[i] ? better->low[i] : b->low[i];
        shared.high[i] = better->high[i] < b->high[i] ? better->high[i] : b->high[i];
    }
    const float common = area(s, &shared), joined = area(s, better) + area(s, b) - common;
    return joined > 0 && common / joined > s->overlap;
}

/* ---- one image ---- */

static float score_of(const suppression *s, int64_t image, int64_t candidate) {
    float score;
    hn_block_load_f32(&score, s->scores, image * s->n * s->classes + candidate, 1);
    return s->sigmoid ? 1 / (1 + expf(-score)) : score;
}

static void offer(suppression *s, int64_t image, int64_t candidate) {
    if (score_of(s, image, candidate) >= s->floor)
        hn_best_offer(&s->best,
                      (hn_candidate){hn_order_key(s->scores, image * s->n * s->classes + candidate), candidate});
}

/* Goes through the candidates, best first; keeps those that nothing kept from `first` on suppresses. */
static void select_boxes(suppression *s, int64_t image, int64_t first) {
    hn_best_sort(&s->best);
    for (int64_t i = 0; i < s->best.n && s->n_kept < s->room; i++) {
        const int64_t candidate = s->best.at[i].index;
        const box b = box_of(s, image, candidate);
        bool free = true;
        for (int64_t k = first; free && k < s->n_kept; k++) {
            const bool rivals = s->agnostic || s->kept[k].candidate % s->classes == candidate % s->classes;
            free = !rivals || !suppresses(s, &s->kept[k].box, &b);
        }
        if (free) s->kept[s->n_kept++] = (detection){candidate, b};
    }
}

/* ---- outputs ---- */

static void write_image(hn_call *call, const suppression *s, int64_t image, int64_t room, float filler, bool clip) {
    const int32_t count = (int32_t)s->n_kept;
    if (call->out[0]) ((int32_t *)call->out[0]->data)[image] = count;
    for (int64_t k = 0; k < room; k++) {
        const detection *d = k < s->n_kept ? &s->kept[k] : NULL;
        const double class = d ? (double)(d->candidate % s->classes) : (double)filler;
        const float score = d ? score_of(s, image, d->candidate) : 0;
        float at[4] = {0};
        for (int i = 0; d && i < 4; i++) at[i] = (i < 2 ? d->box.low : d->box.high)[i % 2];
        for (int i = 0; clip && i < 4; i++) at[i] = at[i] < 0 ? 0 : at[i] > 1 ? 1 : at[i];
        if (call->out[1]) hn_block_store_f32(call->out[1], (image * room + k) * 4, at, 4);
        if (call->out[2]) hn_block_store_f32(call->out[2], image * room + k, &score, 1);
        if (call->out[3]) hn_block_store_f64(call->out[3], image * room + k, &class, 1);
    }
}

static hone_status begin(hn_call *call, suppression *s, int64_t capacity, int64_t room) {
    s->boxes = call->in[0];
    s->scores = call->in[1];
    s->n = s->scores->dim[1];
    s->classes = s->scores->dim[2];
    if (capacity > s->n * s->classes) capacity = s->n * s->classes;
    s->best = (hn_best){HN_NEW_ARRAY(call->scratch, hn_candidate, capacity + 1), 0, capacity};
    HN_TRY_ALLOC(s->best.at);
    HN_TRY_ALLOC(s->kept = HN_NEW_ARRAY(call->scratch, detection, room + 1));
    return HONE_OK;
}

hone_status hn_ops_ref_efficient_nms(hn_call *call) {
    const int64_t room = hn_attrs_int(call->attrs, "max_output_boxes", 100);
    suppression s = {.room = room, .anchors = call->n_in > 2 ? call->in[2] : NULL};
    s.background = hn_attrs_int(call->attrs, "background_class", -1);
    s.centred = hn_attrs_int(call->attrs, "box_coding", 0) == 1;
    s.agnostic = hn_attrs_int(call->attrs, "class_agnostic", 0) != 0;
    s.sigmoid = hn_attrs_int(call->attrs, "score_activation", 0) != 0;
    s.floor = hn_attrs_float(call->attrs, "score_threshold", 0.25f);
    s.overlap = hn_attrs_float(call->attrs, "iou_threshold", 0.5f);
    HN_TRY(begin(call, &s, MOST_CANDIDATES, room));
    for (int64_t image = 0; image < s.scores->dim[0]; image++) {
        s.best.n = s.n_kept = 0;
        for (int64_t i = 0; i < s.n * s.classes; i++)
            if (i % s.classes != s.background) offer(&s, image, i);
        select_boxes(&s, image, 0);
        write_image(call, &s, image, room, 0, false);
    }
    return HONE_OK;
}

static int by_score(const void *a, const void *b) {
    const hn_candidate *x = a, *y = b;
    if (x->key != y->key) return x->key < y->key ? 1 : -1;
    return (x->index > y->index) - (x->index < y->index);
}

/* The boxes of all classes, best first. */
static hone_status merge_classes(hn_call *call, suppression *s, int64_t image) {
    hn_candidate *order = HN_NEW_ARRAY(call->scratch, hn_candidate, s->n_kept + 1);
    detection *sorted = HN_NEW_ARRAY(call->scratch, detection, s->n_kept + 1);
    if (!order || !sorted) return HONE_OUT_OF_MEMORY;
    for (int64_t k = 0; k < s->n_kept; k++)
        order[k] = (hn_candidate){hn_order_key(s->scores, image * s->n * s->classes + s->kept[k].candidate), k};
    qsort(order, (size_t)s->n_kept, sizeof *order, by_score);
    for (int64_t k = 0; k < s->n_kept; k++) sorted[k] = s->kept[order[k].index];
    memcpy(s->kept, sorted, (size_t)s->n_kept * sizeof *sorted);
    return HONE_OK;
}

hone_status hn_ops_ref_batched_nms(hn_call *call) {
    const int64_t keep = hn_attrs_int(call->attrs, "keepTopK", 0), top = hn_attrs_int(call->attrs, "topK", -1);
    const bool clip = hn_attrs_int(call->attrs, "clipBoxes", 1) != 0;
    suppression s = {.background = hn_attrs_int(call->attrs, "backgroundLabelId", -1)};
    s.floor = hn_attrs_float(call->attrs, "scoreThreshold", 0);
    s.overlap = hn_attrs_float(call->attrs, "iouThreshold", 0.5f);
    s.extra = hn_attrs_int(call->attrs, "isNormalized", 1) != 0 ? 0 : 1;
    HN_TRY(begin(call, &s, top < 0 || top > call->in[1]->dim[1] ? call->in[1]->dim[1] : top,
                 hn_tensor_count(call->in[1])));
    s.room = s.n * s.classes;
    for (int64_t image = 0; image < s.scores->dim[0]; image++) {
        s.n_kept = 0;
        for (int64_t class = 0; class < s.classes; class ++) {
            const int64_t first = s.n_kept;
            s.best.n = 0;
            for (int64_t i = 0; i < s.n && class != s.background; i++) offer(&s, image, i * s.classes + class);
            select_boxes(&s, image, first);
        }
        HN_TRY(merge_classes(call, &s, image));
        if (s.n_kept > keep) s.n_kept = keep;
        write_image(call, &s, image, keep, -1, clip);
    }
    return HONE_OK;
}
