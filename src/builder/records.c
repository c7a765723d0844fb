/* Growing the plan's tables. */
#include <string.h>
#include "base/dtype.h"
#include "builder/records.h"

static uint32_t give_up(hn_records *r) {
    r->failed = true;
    return 0;
}

bool hn_records_init(hn_records *r, hn_build *build) {
    memset(r, 0, sizeof *r);
    r->build = build;
    r->arena = &build->arena;
    hn_map_init(&r->string_at, r->arena);
    hn_map_init(&r->expr_at, r->arena);
    hn_str_init(&r->blob, r->arena);
    (void)hn_records_string(r, "");
    return !r->failed;
}

uint32_t hn_records_string(hn_records *r, const char *text) {
    if (!text) text = "";
    const void *known = hn_map_get_text(&r->string_at, text);
    if (known) return (uint32_t)((uintptr_t)known - 1);
    const size_t start = r->string.n;
    if (!hn_map_put_text(&r->string_at, text, (void *)(start + 1))) return give_up(r);
    for (const char *c = text;; c++) {
        if (!hn_vec_push(r->arena, &r->string, *c)) return give_up(r);
        if (!*c) break;
    }
    return (uint32_t)start;
}

uint32_t hn_records_expr(hn_records *r, hn_dim dim) {
    /* All unknowns are one record without code. */
    if (hn_dim_has_unknown(dim)) dim = HN_UNKNOWN_DIM;
    if (dim.expr) dim.value = 0;
    const void *known = hn_map_get(&r->expr_at, &dim, sizeof dim);
    if (known) return (uint32_t)((uintptr_t)known - 1);
    hn_plan_expr e = {(uint32_t)r->code.n, 0};
    if (!hn_dim_is_unknown(dim) && !hn_expr_encode(r->arena, &r->code, dim)) return give_up(r);
    e.n = (uint32_t)r->code.n - e.first;
    if (!hn_map_put(&r->expr_at, &dim, sizeof dim, (void *)(r->expr.n + 1))) return give_up(r);
    if (!hn_vec_push(r->arena, &r->expr, e)) return give_up(r);
    return (uint32_t)r->expr.n - 1;
}

uint32_t hn_records_blob(hn_records *r, const void *bytes, size_t n) {
    static const char zero[8];
    hn_str_append(&r->blob, zero, (size_t)(-(int64_t)r->blob.n & 7));
    const uint32_t at = (uint32_t)r->blob.n;
    hn_str_append(&r->blob, bytes, n);
    if (r->blob.failed || r->blob.n > UINT32_MAX) return give_up(r);
    return at;
}

uint32_t hn_records_arg(hn_records *r, uint32_t number) {
    if (!hn_vec_push(r->arena, &r->arg, number)) return give_up(r);
    return (uint32_t)r->arg.n - 1;
}

uint64_t hn_records_weight(hn_records *r, hn_plan_weight item) {
    item.offset = (r->weight_end + 63) & ~(uint64_t)63;
    r->weight_end = item.offset + item.size;
    if (!hn_vec_push(r->arena, &r->weight, item)) r->failed = true;
    return item.offset;
}

uint32_t hn_records_known(const hn_value *value) { return (uint32_t)(uintptr_t)value->mark; }

static uint32_t type_text(hn_records *r, const hn_type *type) {
    hn_str text;
    hn_str_init(&text, r->arena);
    hn_type_print(&text, type);
    return text.failed ? give_up(r) : hn_records_string(r, hn_str_text(&text));
}

uint32_t hn_records_value(hn_records *r, hn_value *value, hn_source source, hn_storage storage) {
    if (value->mark) return hn_records_known(value) - 1;
    const hn_info *info = &value->info;
    const bool object = info->type && info->type->kind > HN_KIND_TENSOR;
    const hone_dtype dtype = object ? HN_DTYPE_OBJECT : info->type ? info->type->dtype : HONE_NO_DTYPE;
    const int rank = object ? 0 : info->shape.rank;
    hn_plan_value v = {.name = hn_records_string(r, value->name),
                       .dtype = (uint8_t)dtype,
                       .rank = (uint8_t)(rank < 0 ? HN_PLAN_UNRANKED : rank),
                       .layout = (uint8_t)value->layout,
                       .source = (uint8_t)source,
                       .storage = (uint8_t)storage,
                       .type = object ? type_text(r, info->type) : 0};
    for (int i = 0; i < rank; i++) v.dim[i] = hn_records_expr(r, info->shape.dim[i]);
    if (!hn_vec_push(r->arena, &r->value, v)) return give_up(r);
    value->mark = (void *)(uintptr_t)r->value.n;
    return (uint32_t)r->value.n - 1;
}

uint32_t hn_records_root(const hn_records *r, uint32_t value) {
    while (r->value.at[value].storage == HN_STORAGE_ALIAS) value = r->value.at[value].alias;
    return value;
}

void hn_records_plan(const hn_records *r, hn_plan *plan, const hn_plan_step *step) {
    plan->strings = r->string.at, plan->n_strings = r->string.n;
    plan->code = r->code.at, plan->n_code = (uint32_t)r->code.n;
    plan->expr = r->expr.at, plan->n_expr = (uint32_t)r->expr.n;
    plan->value = r->value.at, plan->n_value = (uint32_t)r->value.n;
    plan->arg = r->arg.at, plan->n_arg = (uint32_t)r->arg.n;
    plan->step = step, plan->n_step = (uint32_t)r->step.n;
    plan->block = r->block.at, plan->n_block = (uint32_t)r->block.n;
    plan->packed = r->packed.at, plan->n_packed = (uint32_t)r->packed.n;
    plan->blob = (const uint8_t *)r->blob.data, plan->n_blob = r->blob.n;
    plan->n_weights = r->weight_end;
}
