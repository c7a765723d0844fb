/* String builder: doubling buffer in an arena, extended in place when it is the newest allocation. */
#include "base/str.h"

#include <stdio.h>
#include <string.h>

void hn_str_init(hn_str *s, hn_arena *arena) { *s = (hn_str){.arena = arena}; }

/* Room for `more` characters and the closing NUL. */
static bool reserve(hn_str *s, size_t more) {
    size_t needed;
    if (s->failed) return false;
    if (__builtin_add_overflow(s->n, more, &needed) || needed > SIZE_MAX / 4) return s->failed = true, false;
    if (needed < s->capacity) return true;
    size_t capacity = s->capacity * 2 > needed + 1 ? s->capacity * 2 : needed + 1;
    if (capacity < 64) capacity = 64;
    if (!hn_arena_extend(s->arena, s->data, s->capacity, capacity)) {
        char *data = hn_arena_alloc_aligned(s->arena, capacity, 1);
        if (!data) return s->failed = true, false;
        if (s->n) memcpy(data, s->data, s->n);
        s->data = data;
    }
    s->capacity = capacity;
    return true;
}

void hn_str_append(hn_str *s, const char *bytes, size_t n) {
    if (!reserve(s, n)) return;
    if (n) memcpy(s->data + s->n, bytes, n);
    s->n += n;
    s->data[s->n] = 0;
}

void hn_str_add_v(hn_str *s, const char *format, va_list args) {
    va_list again;
    va_copy(again, args);
    size_t room = s->failed ? 0 : s->capacity - s->n;
    int n = vsnprintf(room ? s->data + s->n : NULL, room, format, args);
    if (n < 0) s->failed = true;
    else if ((size_t)n >= room && reserve(s, (size_t)n)) vsnprintf(s->data + s->n, (size_t)n + 1, format, again);
    if (!s->failed) s->n += (size_t)n;
    va_end(again);
}

void hn_str_add(hn_str *s, const char *format, ...) {
    va_list args;
    va_start(args, format);
    hn_str_add_v(s, format, args);
    va_end(args);
}

const char *hn_str_text(const hn_str *s) {
    if (s->failed) return NULL;
    return s->data ? s->data : "";
}
