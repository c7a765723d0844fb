/* The plan's tables while they grow. Adding returns a number; running out of memory sets `failed`. */
#ifndef HN_BUILDER_RECORDS_H
#define HN_BUILDER_RECORDS_H

#include "builder/builder.h"

/* A step with what the memory plan wants to know about it. */
typedef struct hn_pending_step {
    hn_plan_step step;
    uint64_t inplace; /* bit i: output 0 may be written over input i */
} hn_pending_step;
typedef hn_vec(hn_pending_step) hn_pending_steps;

typedef struct hn_records {
    hn_build *build;
    hn_arena *arena; /* the build's */
    hn_vec(char) string;
    hn_map string_at, expr_at;
    hn_expr_code code;
    hn_vec(hn_plan_expr) expr;
    hn_vec(hn_plan_value) value;
    hn_vec(uint32_t) arg;
    hn_vec(hn_pending_step) step;
    hn_vec(hn_plan_block) block;
    hn_vec(hn_plan_packed) packed;
    hn_str blob;
    hn_vec(hn_plan_weight) weight;
    uint64_t weight_end;
    bool failed;
} hn_records;

bool hn_records_init(hn_records *r, hn_build *build);
uint32_t hn_records_string(hn_records *r, const char *text);
uint32_t hn_records_expr(hn_records *r, hn_dim dim);
/* Appends bytes to BLOBS, 8-byte aligned. */
uint32_t hn_records_blob(hn_records *r, const void *bytes, size_t n);
uint32_t hn_records_arg(hn_records *r, uint32_t number);
/* Reserves a 64-byte aligned place in WEIGHTS; the item's fill or bytes are the caller's. Returns the offset. */
uint64_t hn_records_weight(hn_records *r, hn_plan_weight item);
/* Number of the value, made on first sight with the storage its source suggests. */
uint32_t hn_records_value(hn_records *r, hn_value *value, hn_source source, hn_storage storage);
/* The number (+1) under which a value is known, 0 when it is not. */
uint32_t hn_records_known(const hn_value *value);
/* The value whose memory `value` uses in the end. */
uint32_t hn_records_root(const hn_records *r, uint32_t value);
/* Copies the arrays' addresses into a plan. */
void hn_records_plan(const hn_records *r, hn_plan *plan, const hn_plan_step *step);

/* memplan.c: in-place outputs, then lifetimes, of the steps [first, first + n) that make up block 0. */
hone_status hn_records_lifetimes(hn_records *r, uint32_t first, uint32_t n);

#endif
