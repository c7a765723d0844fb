/* For tests and fuzzing: makes the hashes of a changed plan fit again, so that the checks behind them are
 * reached; tries a plan as a careless user would. */
#ifndef PLAN_MUTATE_H
#define PLAN_MUTATE_H

#include <string.h>

#include "base/map.h"
#include "hone/runtime.h"
#include "plan/plan_verify.h"

/* `bytes` of a plan of `n` bytes. False when there is not even a section table. */
static inline bool plan_fix_hashes(uint8_t *bytes, size_t n) {
    hn_plan_header header;
    hn_plan_section table[HN_SECTION_COUNT];
    if (n < sizeof header + sizeof table) return false;
    memcpy(&header, bytes, sizeof header);
    memcpy(table, bytes + sizeof header, sizeof table);
    memcpy(header.magic, HN_PLAN_MAGIC, sizeof header.magic);
    header.version = HN_PLAN_VERSION, header.n_sections = HN_SECTION_COUNT, header.file_size = n;
    for (int i = 0; i < HN_SECTION_COUNT; i++)
        if (table[i].offset <= n && table[i].size <= n - table[i].offset)
            table[i].hash = hn_hash(bytes + table[i].offset, table[i].size, (uint64_t)i);
    header.hash = hn_plan_header_hash(&header, table);
    memcpy(bytes, &header, sizeof header);
    memcpy(bytes + sizeof header, table, sizeof table);
    return true;
}

/* Small shapes for every input, then one run. False when a failed run says nothing. */
static inline bool plan_feed(const hone_engine *engine, hone_context *context) {
    enum { MOST = 1 << 16, PORTS = 8, VARYING = 8 };
    hone_value *value[PORTS] = {NULL};
    bool ok = hone_engine_input_count(engine) <= PORTS, said = true;
    for (int i = 0; ok && i < hone_engine_input_count(engine); i++) {
        hone_port port;
        ok = hone_engine_input(engine, i, &port) == HONE_OK && port.rank >= 0;
        int64_t count = 1;
        for (int k = 0; ok && k < port.rank; k++) {
            if (port.dim[k] < 0) port.dim[k] = VARYING;
            ok = !__builtin_mul_overflow(count, port.dim[k], &count) && count < MOST;
        }
        ok = ok && hone_value_create(port.dtype, port.rank, port.dim, NULL, &value[i]) == HONE_OK &&
             hone_context_set_input(context, port.name, value[i]) == HONE_OK;
    }
    if (ok) {
        const hone_status status = hone_context_run(context);
        said = status == HONE_OK || status == HONE_OUT_OF_MEMORY || /* which promises no text */
               hone_messages_count(hone_context_messages(context)) > 0;
    }
    for (int i = 0; i < PORTS; i++) hone_value_destroy(&value[i]);
    return said;
}

/* A damaged plan may ask for more rounds than there is time. */
static inline bool plan_within_budget(void *user, const hone_step_event *event) {
    int *left = user;
    return event->after || --*left > 0;
}

static inline bool plan_run(hone_engine *engine) {
    hone_context *context;
    int left = 20000;
    const hone_context_options options = {
        .size = sizeof options, .profile = HONE_PROFILE_AUTO, .memory_limit = (uint64_t)64 << 20, .loop_limit = 20000};
    if (hone_context_create(engine, &options, NULL, &context) != HONE_OK) return true;
    hone_context_set_step_callback(context, plan_within_budget, &left);
    const bool said = plan_feed(engine, context);
    hone_context_destroy(&context);
    return said;
}

/* Loads, and runs what loads. False when a refusal says nothing. */
static inline bool plan_try(const uint8_t *at, size_t n) {
    hone_engine *engine;
    hone_messages *messages;
    const hone_engine_options options = {.size = sizeof options, .threads = 1};
    if (hone_messages_create(NULL, &messages) != HONE_OK) return false;
    const hone_status status = hone_engine_load_memory(at, n, &options, messages, &engine);
    const bool said = status == HONE_OK ? plan_run(engine) : hone_messages_count(messages) > 0;
    hone_engine_destroy(&engine);
    hone_messages_destroy(&messages);
    return said || status == HONE_OUT_OF_MEMORY;
}

#endif
