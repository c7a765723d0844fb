/* The table of operators: identity from ops.def, meaning from the families. */
#include "ops/registry.h"

#include <string.h>

static const hn_op table[HN_OP_COUNT] = {
#define HN_OP(identifier, text, least_in, most_in, least_out, most_out, fact_bits, host_bits)                          \
    [HN_OP_##identifier].name = text, [HN_OP_##identifier].id = HN_OP_##identifier,                                    \
    [HN_OP_##identifier].min_in = least_in, [HN_OP_##identifier].max_in = most_in,                                     \
    [HN_OP_##identifier].min_out = least_out, [HN_OP_##identifier].max_out = most_out,                                 \
    [HN_OP_##identifier].facts = fact_bits, [HN_OP_##identifier].host = host_bits,
#include "abi/ops.def"
#undef HN_OP
#define HN_IMPL(identifier, infer_fn, ref_fn, element_fn)                                                              \
    [HN_OP_##identifier].infer = infer_fn, [HN_OP_##identifier].ref = ref_fn, [HN_OP_##identifier].element = element_fn,
#include "ops/families.inc"
#undef HN_IMPL
};

/* Comparing lengths first leaves about a dozen names to look at. */
static const uint8_t name_length[HN_OP_COUNT] = {
#define HN_OP(id, name, min_in, max_in, min_out, max_out, facts, host) [HN_OP_##id] = sizeof(name) - 1,
#include "abi/ops.def"
#undef HN_OP
};

const hn_op *hn_op_at(hn_op_id id) { return (unsigned)id < HN_OP_COUNT ? &table[id] : NULL; }

const hn_op *hn_op_find(const char *name) {
    size_t length = strlen(name);
    for (int i = 0; i < HN_OP_COUNT; i++)
        if (name_length[i] == length && memcmp(table[i].name, name, length) == 0) return &table[i];
    return NULL;
}
