/* Memory for values at the moment their shape is known. */
#include <inttypes.h>
#include <string.h>
#include "runtime/context.h"

int hn_context_output_of(const hone_context *context, uint32_t value) {
    for (int i = 0; i < context->engine->n_output; i++)
        if (context->engine->output[i] == value + 1) return i;
    return -1;
}

static hone_status user_buffer(hone_context *c, int output, size_t bytes, void **memory) {
    const hone_value *user = c->output[output].user;
    if (user->bytes < bytes)
        HN_FAIL(&c->diag, HONE_INVALID_ARGUMENT, "output '%s' needs %zu bytes, the buffer given has %zu",
                c->engine->output_port[output].name, bytes, user->bytes);
    *memory = user->tensor.data;
    return HONE_OK;
}

hone_status hn_context_output_room(hone_context *c, int output, size_t bytes, void **memory) {
    hn_output *o = &c->output[output];
    if (o->user) return user_buffer(c, output, bytes, memory);
    if (bytes > SIZE_MAX / 4) return HONE_OUT_OF_MEMORY;
    if (c->memory_limit && bytes > c->memory_limit)
        HN_FAIL(&c->diag, HONE_OUT_OF_MEMORY, "output '%s' needs %zu bytes, the context's limit is %" PRIu64,
                c->engine->output_port[output].name, bytes, c->memory_limit);
    if (bytes + 64 > o->capacity) {
        if (o->memory) hn_release(&c->counting, o->memory, o->capacity);
        o->capacity = 0;
        o->memory = hn_alloc(&c->counting, bytes + 64, 64);
        if (!o->memory)
            HN_FAIL(&c->diag, HONE_OUT_OF_MEMORY, "no memory for output '%s' of %zu bytes",
                    c->engine->output_port[output].name, bytes);
        o->capacity = bytes + 64;
    }
    *memory = o->memory;
    return HONE_OK;
}

hone_status hn_context_place(hone_context *c, uint32_t value) {
    const hn_plan_value *v = &c->engine->plan.value[value];
    hn_tensor *t = &c->value[value];
    const size_t bytes = hn_tensor_bytes(t);
    if (bytes > SIZE_MAX / 4)
        HN_FAIL(&c->diag, HONE_OUT_OF_MEMORY, "value '%s' would have more bytes than there are addresses",
                hn_plan_text(&c->engine->plan, v->name));
    if (v->storage == HN_STORAGE_OUTPUT)
        return hn_context_output_room(c, hn_context_output_of(c, value), bytes, &t->data);
    if (v->storage != HN_STORAGE_HEAP) return t->data || !bytes ? HONE_OK : HONE_INTERNAL;
    if (c->memory_limit && bytes > c->memory_limit)
        HN_FAIL(&c->diag, HONE_OUT_OF_MEMORY, "value '%s' needs %zu bytes, the context's limit is %" PRIu64,
                hn_plan_text(&c->engine->plan, v->name), bytes, c->memory_limit);
    hn_heap_give(c->block[value]);
    c->block[value] = hn_heap_take(&c->heap, bytes);
    if (!c->block[value])
        HN_FAIL(&c->diag, HONE_OUT_OF_MEMORY, "no memory for value '%s' of %zu bytes",
                hn_plan_text(&c->engine->plan, v->name), bytes);
    t->data = c->block[value]->data;
    return HONE_OK;
}

void hn_context_release(hone_context *c, uint32_t value) {
    hn_heap_give(c->block[value]);
    c->block[value] = NULL;
}
