/* Writing a plan: tables first, weights streamed behind them, header last. */
#include <string.h>
#include <xxhash.h>
#include "base/map.h"
#include "plan/plan_verify.h"

typedef struct plan_writer {
    hn_file_writer file;
    hn_plan_section table[HN_SECTION_COUNT];
    hn_diag *diag;
} plan_writer;

static hone_status begin_section(plan_writer *w, hn_section id) {
    HN_TRY(hn_file_align(&w->file, 64, w->diag));
    w->table[id] = (hn_plan_section){.id = id, .offset = w->file.offset};
    return HONE_OK;
}

static hone_status write_section(plan_writer *w, hn_section id, const void *bytes, uint64_t n) {
    HN_TRY(begin_section(w, id));
    w->table[id].size = n;
    w->table[id].hash = hn_hash(bytes, n, id);
    return hn_file_write(&w->file, bytes, n, w->diag);
}

static hone_status write_tables(plan_writer *w, const hn_plan *p) {
    HN_TRY(write_section(w, HN_SECTION_META, p->meta, p->n_meta * sizeof *p->meta));
    HN_TRY(write_section(w, HN_SECTION_STRINGS, p->strings, p->n_strings));
    HN_TRY(write_section(w, HN_SECTION_SYMBOLS, p->symbol, p->n_symbol * sizeof *p->symbol));
    HN_TRY(write_section(w, HN_SECTION_PROFILES, p->profiles, p->n_profiles_bytes));
    HN_TRY(write_section(w, HN_SECTION_CODE, p->code, p->n_code * sizeof *p->code));
    HN_TRY(write_section(w, HN_SECTION_EXPRS, p->expr, p->n_expr * sizeof *p->expr));
    HN_TRY(write_section(w, HN_SECTION_VALUES, p->value, p->n_value * sizeof *p->value));
    HN_TRY(write_section(w, HN_SECTION_ARGS, p->arg, p->n_arg * sizeof *p->arg));
    HN_TRY(write_section(w, HN_SECTION_STEPS, p->step, p->n_step * sizeof *p->step));
    HN_TRY(write_section(w, HN_SECTION_BLOCKS, p->block, p->n_block * sizeof *p->block));
    HN_TRY(write_section(w, HN_SECTION_PACKED, p->packed, p->n_packed * sizeof *p->packed));
    return write_section(w, HN_SECTION_BLOBS, p->blob, p->n_blob);
}

static hone_status fill_item(const hn_plan_weight *item, const void **bytes, hn_arena *scratch, hn_diag *diag) {
    *bytes = item->bytes;
    if (!item->fill) return HONE_OK;
    void *to = hn_arena_alloc_aligned(scratch, item->size, 64);
    HN_TRY_ALLOC(to);
    memset(to, 0, item->size);
    *bytes = to;
    return item->fill(item->user, item, to, diag);
}

/* One item after the other; only the largest packed one is ever in memory. */
static hone_status stream_weights(plan_writer *w, const hn_plan_weight *weight, size_t n, XXH3_state_t *hash) {
    static const char zero[64];
    hn_arena scratch;
    hn_arena_init(&scratch, NULL);
    hone_status status = HONE_OK;
    uint64_t at = 0;
    for (size_t i = 0; status == HONE_OK && i < n; i++) {
        const void *bytes;
        const size_t gap = (size_t)(weight[i].offset - at);
        status = fill_item(&weight[i], &bytes, &scratch, w->diag);
        if (status == HONE_OK && gap) status = hn_file_write(&w->file, zero, gap, w->diag);
        if (status == HONE_OK) status = hn_file_write(&w->file, bytes, weight[i].size, w->diag);
        if (status == HONE_OK &&
            (XXH3_64bits_update(hash, zero, gap) || XXH3_64bits_update(hash, bytes, weight[i].size)))
            status = HONE_INTERNAL;
        at = weight[i].offset + weight[i].size;
        hn_arena_reset(&scratch);
    }
    hn_arena_free(&scratch);
    return status;
}

static hone_status write_weights(plan_writer *w, const hn_plan_weight *weight, size_t n) {
    HN_TRY(begin_section(w, HN_SECTION_WEIGHTS));
    XXH3_state_t *hash = XXH3_createState();
    HN_TRY_ALLOC(hash);
    hone_status status = XXH3_64bits_reset_withSeed(hash, HN_SECTION_WEIGHTS) ? HONE_INTERNAL : HONE_OK;
    if (status == HONE_OK) status = stream_weights(w, weight, n, hash);
    w->table[HN_SECTION_WEIGHTS].size = n ? weight[n - 1].offset + weight[n - 1].size : 0;
    w->table[HN_SECTION_WEIGHTS].hash = XXH3_64bits_digest(hash);
    XXH3_freeState(hash);
    return status;
}

static hone_status write_all(plan_writer *w, const hn_plan *plan, const hn_plan_weight *weight, size_t n) {
    hn_plan_header header = {.magic = HN_PLAN_MAGIC, .version = HN_PLAN_VERSION, .n_sections = HN_SECTION_COUNT};
    HN_TRY(hn_file_write(&w->file, &header, sizeof header, w->diag));
    HN_TRY(hn_file_write(&w->file, w->table, sizeof w->table, w->diag));
    HN_TRY(write_tables(w, plan));
    HN_TRY(write_weights(w, weight, n));
    header.file_size = w->file.offset;
    header.hash = hn_plan_header_hash(&header, w->table);
    HN_TRY(hn_file_write_at(&w->file, 0, &header, sizeof header, w->diag));
    HN_TRY(hn_file_write_at(&w->file, sizeof header, w->table, sizeof w->table, w->diag));
    return hn_file_commit(&w->file, w->diag);
}

hone_status hn_plan_write(const char *path, const hn_plan *plan, const hn_plan_weight *weight, size_t n_weight,
                          hn_diag *diag) {
    plan_writer w = {.diag = diag};
    HN_TRY(hn_file_create(path, &w.file, diag));
    hone_status status = write_all(&w, plan, weight, n_weight);
    if (status != HONE_OK) hn_file_abort(&w.file);
    return status;
}
