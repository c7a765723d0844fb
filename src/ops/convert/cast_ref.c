/* References of Cast and CastLike: blocks of the source's kind, stored as the target; BitCast copies bytes. */
#include <string.h>
#include "base/dtype.h"
#include "base/half.h"
#include "ops/block.h"
#include "ops/convert/cast_string.h"
#include "ops/registry.h"

/* How values beyond the ends of an 8-bit float become codes. */
typedef struct narrowing {
    bool saturate;
    hn_e8m0_round round;
} narrowing;

static narrowing narrowing_of(hn_attrs attrs) {
    bool down = hn_attrs_text_is(attrs, "round_mode", "up", "down");
    bool nearest = hn_attrs_text_is(attrs, "round_mode", "up", "nearest");
    return (narrowing){hn_attrs_int(attrs, "saturate", 1) != 0, nearest ? HN_E8M0_NEAREST
                                                                : down  ? HN_E8M0_DOWN
                                                                        : HN_E8M0_UP};
}

static void cast_to_float8(hn_tensor *out, const hn_tensor *in, narrowing mode) {
    int64_t count = hn_tensor_count(out);
    uint8_t *to = out->data;
    for (int64_t at = 0; at < count; at += HN_BLOCK) {
        float v[HN_BLOCK];
        int n = count - at < HN_BLOCK ? (int)(count - at) : HN_BLOCK;
        hn_block_load_f32(v, in, at, n);
        for (int i = 0; i < n; i++)
            to[at + i] = out->dtype == HONE_FLOAT8E8M0 ? hn_float8e8m0_from_float(v[i], mode.round, mode.saturate)
                                                       : hn_float8_from_float(out->dtype, v[i], mode.saturate);
    }
}

#define CAST(kind, type)                                                                                               \
    for (int64_t at = 0; at < count; at += HN_BLOCK) {                                                                 \
        type v[HN_BLOCK];                                                                                              \
        int n = count - at < HN_BLOCK ? (int)(count - at) : HN_BLOCK;                                                  \
        hn_block_load_##kind(v, in, at, n);                                                                            \
        hn_block_store_##kind(out, at, v, n);                                                                          \
    }                                                                                                                  \
    break

/* The type that the cast goes through. A float beyond the ends of a type below a byte keeps its low bits, as an integer
 * does. */
static hn_block_kind kind_between(hone_dtype from, hone_dtype to) {
    const hn_block_kind kind = hn_block_kind_of(from);
    return kind == HN_BLOCK_F64 && hn_dtype_is_int(to) && hone_dtype_bits(to) < 8 ? HN_BLOCK_I64 : kind;
}

hone_status hn_ops_ref_cast(hn_call *call) {
    const hn_tensor *in = call->in[0];
    hn_tensor *out = call->out[0];
    int64_t count = out ? hn_tensor_count(out) : 0;
    if (count <= 0) return HONE_OK;
    if (in->dtype == out->dtype) {
        hn_tensor_copy(out, in);
        return HONE_OK;
    }
    if (in->dtype == HONE_STRING || out->dtype == HONE_STRING) return hn_ops_cast_string(call);
    if (hn_dtype_is_float(out->dtype) && hone_dtype_bits(out->dtype) == 8) {
        cast_to_float8(out, in, narrowing_of(call->attrs));
        return HONE_OK;
    }
    switch (kind_between(in->dtype, out->dtype)) {
    case HN_BLOCK_F64:
        CAST(f64, double);
    case HN_BLOCK_I64:
        CAST(i64, int64_t);
    case HN_BLOCK_U64:
        CAST(u64, uint64_t);
    case HN_BLOCK_NONE:
        HN_FAIL(call->diag, HONE_UNSUPPORTED, "casting from %s is not available", hone_dtype_name(in->dtype));
    }
    return HONE_OK;
}

hone_status hn_ops_ref_bit_cast(hn_call *call) {
    if (call->out[0] && hn_tensor_count(call->out[0]) > 0)
        memcpy(call->out[0]->data, call->in[0]->data, hn_tensor_bytes(call->in[0]));
    return HONE_OK;
}
