/* String builder over an arena. Errors stick: after a failed allocation `failed` is set and adds do nothing. */
#ifndef HN_BASE_STR_H
#define HN_BASE_STR_H

#include <stdarg.h>
#include "base/arena.h"

typedef struct hn_str {
    hn_arena *arena;
    char *data; /* always NUL-terminated once anything was added */
    size_t n, capacity;
    bool failed;
} hn_str;

void hn_str_init(hn_str *s, hn_arena *arena);
void hn_str_add(hn_str *s, const char *format, ...) __attribute__((format(printf, 2, 3)));
void hn_str_add_v(hn_str *s, const char *format, va_list args);
void hn_str_append(hn_str *s, const char *bytes, size_t n);
/* The text so far ("" when empty); NULL when an allocation failed. */
const char *hn_str_text(const hn_str *s);

/* Bytes that need not end with NUL, borrowed. */
typedef struct hn_bytes {
    const char *data;
    size_t n;
} hn_bytes;

#endif
