/* Opening a plan: header, section table, hashes, then the pointers of hn_plan. What the numbers inside say is checked
 * by plan_verify.c. */
#include <inttypes.h>
#include <string.h>
#include "base/map.h"
#include "plan/plan_verify.h"

static hone_status check_header(const uint8_t *bytes, size_t n, hn_plan_header *header, hn_diag *diag) {
    if (n < sizeof *header)
        HN_FAIL(diag, HONE_MALFORMED, "the plan is truncated: %zu bytes, the header alone has %zu", n, sizeof *header);
    memcpy(header, bytes, sizeof *header);
    if (memcmp(header->magic, HN_PLAN_MAGIC, sizeof header->magic) != 0)
        HN_FAIL(diag, HONE_MALFORMED, "this is no plan: it does not begin with " HN_PLAN_MAGIC);
    if (header->version != HN_PLAN_VERSION)
        HN_FAIL(diag, HONE_VERSION_MISMATCH,
                "the plan has format version %" PRIu32 ", this library reads %d: build it again", header->version,
                HN_PLAN_VERSION);
    if (header->file_size != n)
        HN_FAIL(diag, HONE_MALFORMED, "the plan is truncated or extended: %zu bytes, %" PRIu64 " expected", n,
                header->file_size);
    if (header->n_sections != HN_SECTION_COUNT)
        HN_FAIL(diag, HONE_MALFORMED, "the plan has %" PRIu32 " sections, %d expected", header->n_sections,
                HN_SECTION_COUNT);
    return HONE_OK;
}

uint64_t hn_plan_header_hash(const hn_plan_header *header, const hn_plan_section *table) {
    hn_plan_header plain = *header;
    plain.hash = 0;
    return hn_hash(table, HN_SECTION_COUNT * sizeof *table, hn_hash(&plain, sizeof plain, 0));
}

static hone_status check_section(const uint8_t *bytes, size_t n, const hn_plan_section *s, uint32_t id, bool hashed,
                                 hn_diag *diag) {
    if (s->id != id || s->offset % 64 || s->offset > n || s->size > n - s->offset)
        HN_FAIL(diag, HONE_MALFORMED, "section %" PRIu32 " of the plan lies outside the file", id);
    if (hashed && hn_hash(bytes + s->offset, s->size, id) != s->hash)
        HN_FAIL(diag, HONE_MALFORMED, "section %" PRIu32 " of the plan is damaged: its hash does not fit", id);
    return HONE_OK;
}

/* Number of records of `size` bytes in a section; the section must hold a whole number of them. */
static hone_status count_records(const hn_plan_section *s, size_t size, uint32_t *n, hn_diag *diag) {
    if (s->size % size || s->size / size >= UINT32_MAX / 2)
        HN_FAIL(diag, HONE_MALFORMED, "section %" PRIu32 " of the plan has %" PRIu64 " bytes, no multiple of %zu",
                s->id, s->size, size);
    *n = (uint32_t)(s->size / size);
    return HONE_OK;
}

static hone_status set_tables(const uint8_t *bytes, const hn_plan_section *s, hn_plan *plan, hn_diag *diag) {
#define TABLE(section, pointer, count)                                                                                 \
    plan->pointer = (const void *)(bytes + s[section].offset);                                                         \
    HN_TRY(count_records(&s[section], sizeof *plan->pointer, &plan->count, diag))
    TABLE(HN_SECTION_META, meta, n_meta);
    TABLE(HN_SECTION_SYMBOLS, symbol, n_symbol);
    TABLE(HN_SECTION_CODE, code, n_code);
    TABLE(HN_SECTION_EXPRS, expr, n_expr);
    TABLE(HN_SECTION_VALUES, value, n_value);
    TABLE(HN_SECTION_ARGS, arg, n_arg);
    TABLE(HN_SECTION_STEPS, step, n_step);
    TABLE(HN_SECTION_BLOCKS, block, n_block);
    TABLE(HN_SECTION_PACKED, packed, n_packed);
#undef TABLE
    plan->strings = (const char *)bytes + s[HN_SECTION_STRINGS].offset;
    plan->n_strings = s[HN_SECTION_STRINGS].size;
    plan->profiles = bytes + s[HN_SECTION_PROFILES].offset;
    plan->n_profiles_bytes = s[HN_SECTION_PROFILES].size;
    plan->blob = bytes + s[HN_SECTION_BLOBS].offset;
    plan->n_blob = s[HN_SECTION_BLOBS].size;
    plan->weights = bytes + s[HN_SECTION_WEIGHTS].offset;
    plan->n_weights = s[HN_SECTION_WEIGHTS].size;
    const uint64_t each = sizeof(hn_plan_profile) + (uint64_t)plan->n_symbol * sizeof(hn_plan_range);
    if (plan->n_profiles_bytes % each || plan->n_profiles_bytes == 0 || plan->n_profiles_bytes / each > 10000)
        HN_FAIL(diag, HONE_MALFORMED, "the plan's profiles do not fit its %" PRIu32 " symbols", plan->n_symbol);
    plan->n_profile = (uint32_t)(plan->n_profiles_bytes / each);
    return HONE_OK;
}

hone_status hn_plan_open_memory(const void *data, size_t n, bool verify_weights, hn_plan *plan, hn_diag *diag) {
    const uint8_t *bytes = data;
    hn_plan_header header;
    memset(plan, 0, sizeof *plan);
    if ((uintptr_t)bytes % 64) HN_FAIL(diag, HONE_INVALID_ARGUMENT, "a plan in memory must be 64-byte aligned");
    HN_TRY(check_header(bytes, n, &header, diag));
    const hn_plan_section *table = (const void *)(bytes + sizeof header);
    if (n < sizeof header + HN_SECTION_COUNT * sizeof *table)
        HN_FAIL(diag, HONE_MALFORMED, "the plan is truncated inside its section table");
    if (hn_plan_header_hash(&header, table) != header.hash)
        HN_FAIL(diag, HONE_MALFORMED, "the plan's header is damaged: its hash does not fit");
    for (uint32_t id = 0; id < HN_SECTION_COUNT; id++)
        HN_TRY(check_section(bytes, n, &table[id], id, id != HN_SECTION_WEIGHTS || verify_weights, diag));
    HN_TRY(set_tables(bytes, table, plan, diag));
    return hn_plan_verify(plan, diag);
}

hone_status hn_plan_open(const char *path, bool verify_weights, hn_plan *plan, hn_diag *diag) {
    hn_map_file file;
    memset(plan, 0, sizeof *plan);
    HN_TRY(hn_file_map(path, &file, diag));
    hone_status status = file.size ? hn_plan_open_memory(file.data, file.size, verify_weights, plan, diag)
                                   : hn_diag_add(diag, HONE_ERROR, HONE_MALFORMED, "the plan is empty");
    plan->file = file;
    if (status != HONE_OK) hn_plan_close(plan);
    return status;
}

void hn_plan_close(hn_plan *plan) {
    hn_file_unmap(&plan->file);
    memset(plan, 0, sizeof *plan);
}

/* ---- accessors ---- */

const char *hn_plan_meta_find(const hn_plan *plan, const char *key) {
    for (uint32_t i = 0; i < plan->n_meta; i++)
        if (strcmp(hn_plan_text(plan, plan->meta[i].key), key) == 0) return hn_plan_text(plan, plan->meta[i].value);
    return NULL;
}

const hn_plan_profile *hn_plan_profile_at(const hn_plan *plan, uint32_t index) {
    const size_t each = sizeof(hn_plan_profile) + plan->n_symbol * sizeof(hn_plan_range);
    return (const void *)(plan->profiles + index * each);
}

const hn_plan_range *hn_plan_ranges(const hn_plan *plan, uint32_t profile) {
    return (const void *)(hn_plan_profile_at(plan, profile) + 1);
}

const uint32_t *hn_plan_step_in(const hn_plan *plan, const hn_plan_step *step) { return plan->arg + step->args; }

const uint32_t *hn_plan_step_out(const hn_plan *plan, const hn_plan_step *step) {
    return plan->arg + step->args + step->n_in;
}

const uint32_t *hn_plan_step_blocks(const hn_plan *plan, const hn_plan_step *step) {
    return plan->arg + step->args + step->n_in + step->n_out;
}

bool hn_plan_eval(const hn_plan *plan, uint32_t expr, const int64_t *symbol, int64_t *out) {
    const hn_plan_expr *e = &plan->expr[expr];
    return e->n && hn_expr_run(plan->code + e->first, e->n, symbol, out);
}

bool hn_plan_has_dims(const hn_plan *plan, const hn_plan_value *value) {
    if (value->rank == HN_PLAN_UNRANKED) return false;
    for (int i = 0; i < value->rank; i++)
        if (!plan->expr[value->dim[i]].n) return false;
    return true;
}

bool hn_plan_dims(const hn_plan *plan, const hn_plan_value *value, const int64_t *symbol, int64_t *dim) {
    if (value->rank == HN_PLAN_UNRANKED) return false;
    for (int i = 0; i < value->rank; i++)
        if (!hn_plan_eval(plan, value->dim[i], symbol, &dim[i]) || dim[i] < 0) return false;
    return true;
}
