/* An engine: a verified plan with its steps bound to operators and kernels. Immutable after load. */
#ifndef HN_RUNTIME_ENGINE_H
#define HN_RUNTIME_ENGINE_H

#include "abi/plugin_op.h"
#include "abi/value.h"
#include "base/pool.h"
#include "hone/runtime.h"
#include "plan/plan.h"

/* A plan step ready to run. */
typedef struct hn_bound_step {
    const hn_plan_step *record;
    const char *name, *fused;
    const hn_op *op; /* NULL for COPY and KERNEL */
    hn_attrs attrs;
    const uint32_t *in, *out, *block; /* value numbers + 1 (0: absent); block numbers */
    const hn_kernel *kernel;
    const hn_kernel_body *body;
    const hn_query *query;
    const hn_attrs *query_attrs; /* per operator of the query */
    const void *config;
    const void **packed;     /* per query value */
    const uint32_t *release; /* heap values (numbers) that nobody reads after this step */
    uint32_t n_release;
} hn_bound_step;

struct hone_engine {
    hn_arena arena;
    const hone_allocator *allocator;
    hn_plan plan;
    hn_pool *pool;
    const hone_plugins *plugins; /* borrowed, may be NULL */
    uint32_t features;
    hn_bound_step *step;
    uint32_t *root; /* per value: the value whose memory it uses in the end */
    uint32_t *home; /* per value: block whose steps make it; UINT32_MAX for constants, inputs and parameters */
    const uint32_t *input, *output; /* value numbers + 1 */
    int n_input, n_output;
    hone_port *input_port, *output_port;
    const hn_type **input_type;
    uint32_t max_in, max_out, max_vals; /* over all steps */
};

/* Binds every step (bind_steps.c) and describes the ports (ports.c). */
hone_status hn_engine_bind_steps(hone_engine *engine, hn_diag *diag);
hone_status hn_engine_describe_ports(hone_engine *engine, hn_diag *diag);
/* Number of input or output `name`, or -1. */
int hn_engine_find_port(const hone_port *port, int n, const char *name);

#endif
