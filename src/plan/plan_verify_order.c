/* Strings and objects are addresses, so nothing may read one before a step has made it: a walk in the order of
 * execution, bodies where they run. */
#include <inttypes.h>
#include <string.h>
#include "base/dtype.h"
#include "plan/plan_verify.h"

#define BAD(...) HN_FAIL(w->diag, HONE_MALFORMED, "damaged plan: " __VA_ARGS__)

typedef struct walk {
    const hn_plan *plan;
    hn_diag *diag;
    uint8_t *made;  /* per value */
    uint8_t *ran;   /* per block: a second place that runs it would make the walk (and runs) grow without end */
    uint32_t *undo; /* values made so far, in order */
    uint32_t n_undo;
} walk;

static bool matters(const walk *w, uint32_t number) {
    return number && hn_dtype_is_reference((hone_dtype)w->plan->value[number - 1].dtype);
}

static void make(walk *w, uint32_t number) {
    if (!matters(w, number) || w->made[number - 1]) return;
    w->made[number - 1] = 1;
    w->undo[w->n_undo++] = number - 1;
}

static hone_status need(const walk *w, uint32_t number) {
    if (matters(w, number) && !w->made[number - 1]) BAD("value %" PRIu32 " is read before it is made", number - 1);
    return HONE_OK;
}

static hone_status walk_block(walk *w, uint32_t number);

static hone_status walk_step(walk *w, const hn_plan_step *s) {
    const uint32_t *in = hn_plan_step_in(w->plan, s), *out = hn_plan_step_out(w->plan, s);
    const uint32_t *block = hn_plan_step_blocks(w->plan, s);
    for (uint32_t i = 0; i < s->n_in; i++) HN_TRY(need(w, in[i]));
    for (uint32_t i = 0; i < s->n_block; i++) {
        const uint32_t before = w->n_undo;
        HN_TRY(walk_block(w, block[i]));
        while (w->n_undo > before) w->made[w->undo[--w->n_undo]] = 0;
    }
    for (uint32_t i = 0; i < s->n_out; i++) {
        if (!matters(w, out[i])) continue;
        const hn_plan_value *v = &w->plan->value[out[i] - 1];
        const bool shows_input = s->kind == HN_STEP_VIEW && v->storage == HN_STORAGE_ALIAS && v->alias == in[0] - 1;
        if (s->kind == HN_STEP_COPY || s->kind == HN_STEP_KERNEL || (v->storage == HN_STORAGE_ALIAS && !shows_input))
            BAD("value %" PRIu32 " holds references and is written as bytes", out[i] - 1);
        make(w, out[i]);
    }
    return HONE_OK;
}

static hone_status walk_block(walk *w, uint32_t number) {
    if (w->ran[number]++) BAD("block %" PRIu32 " belongs to two steps", number);
    const hn_plan_block *b = &w->plan->block[number];
    const uint32_t *arg = w->plan->arg + b->args;
    for (uint32_t i = 0; i < b->n_params; i++) make(w, arg[i]);
    for (uint32_t i = 0; i < b->n_steps; i++) HN_TRY(walk_step(w, &w->plan->step[b->first_step + i]));
    for (uint32_t i = 0; i < b->n_results; i++) HN_TRY(need(w, arg[b->n_params + i]));
    return HONE_OK;
}

hone_status hn_plan_verify_order(const hn_plan *plan, hn_diag *diag) {
    hn_arena scratch;
    hn_arena_init(&scratch, NULL);
    walk w = {.plan = plan,
              .diag = diag,
              .made = hn_arena_alloc(&scratch, plan->n_value),
              .ran = hn_arena_alloc(&scratch, plan->n_block),
              .undo = HN_NEW_ARRAY(&scratch, uint32_t, plan->n_value)};
    hone_status status = w.made && w.ran && w.undo ? HONE_OK : HONE_OUT_OF_MEMORY;
    for (uint32_t i = 0; status == HONE_OK && i < plan->n_value; i++)
        if (plan->value[i].source == HN_SOURCE_CONST) make(&w, i + 1);
    if (status == HONE_OK) status = walk_block(&w, 0);
    hn_arena_free(&scratch);
    return status;
}
