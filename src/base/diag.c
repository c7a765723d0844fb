/* The list of messages that fallible functions append to; also the public hone_messages. */
#include "base/diag.h"

#include <string.h>

void hn_diag_init(hn_diag *diag, const hone_allocator *allocator) {
    *diag = (hn_diag){0};
    hn_arena_init(&diag->arena, allocator);
}

void hn_diag_free(hn_diag *diag) {
    const hone_allocator *allocator = diag->arena.allocator;
    hn_arena_free(&diag->arena);
    hn_diag_init(diag, allocator);
}

static hone_message *new_message(hn_diag *diag) {
    if (diag->n == diag->capacity) {
        size_t capacity = diag->capacity ? diag->capacity * 2 : 16;
        hone_message *grown = HN_NEW_ARRAY(&diag->arena, hone_message, capacity);
        if (!grown) return NULL;
        if (diag->n) memcpy(grown, diag->at, diag->n * sizeof *grown);
        diag->at = grown;
        diag->capacity = capacity;
    }
    return &diag->at[diag->n++];
}

hone_status hn_diag_add(hn_diag *diag, hone_severity severity, hone_status status, const char *format, ...) {
    if (!diag) return status;
    hone_message *message = severity == HONE_ERROR && hn_diag_full(diag) ? NULL : new_message(diag);
    if (!message) {
        if (severity == HONE_ERROR) diag->dropped++;
        return status;
    }
    va_list args;
    va_start(args, format);
    const char *text = hn_arena_format_v(&diag->arena, format, args);
    va_end(args);
    *message = (hone_message){severity, status, text ? text : "", "", "", "", ""};
    if (severity == HONE_ERROR) diag->errors++;
    return status;
}

/* Fills a field that is still empty; without memory it stays empty. */
static void fill(hn_diag *diag, const char **field, const char *text) {
    if (!text || **field) return;
    const char *copy = hn_arena_string(&diag->arena, text, strlen(text));
    if (copy) *field = copy;
}

void hn_diag_place(hn_diag *diag, size_t first, const char *node, const char *op, const char *location) {
    for (size_t i = first; diag && i < diag->n; i++) {
        fill(diag, &diag->at[i].node, node);
        fill(diag, &diag->at[i].op, op);
        fill(diag, &diag->at[i].location, location);
    }
}

void hn_diag_hint(hn_diag *diag, size_t first, const char *format, ...) {
    if (!diag || first >= diag->n) return;
    va_list args;
    va_start(args, format);
    const char *text = hn_arena_format_v(&diag->arena, format, args);
    va_end(args);
    for (size_t i = first; text && i < diag->n; i++)
        if (!*diag->at[i].hint) diag->at[i].hint = text;
}

hone_status hn_diag_repeat(hn_diag *diag, const hone_message *m) {
    const size_t first = diag ? diag->n : 0;
    (void)hn_diag_add(diag, m->severity, m->status, "%s", m->text);
    hn_diag_place(diag, first, m->node, m->op, m->location);
    if (*m->hint) hn_diag_hint(diag, first, "%s", m->hint);
    return m->status;
}

void hn_diag_append(hn_diag *diag, const hn_diag *from) {
    for (size_t i = 0; i < from->n; i++) (void)hn_diag_repeat(diag, &from->at[i]);
    if (diag) diag->dropped += from->dropped;
}

bool hn_diag_full(const hn_diag *diag) { return diag && diag->errors >= HN_DIAG_MAX_ERRORS; }

hone_status hone_messages_create(const hone_allocator *allocator, hone_messages **out) {
    if (!out) return HONE_INVALID_ARGUMENT;
    *out = NULL;
    hone_messages *list = hn_alloc(allocator, sizeof *list, _Alignof(hone_messages));
    if (!list) return HONE_OUT_OF_MEMORY;
    hn_diag_init(list, allocator);
    *out = list;
    return HONE_OK;
}

void hone_messages_destroy(hone_messages **list) {
    if (!list || !*list) return;
    const hone_allocator *allocator = (*list)->arena.allocator;
    hn_diag_free(*list);
    hn_release(allocator, *list, sizeof **list);
    *list = NULL;
}

size_t hone_messages_count(const hone_messages *list) { return list ? list->n : 0; }

const hone_message *hone_messages_at(const hone_messages *list, size_t index) {
    return list && index < list->n ? &list->at[index] : NULL;
}

size_t hone_messages_dropped(const hone_messages *list) { return list ? list->dropped : 0; }

void hn_diag_rewind(hn_diag *diag, size_t first) {
    if (!diag || diag->n <= first) return;
    for (size_t i = first; i < diag->n; i++) diag->errors -= diag->at[i].severity == HONE_ERROR;
    diag->n = first;
}
