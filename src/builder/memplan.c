/* Lifetimes of the values of the main program, and which outputs are written over an input that ends there. The offsets
 * themselves follow from the shapes (plan/plan_memory.c). */
#include <string.h>
#include "abi/tensor.h"
#include "builder/records.h"

typedef struct lifetimes {
    hn_records *r;
    const hn_pending_step *step; /* of block 0 */
    uint32_t n;
    int32_t *last; /* per value: last step that reads it, -1 none */
} lifetimes;

typedef void touch_fn(lifetimes *l, uint32_t value, int32_t at, bool writes);

static void touch_step(lifetimes *l, const hn_plan_step *s, int32_t at, touch_fn *touch);

/* Everything that the bodies of a control step use is used by that step. */
static void touch_block(lifetimes *l, uint32_t number, int32_t at, touch_fn *touch) {
    const hn_plan_block *b = &l->r->block.at[number];
    for (uint32_t i = 0; i < b->n_params + b->n_results; i++)
        if (l->r->arg.at[b->args + i]) touch(l, l->r->arg.at[b->args + i] - 1, at, false);
    for (uint32_t i = 0; i < b->n_steps; i++) touch_step(l, &l->r->step.at[b->first_step + i].step, at, touch);
}

static void touch_step(lifetimes *l, const hn_plan_step *s, int32_t at, touch_fn *touch) {
    const uint32_t *arg = l->r->arg.at + s->args;
    for (uint32_t i = 0; i < s->n_in + s->n_out; i++)
        if (arg[i]) touch(l, arg[i] - 1, at, i >= s->n_in);
    for (uint32_t i = 0; i < s->n_block; i++) touch_block(l, arg[s->n_in + s->n_out + i], at, touch);
}

static void note_last(lifetimes *l, uint32_t value, int32_t at, bool writes) {
    (void)writes;
    const uint32_t root = hn_records_root(l->r, value);
    if (at > l->last[root]) l->last[root] = at;
}

static bool same_bytes(const hn_plan_value *a, const hn_plan_value *b) {
    if (a->rank != b->rank || a->layout != b->layout || a->space != b->space) return false;
    if (hn_element_size(a->dtype) != hn_element_size(b->dtype)) return false;
    return memcmp(a->dim, b->dim, a->rank * sizeof a->dim[0]) == 0;
}

/* The memory of `root` may be overwritten by step `at` if nobody else reads it there or later. */
static bool ends_here(const lifetimes *l, const hn_pending_step *p, uint32_t input, int32_t at) {
    const uint32_t *arg = l->r->arg.at + p->step.args;
    const uint32_t root = hn_records_root(l->r, input);
    if (l->r->value.at[root].storage != HN_STORAGE_PLANNED || l->last[root] != at) return false;
    for (uint32_t i = 0; i < p->step.n_in; i++)
        if (arg[i] && arg[i] - 1 != input && hn_records_root(l->r, arg[i] - 1) == root) return false;
    return true;
}

static void try_inplace(lifetimes *l, const hn_pending_step *p, int32_t at) {
    if (!p->inplace || p->step.n_out == 0) return;
    const uint32_t *arg = l->r->arg.at + p->step.args;
    if (!arg[p->step.n_in]) return;
    const uint32_t out = arg[p->step.n_in] - 1;
    hn_plan_value *value = l->r->value.at;
    if (value[out].storage != HN_STORAGE_PLANNED) return;
    for (uint32_t i = 0; i < p->step.n_in && i < 64; i++) {
        if (!(p->inplace >> i & 1) || !arg[i]) continue;
        const uint32_t in = arg[i] - 1;
        if (!same_bytes(&value[in], &value[out]) || !ends_here(l, p, in, at)) continue;
        value[out].storage = HN_STORAGE_ALIAS;
        value[out].alias = in;
        const uint32_t root = hn_records_root(l->r, in);
        if (l->last[out] > l->last[root]) l->last[root] = l->last[out];
        return;
    }
}

static void extend(lifetimes *l, uint32_t value, int32_t at, bool writes) {
    (void)writes;
    hn_plan_value *v = &l->r->value.at[hn_records_root(l->r, value)];
    if (v->storage != HN_STORAGE_PLANNED) return;
    if (v->first < 0 || at < v->first) v->first = at;
    if (at > v->last) v->last = at;
}

hone_status hn_records_lifetimes(hn_records *r, uint32_t first, uint32_t n) {
    lifetimes l = {r, r->step.at + first, n, HN_NEW_ARRAY(r->arena, int32_t, r->value.n)};
    HN_TRY_ALLOC(l.last);
    for (size_t i = 0; i < r->value.n; i++) l.last[i] = r->value.at[i].first = r->value.at[i].last = -1;
    for (uint32_t i = 0; i < n; i++) touch_step(&l, &l.step[i].step, (int32_t)i, note_last);
    for (uint32_t i = 0; i < n; i++) try_inplace(&l, &l.step[i], (int32_t)i);
    for (uint32_t i = 0; i < n; i++) touch_step(&l, &l.step[i].step, (int32_t)i, extend);
    return HONE_OK;
}
