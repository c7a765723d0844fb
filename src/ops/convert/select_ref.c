/* References of Where and Clip. */
#include <string.h>
#include "ops/broadcast.h"
#include "ops/numeric.h"
#include "ops/registry.h"

#define SELECT(bytes)                                                                                                  \
    for (int i = 0; i < w->length; i++) {                                                                              \
        const char *from = condition[w->at[0] + i * w->step[0]] ? yes + (w->at[1] + i * w->step[1]) * (bytes)          \
                                                                : no + (w->at[2] + i * w->step[2]) * (bytes);          \
        memcpy(to + (w->out + i) * (bytes), from, bytes);                                                              \
    }                                                                                                                  \
    break

static void select_row(const hn_broadcast *w, const hn_call *call, size_t size) {
    const uint8_t *condition = call->in[0]->data;
    const char *yes = call->in[1]->data, *no = call->in[2]->data;
    char *to = call->out[0]->data;
    switch (size) {
    case 1:
        SELECT(1);
    case 2:
        SELECT(2);
    case 4:
        SELECT(4);
    case 8:
        SELECT(8);
    default:
        SELECT(16);
    }
}

hone_status hn_ops_ref_where(hn_call *call) {
    hn_broadcast w;
    if (!call->out[0]) return HONE_OK;
    size_t size = hn_element_size(call->out[0]->dtype);
    for (bool more = hn_broadcast_begin(&w, call->out[0], call->in, 3); more; more = hn_broadcast_next(&w))
        select_row(&w, call, size);
    return HONE_OK;
}

static const hn_tensor *limit(const hn_call *call, int i) { return i < call->n_in ? call->in[i] : NULL; }

/* The lower limit first: where it is above the upper one, the upper one holds. NaN stays. */
#define DEFINE_CLIP(kind, type, lowest, highest)                                                                       \
    static void clip_##kind(const hn_call *call) {                                                                     \
        hn_tensor *out = call->out[0];                                                                                 \
        type low = lowest, high = highest, v[HN_BLOCK];                                                                \
        if (limit(call, 1)) hn_block_load_##kind(&low, limit(call, 1), 0, 1);                                          \
        if (limit(call, 2)) hn_block_load_##kind(&high, limit(call, 2), 0, 1);                                         \
        int64_t count = hn_tensor_count(out);                                                                          \
        for (int64_t at = 0; at < count; at += HN_BLOCK) {                                                             \
            int n = count - at < HN_BLOCK ? (int)(count - at) : HN_BLOCK;                                              \
            hn_block_load_##kind(v, call->in[0], at, n);                                                               \
            for (int i = 0; i < n; i++) v[i] = lesser(greater(v[i], low), high);                                       \
            hn_block_store_##kind(out, at, v, n);                                                                      \
        }                                                                                                              \
    }

DEFINE_CLIP(f64, double, -HUGE_VAL, HUGE_VAL)
DEFINE_CLIP(i64, int64_t, INT64_MIN, INT64_MAX)
DEFINE_CLIP(u64, uint64_t, 0, UINT64_MAX)

hone_status hn_ops_ref_clip(hn_call *call) {
    if (!call->out[0]) return HONE_OK;
    switch (hn_block_kind_of(call->in[0]->dtype)) {
    case HN_BLOCK_F64:
        clip_f64(call);
        break;
    case HN_BLOCK_I64:
        clip_i64(call);
        break;
    default:
        clip_u64(call);
        break;
    }
    return HONE_OK;
}
