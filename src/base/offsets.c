/* Memory planning by greedy placement: buffers are placed one after the other into the tightest gap left by those that
 * live at the same time; several orders are tried and the smallest arena wins. */
#include "base/offsets.h"

#include <stdlib.h>
#include <string.h>
#include "base/diag.h"

#define LARGEST_ARENA ((uint64_t)1 << 62)

typedef struct ranked {
    uint64_t key;
    size_t index;
} ranked;

typedef struct planner {
    hn_buffer *buffer;
    uint64_t *size; /* rounded up to the alignment */
    size_t n;
    uint64_t *offset; /* of the order being tried */
    ranked *order;
    size_t *placed; /* buffers that have their offset, by offset */
} planner;

/* Largest key first; equal keys in the caller's order, so that the result is the same everywhere. */
static int compare_ranked(const void *a, const void *b) {
    const ranked *x = a, *y = b;
    if (x->key != y->key) return x->key > y->key ? -1 : 1;
    return x->index < y->index ? -1 : x->index > y->index;
}

/* What a buffer's place in an order depends on. */
typedef uint64_t (*rank_fn)(const hn_buffer *buffer, uint64_t size);

static uint64_t length_of(const hn_buffer *b) { return (uint64_t)((int64_t)b->last - b->first) + 1; }

static uint64_t by_size(const hn_buffer *b, uint64_t size) {
    (void)b;
    return size;
}

static uint64_t by_area(const hn_buffer *b, uint64_t size) {
    uint64_t area;
    return __builtin_mul_overflow(size, length_of(b), &area) ? UINT64_MAX : area;
}

static uint64_t by_last_use(const hn_buffer *b, uint64_t size) {
    (void)size;
    return (uint64_t)((int64_t)b->last - INT32_MIN);
}

static uint64_t by_first_use(const hn_buffer *b, uint64_t size) {
    (void)size;
    return (uint64_t)(INT32_MAX - (int64_t)b->first);
}

static uint64_t by_length(const hn_buffer *b, uint64_t size) {
    (void)size;
    return length_of(b);
}

static bool meet(const hn_buffer *a, const hn_buffer *b) { return a->first <= b->last && b->first <= a->last; }

/* Offset of the tightest gap between the placed buffers that live together with `index`, or behind them. */
static uint64_t find_gap(const planner *p, size_t placed, size_t index) {
    uint64_t end = 0, best = UINT64_MAX, best_size = UINT64_MAX;
    for (size_t i = 0; i < placed; i++) {
        size_t other = p->placed[i];
        if (!meet(&p->buffer[index], &p->buffer[other])) continue;
        uint64_t start = p->offset[other], gap = start > end ? start - end : 0;
        if (gap >= p->size[index] && gap < best_size) {
            best = end;
            best_size = gap;
        }
        if (start + p->size[other] > end) end = start + p->size[other];
    }
    return best == UINT64_MAX ? end : best;
}

static void insert_placed(planner *p, size_t placed, size_t index) {
    size_t low = 0, high = placed;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (p->offset[p->placed[middle]] <= p->offset[index]) low = middle + 1;
        else high = middle;
    }
    memmove(&p->placed[low + 1], &p->placed[low], (placed - low) * sizeof *p->placed);
    p->placed[low] = index;
}

/* Places all buffers in the given order; the arena's size. */
static uint64_t place(planner *p, rank_fn rank) {
    uint64_t total = 0;
    size_t placed = 0;
    for (size_t i = 0; i < p->n; i++) p->order[i] = (ranked){rank(&p->buffer[i], p->size[i]), i};
    qsort(p->order, p->n, sizeof *p->order, compare_ranked);
    for (size_t i = 0; i < p->n; i++) {
        size_t index = p->order[i].index;
        p->offset[index] = 0;
        if (p->size[index] == 0) continue;
        p->offset[index] = find_gap(p, placed, index);
        insert_placed(p, placed++, index);
        if (p->offset[index] + p->size[index] > total) total = p->offset[index] + p->size[index];
    }
    return total;
}

/* Rounds the sizes up; refuses what would overflow even if nothing overlapped. */
static hone_status measure(planner *p, size_t alignment) {
    uint64_t sum = 0;
    for (size_t i = 0; i < p->n; i++) {
        const hn_buffer *b = &p->buffer[i];
        if (b->first > b->last) return HONE_INVALID_ARGUMENT;
        if (b->size > LARGEST_ARENA) return HONE_OUT_OF_MEMORY;
        p->size[i] = (b->size + alignment - 1) / alignment * alignment;
        if (p->size[i] > LARGEST_ARENA - sum) return HONE_OUT_OF_MEMORY;
        sum += p->size[i];
    }
    return HONE_OK;
}

typedef struct event {
    int64_t step;
    uint64_t born, dies; /* bytes that begin or stop living at this step */
} event;

static int compare_events(const void *a, const void *b) {
    const event *x = a, *y = b;
    return (x->step > y->step) - (x->step < y->step);
}

/* Largest sum of sizes live at one step: no plan can need less. */
static uint64_t live_peak(const uint64_t *size, const hn_buffer *buffer, size_t n, event *events) {
    for (size_t i = 0; i < n; i++) {
        events[2 * i] = (event){buffer[i].first, size[i], 0};
        events[2 * i + 1] = (event){(int64_t)buffer[i].last + 1, 0, size[i]};
    }
    qsort(events, 2 * n, sizeof *events, compare_events);
    uint64_t live = 0, peak = 0;
    for (size_t i = 0; i < 2 * n; i++) {
        live += events[i].born - events[i].dies; /* may wrap in between, never at the end of a step */
        bool step_ends = i + 1 == 2 * n || events[i + 1].step != events[i].step;
        if (step_ends && live > peak) peak = live;
    }
    return peak;
}

static hone_status allocate(planner *p, hn_arena *scratch, event **events) {
    p->size = HN_NEW_ARRAY(scratch, uint64_t, p->n);
    p->offset = HN_NEW_ARRAY(scratch, uint64_t, p->n);
    p->order = HN_NEW_ARRAY(scratch, ranked, p->n);
    p->placed = HN_NEW_ARRAY(scratch, size_t, p->n);
    *events = p->n <= SIZE_MAX / 2 ? HN_NEW_ARRAY(scratch, event, 2 * p->n) : NULL;
    return p->size && p->offset && p->order && p->placed && *events ? HONE_OK : HONE_OUT_OF_MEMORY;
}

hone_status hn_offsets_assign(hn_buffer *buffer, size_t n, size_t alignment, hn_arena *scratch, uint64_t *total,
                              uint64_t *lower_bound) {
    static const rank_fn orders[] = {by_size, by_area, by_last_use, by_first_use, by_length};
    planner p = {.buffer = buffer, .n = n};
    event *events;
    if (alignment == 0 || alignment > LARGEST_ARENA) return HONE_INVALID_ARGUMENT;
    HN_TRY(allocate(&p, scratch, &events));
    HN_TRY(measure(&p, alignment));
    uint64_t peak = live_peak(p.size, buffer, n, events), best = UINT64_MAX;
    for (size_t i = 0; i < sizeof orders / sizeof *orders && best > peak; i++) {
        uint64_t size = place(&p, orders[i]);
        if (size >= best) continue;
        best = size;
        for (size_t j = 0; j < n; j++) buffer[j].offset = p.offset[j];
    }
    *total = best;
    if (!lower_bound) return HONE_OK;
    for (size_t i = 0; i < n; i++) p.size[i] = buffer[i].size;
    *lower_bound = live_peak(p.size, buffer, n, events);
    return HONE_OK;
}
