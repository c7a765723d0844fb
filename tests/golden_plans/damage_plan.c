/* damage_plan: makes the plans of tests/golden_plans/bad, each from a good plan with one thing wrong.
 *
 *   damage_plan list                          NAME BASE, a line each
 *   damage_plan make NAME IN.plan OUT.plan    writes it and prints the message with which it is refused
 *
 * Plans are changed through the structures of plan.h, so that a new format version needs no other bytes here. */
#include <stdio.h>
#include <stdlib.h>
#include "../unit/plan/plan_mutate.h"

typedef struct damaged {
    uint8_t *at;
    size_t n;
} damaged;

static hn_plan_section *section_of(const damaged *d, hn_section id) {
    return (hn_plan_section *)(void *)(d->at + sizeof(hn_plan_header)) + id;
}

static void *records(const damaged *d, hn_section id) { return d->at + section_of(d, id)->offset; }

static hn_plan_header *header_of(const damaged *d) { return (void *)d->at; }

static hn_plan_value *first_value(const damaged *d, hn_source source, bool with_bytes) {
    hn_plan_value *value = records(d, HN_SECTION_VALUES);
    const size_t n = section_of(d, HN_SECTION_VALUES)->size / sizeof *value;
    for (size_t i = 0; i < n; i++)
        if (value[i].source == source && (!with_bytes || value[i].size)) return &value[i];
    fprintf(stderr, "the plan has no value of source %d\n", source);
    exit(2);
}

static hn_plan_step *first_step(const damaged *d, hn_step_kind kind) {
    hn_plan_step *step = records(d, HN_SECTION_STEPS);
    const size_t n = section_of(d, HN_SECTION_STEPS)->size / sizeof *step;
    for (size_t i = 0; i < n; i++)
        if (step[i].kind == kind) return &step[i];
    fprintf(stderr, "the plan has no step of kind %d\n", kind);
    exit(2);
}

static char *text_at(const damaged *d, uint32_t string) { return (char *)records(d, HN_SECTION_STRINGS) + string; }
static uint32_t *step_args(const damaged *d, const hn_plan_step *s) {
    return (uint32_t *)records(d, HN_SECTION_ARGS) + s->args;
}

/* ---- the file ---- */

static void other_version(damaged *d) { header_of(d)->version = 999; }
static void older_version(damaged *d) { header_of(d)->version = HN_PLAN_VERSION - 1; }
static void truncated_header(damaged *d) { d->n = sizeof(hn_plan_header) - 1; }
static void truncated(damaged *d) { d->n /= 2; }
static void extended(damaged *d) { d->n += 64; }
static void header_hash(damaged *d) { section_of(d, HN_SECTION_STEPS)->size -= sizeof(hn_plan_step); }
static void steps_hash(damaged *d) { first_step(d, HN_STEP_KERNEL)->flags ^= 2; }
static void weights_hash(damaged *d) { *(uint8_t *)records(d, HN_SECTION_WEIGHTS) ^= 1; }
static void section_outside(damaged *d) { section_of(d, HN_SECTION_WEIGHTS)->size += 1 << 20; }
static void section_with_rest(damaged *d) { section_of(d, HN_SECTION_STEPS)->size -= 4; }

/* ---- the tables ---- */

static void texts_without_end(damaged *d) { text_at(d, (uint32_t)section_of(d, HN_SECTION_STRINGS)->size)[-1] = 'x'; }
static void meta_outside(damaged *d) { ((hn_plan_meta *)records(d, HN_SECTION_META))->value = UINT32_MAX; }
static void range_backwards(damaged *d) {
    hn_plan_range *range = (void *)((hn_plan_profile *)records(d, HN_SECTION_PROFILES) + 1);
    range->min = range->opt + 1;
}
static void expression_without_end(damaged *d) { *(int64_t *)records(d, HN_SECTION_CODE) = INT64_MIN; }
static void expression_outside(damaged *d) { ((hn_plan_expr *)records(d, HN_SECTION_EXPRS))->first = UINT32_MAX; }
static void value_type(damaged *d) { first_value(d, HN_SOURCE_STEP, false)->dtype = 250; }
static void value_rank(damaged *d) { first_value(d, HN_SOURCE_STEP, false)->rank = HONE_MAX_RANK + 1; }
static void value_storage(damaged *d) { first_value(d, HN_SOURCE_STEP, false)->storage = HN_STORAGE_CALLER; }
static void value_alias_later(damaged *d) {
    hn_plan_value *v = first_value(d, HN_SOURCE_STEP, false);
    v->storage = HN_STORAGE_ALIAS;
    v->alias = (uint32_t)(v - (hn_plan_value *)records(d, HN_SECTION_VALUES));
}
static void constant_bytes(damaged *d) { first_value(d, HN_SOURCE_CONST, true)->size += 4; }
static void constant_outside(damaged *d) { first_value(d, HN_SOURCE_CONST, true)->offset += (uint64_t)1 << 40; }
static void shape_value_elements(damaged *d) { first_value(d, HN_SOURCE_SHAPE, false)->n_elements++; }
static void output_twice(damaged *d) {
    const hn_plan_block *main = records(d, HN_SECTION_BLOCKS);
    uint32_t *result = (uint32_t *)records(d, HN_SECTION_ARGS) + main->args + main->n_params;
    result[main->n_results - 1] = result[0];
}

/* ---- steps ---- */

static void step_argument(damaged *d) { step_args(d, first_step(d, HN_STEP_REFERENCE))[0] = UINT32_MAX / 2; }
static void step_arguments_outside(damaged *d) { first_step(d, HN_STEP_REFERENCE)->args = UINT32_MAX; }
static void step_arity(damaged *d) { first_step(d, HN_STEP_REFERENCE)->n_in += 3; }
static void step_operator(damaged *d) { text_at(d, first_step(d, HN_STEP_REFERENCE)->op)[0] = '?'; }
static void step_attributes_outside(damaged *d) { first_step(d, HN_STEP_REFERENCE)->attr_bytes = 1 << 30; }
static void step_attributes(damaged *d) {
    uint8_t *attrs = (uint8_t *)records(d, HN_SECTION_BLOBS) + first_step(d, HN_STEP_REFERENCE)->attrs;
    memset(attrs, 0xFF, 8);
}
static void kernel_unknown(damaged *d) { text_at(d, first_step(d, HN_STEP_KERNEL)->kernel)[0] = '?'; }
static void kernel_version(damaged *d) { first_step(d, HN_STEP_KERNEL)->kernel_version += 1000; }
static void kernel_config(damaged *d) {
    ((uint8_t *)records(d, HN_SECTION_BLOBS))[first_step(d, HN_STEP_KERNEL)->config] ^= 0x7F;
}
static void kernel_query(damaged *d) {
    memset((uint8_t *)records(d, HN_SECTION_BLOBS) + first_step(d, HN_STEP_KERNEL)->query, 0xFF, 16);
}
static void kernel_value(damaged *d) {
    hn_plan_step *s = first_step(d, HN_STEP_KERNEL);
    step_args(d, s)[0] = step_args(d, s)[s->n_in];
}
static void packed_outside(damaged *d) {
    ((hn_plan_packed *)records(d, HN_SECTION_PACKED))->offset = (uint64_t)1 << 40;
}
static void packed_size(damaged *d) { ((hn_plan_packed *)records(d, HN_SECTION_PACKED))->size -= 64; }
static void loop_without_body(damaged *d) { first_step(d, HN_STEP_LOOP)->n_block = 0; }
static void loop_in_itself(damaged *d) {
    hn_plan_step *s = first_step(d, HN_STEP_LOOP);
    step_args(d, s)[s->n_in + s->n_out] = 0;
}
static void loop_is_other_operator(damaged *d) { first_step(d, HN_STEP_LOOP)->kind = HN_STEP_SCAN; }

/* ---- the list ---- */

typedef struct damage {
    const char *name, *base;
    void (*apply)(damaged *d);
    bool mend; /* hashes are made to fit again, so that the checks behind them are met */
} damage;

#define ROW(name, base, mend)                                                                                          \
    { #name, base, name, mend }

static const damage list[] = {
    ROW(other_version, "through", false),
    ROW(older_version, "through", false),
    ROW(truncated_header, "through", false),
    ROW(truncated, "through", false),
    ROW(extended, "through", false),
    ROW(header_hash, "unfused_tail", false),
    ROW(steps_hash, "unfused_tail", false),
    ROW(weights_hash, "unfused_tail", false),
    ROW(section_outside, "through", true),
    ROW(section_with_rest, "through", true),
    ROW(texts_without_end, "through", true),
    ROW(meta_outside, "through", true),
    ROW(range_backwards, "through", true),
    ROW(expression_without_end, "through", true),
    ROW(expression_outside, "through", true),
    ROW(value_type, "through", true),
    ROW(value_rank, "through", true),
    ROW(value_storage, "through", true),
    ROW(value_alias_later, "through", true),
    ROW(constant_bytes, "through", true),
    ROW(constant_outside, "through", true),
    ROW(shape_value_elements, "through", true),
    ROW(output_twice, "through", true),
    ROW(step_argument, "unfused_tail", true),
    ROW(step_arguments_outside, "unfused_tail", true),
    ROW(step_arity, "unfused_tail", true),
    ROW(step_operator, "unfused_tail", true),
    ROW(step_attributes_outside, "unfused_tail", true),
    ROW(step_attributes, "unfused_tail", true),
    ROW(kernel_unknown, "unfused_tail", true),
    ROW(kernel_version, "unfused_tail", true),
    ROW(kernel_config, "unfused_tail", true),
    ROW(kernel_query, "unfused_tail", true),
    ROW(kernel_value, "unfused_tail", true),
    ROW(packed_outside, "unfused_tail", true),
    ROW(packed_size, "unfused_tail", true),
    ROW(loop_without_body, "loop", true),
    ROW(loop_in_itself, "loop", true),
    ROW(loop_is_other_operator, "loop", true),
};

enum { N = sizeof list / sizeof *list, SPARE = 64 };

static damaged read_file(const char *path) {
    FILE *f = fopen(path, "rb");
    damaged d = {0};
    if (f && fseek(f, 0, SEEK_END) == 0) {
        d.n = (size_t)ftell(f);
        rewind(f);
        d.at = aligned_alloc(64, (d.n + SPARE + 63) / 64 * 64);
    }
    if (!d.at || fread(d.at, 1, d.n, f) != d.n) {
        fprintf(stderr, "cannot read %s\n", path);
        exit(2);
    }
    memset(d.at + d.n, 0, SPARE);
    fclose(f);
    return d;
}

/* The plan must be refused, with a message. */
static int print_refusal(const damaged *d) {
    hone_engine *engine = NULL;
    hone_messages *messages;
    const hone_engine_options options = {.size = sizeof options, .threads = 1, .verify_weights = true};
    if (hone_messages_create(NULL, &messages) != HONE_OK) return 2;
    const hone_status status = hone_engine_load_memory(d->at, d->n, &options, messages, &engine);
    const bool refused = status != HONE_OK && hone_messages_count(messages) > 0;
    if (refused) printf("%s\n", hone_messages_at(messages, 0)->text);
    else fprintf(stderr, "the plan is not refused with a message: %s\n", hone_status_text(status));
    hone_engine_destroy(&engine);
    hone_messages_destroy(&messages);
    return refused ? 0 : 2;
}

static int make(const char *name, const char *from, const char *to) {
    damaged d = read_file(from);
    int i = 0;
    while (i < N && strcmp(list[i].name, name) != 0) i++;
    if (i == N) {
        fprintf(stderr, "no damage is called %s\n", name);
        return 2;
    }
    list[i].apply(&d);
    if (list[i].mend && !plan_fix_hashes(d.at, d.n)) return 2;
    FILE *f = fopen(to, "wb");
    if (!f || fwrite(d.at, 1, d.n, f) != d.n || fclose(f) != 0) {
        fprintf(stderr, "cannot write %s\n", to);
        return 2;
    }
    const int status = print_refusal(&d);
    free(d.at);
    return status;
}

int main(int argc, char **argv) {
    if (argc == 5 && strcmp(argv[1], "make") == 0) return make(argv[2], argv[3], argv[4]);
    if (argc != 2 || strcmp(argv[1], "list") != 0) {
        fprintf(stderr, "usage: damage_plan list | make NAME IN.plan OUT.plan\n");
        return 2;
    }
    for (int i = 0; i < N; i++) printf("%s %s\n", list[i].name, list[i].base);
    return 0;
}
