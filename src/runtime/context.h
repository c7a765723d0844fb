/* An execution context: everything that changes while an engine runs. */
#ifndef HN_RUNTIME_CONTEXT_H
#define HN_RUNTIME_CONTEXT_H

#include "device/device.h"
#include "runtime/engine.h"
#include "runtime/heap.h"

/* Memory of one device. */
typedef struct hn_space {
    uint8_t *memory;
    uint64_t size;
    uint64_t used, live; /* of the present layout */
} hn_space;

typedef struct hn_output {
    hone_value own; /* what hone_context_output shows */
    void *memory;   /* of the context, grown on demand */
    size_t capacity;
    const hone_value *user; /* the caller's buffer, or NULL */
} hn_output;

/* Loop counters and conditions live here while their body runs. */
typedef struct hn_loop_frame {
    int64_t iteration;
    bool condition;
} hn_loop_frame;

struct hone_context {
    const hone_engine *engine;
    hone_allocator counting; /* forwards to `inner`, counts */
    const hone_allocator *inner;
    uint64_t allocations;
    hn_arena arena;   /* everything of fixed size */
    hn_arena scratch; /* of one step; reset after each */
    hn_arena objects; /* strings and objects of one run; reset before each */
    hn_diag diag;
    uint64_t memory_limit, loop_limit;
    uint64_t rounds; /* of all loops in the present run */

    hn_tensor *value; /* per plan value: shape, strides, address as they are now */
    uint64_t *offset; /* per plan value: place in its space (PLANNED) */
    uint64_t *room;   /* per plan value: bytes planned for it */
    hn_space space[HN_DEVICES];
    hn_heap heap;
    hn_heap_block **block; /* per plan value: its heap memory, or NULL */

    hn_tensor *input;        /* as set by the caller; rank -1: not set */
    const hone_value **list; /* per input: the caller's value when it is no tensor */
    hn_output *output;

    int wanted_profile, profile; /* profile: -1 before shapes are bound */
    int64_t *symbol, *planned;   /* per symbol: value now; value that memory is planned for */
    bool shapes_changed, planned_once, ran;

    hn_tensor **kernel_val; /* per step: tensors of its query, NULL unless KERNEL */
    uint8_t *shared, *worker;
    size_t shared_bytes, worker_bytes;
    const hn_tensor **call_in; /* room for the arguments of one step */
    hn_tensor **call_out;
    hn_info *info_in, *info_out;

    hone_step_fn step_fn;
    void *step_user;
    int step_now; /* step whose after-callback runs, -1 otherwise */
};

/* bind.c: symbols from input shapes, profile, shapes of all values, memory. */
hone_status hn_context_bind(hone_context *context);
/* Plans and allocates for the largest shapes of a bounded profile. */
hone_status hn_context_reserve(hone_context *context, int profile);
/* infer_step.c: output shapes of one operator on tensors as they are; unknown dims stay -1 (data-shaped). */
hone_status hn_context_infer(hone_context *context, const hn_op *op, hn_attrs attrs, int n_in,
                             const hn_tensor *const *in, int n_out, hn_tensor *out);
/* storage.c: memory for a value whose shape has just been found. */
hone_status hn_context_place(hone_context *context, uint32_t value);
void hn_context_release(hone_context *context, uint32_t value);
hone_status hn_context_output_room(hone_context *context, int output, size_t bytes, void **memory);
int hn_context_output_of(const hone_context *context, uint32_t value);
/* execute.c and control.c */
hone_status hn_context_run_block(hone_context *context, uint32_t block);
hone_status hn_context_run_control(hone_context *context, const hn_bound_step *step);

#endif
