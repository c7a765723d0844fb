/* Where the planned values of the main program lie for given shapes: lifetimes come from the plan, sizes from the
 * symbols. */
#include <string.h>
#include "base/offsets.h"
#include "plan/plan.h"

enum { ALIGNMENT = 64, SLACK = 64 };

/* Bytes of a value with slack, rounded up; false when its shape cannot be evaluated or overflows. */
static bool planned_bytes(const hn_plan *plan, const hn_plan_value *v, const int64_t *symbol, uint64_t *out) {
    hn_tensor t = {.dtype = (hone_dtype)v->dtype};
    int64_t dim[HONE_MAX_RANK];
    if (!hn_plan_dims(plan, v, symbol, dim)) return false;
    hn_tensor_set_shape(&t, v->rank, dim);
    const size_t bytes = hn_tensor_bytes(&t);
    if (bytes > SIZE_MAX / 4) return false;
    *out = (bytes + SLACK + ALIGNMENT - 1) & ~(uint64_t)(ALIGNMENT - 1);
    return true;
}

hone_status hn_plan_memory(const hn_plan *plan, const int64_t *symbol, int space, hn_arena *scratch, uint64_t *offset,
                           uint64_t *total, uint64_t *live, hn_diag *diag) {
    hn_buffer *buffer = HN_NEW_ARRAY(scratch, hn_buffer, plan->n_value);
    uint32_t *value = HN_NEW_ARRAY(scratch, uint32_t, plan->n_value);
    if (!buffer || !value) return HONE_OUT_OF_MEMORY;
    size_t n = 0;
    for (uint32_t i = 0; i < plan->n_value; i++) {
        const hn_plan_value *v = &plan->value[i];
        if (v->storage != HN_STORAGE_PLANNED || v->space != space) continue;
        buffer[n] = (hn_buffer){.first = v->first, .last = v->last};
        if (!planned_bytes(plan, v, symbol, &buffer[n].size))
            HN_FAIL(diag, HONE_INVALID_ARGUMENT, "value '%s' has no valid shape for these input shapes",
                    hn_plan_text(plan, v->name));
        value[n++] = i;
    }
    HN_TRY(hn_offsets_assign(buffer, n, ALIGNMENT, scratch, total, live));
    for (size_t k = 0; k < n; k++) offset[value[k]] = buffer[k].offset;
    return HONE_OK;
}
