/* Runs the main graph of a model without control flow on its constants, by the reference kernels. */
#ifndef HN_TESTS_RUN_MODEL_H
#define HN_TESTS_RUN_MODEL_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include "frontend/onnx/onnx.h"

/* Data of a value: a constant's, or what its producer left in `mark`. */
static inline const hn_tensor *data_of(const hn_value *value) { return value->mark ? value->mark : value->info.data; }

static inline hone_status no_resize(hn_call *call, int out, int rank, const int64_t *dim) {
    (void)call, (void)out, (void)rank, (void)dim;
    return HONE_UNSUPPORTED;
}

static inline hn_tensor *room_for(const hn_value *value, hn_arena *arena) {
    hn_tensor *t = HN_NEW(arena, hn_tensor);
    int64_t dim[HONE_MAX_RANK];
    assert_non_null(value->info.type);
    t->dtype = value->info.type->dtype;
    if (!hn_shape_constant(&value->info.shape, dim)) fail_msg("'%s' has no static shape", value->name);
    hn_tensor_set_shape(t, value->info.shape.rank, dim);
    t->data = hn_arena_alloc_aligned(arena, hn_tensor_bytes(t), 64);
    assert_non_null(t->data);
    return t;
}

static inline void evaluate_node(hn_node *node, hn_arena *arena, hn_diag *diag) {
    const hn_tensor *in[16] = {NULL};
    hn_tensor *out[16] = {NULL};
    assert_true(node->n_in <= 16 && node->n_out <= 16);
    for (int i = 0; i < node->n_in; i++) in[i] = node->in[i] ? data_of(node->in[i]) : NULL;
    for (int i = 0; i < node->n_out; i++)
        if (node->out[i]) node->out[i]->mark = out[i] = room_for(node->out[i], arena);
    hn_call call = {node->op, node->attrs, node->n_in, node->n_out, in,   out, no_resize,
                    NULL,     arena,       arena,      1,           NULL, diag};
    if (node->op->ref(&call) != HONE_OK) fail_msg("'%s' (%s) failed", node->name, node->op->name);
}

static inline bool has_control(const hn_graph *graph) {
    for (const hn_node *node = graph->first; node; node = node->next)
        if (node->op->facts & HN_CONTROL) return true;
    return false;
}

static inline void evaluate(hn_model *model, hn_diag *diag) {
    for (hn_node *node = model->main->first; node; node = node->next) evaluate_node(node, &model->arena, diag);
}

/* Fails unless both are the same but for rounding. */
static inline void expect_same(const char *file, const char *name, const hn_tensor *have, const hn_tensor *want) {
    if (have->dtype != want->dtype || have->rank != want->rank)
        fail_msg("%s: '%s' has another type or rank", file, name);
    for (int i = 0; i < want->rank; i++)
        if (have->dim[i] != want->dim[i]) fail_msg("%s: '%s' has another extent %d", file, name, i);
    const int64_t n = hn_tensor_count(want);
    for (int64_t i = 0; i < n; i++) {
        const double a = hn_tensor_real(have, i), b = hn_tensor_real(want, i);
        if (!(fabs(a - b) <= 1e-5 + 1e-5 * fabs(b)) && !(isnan(a) && isnan(b)) && a != b)
            fail_msg("%s: '%s'[%lld] is %g, not %g", file, name, (long long)i, a, b);
    }
}

#endif
