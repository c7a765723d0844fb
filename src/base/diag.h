/* Diagnostics: the list that fallible functions report into, and the macros that pass a status upwards. */
#ifndef HN_BASE_DIAG_H
#define HN_BASE_DIAG_H

#include <stdarg.h>
#include "base/arena.h"

#define HN_DIAG_MAX_ERRORS 10

/* The public hone_messages is this type. */
typedef struct hone_messages hn_diag;
struct hone_messages {
    hn_arena arena;
    hone_message *at;
    size_t n, capacity;
    size_t errors;  /* errors kept */
    size_t dropped; /* errors beyond HN_DIAG_MAX_ERRORS */
};

void hn_diag_init(hn_diag *diag, const hone_allocator *allocator);
void hn_diag_free(hn_diag *diag);
/* Appends a message and returns `status`. `diag` may be NULL. Running out of memory here loses the text, not the
 * status. */
hone_status hn_diag_add(hn_diag *diag, hone_severity severity, hone_status status, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* Gives place and next step to the messages from index `first` on that have none yet; NULL leaves a field as it is. */
void hn_diag_place(hn_diag *diag, size_t first, const char *node, const char *op, const char *location);
void hn_diag_hint(hn_diag *diag, size_t first, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* Forgets the messages from index `first` on: another attempt follows. */
void hn_diag_rewind(hn_diag *diag, size_t first);
/* Adds a copy of a message with its place and hint; gives its status. */
hone_status hn_diag_repeat(hn_diag *diag, const hone_message *m);
/* Adds copies of the messages of `from`. */
void hn_diag_append(hn_diag *diag, const hn_diag *from);
/* True once ten errors are kept: stop looking for more. */
bool hn_diag_full(const hn_diag *diag);

#define HN_TRY(expression)                                                                                             \
    do {                                                                                                               \
        hone_status hn_try_status_ = (expression);                                                                     \
        if (hn_try_status_ != HONE_OK) return hn_try_status_;                                                          \
    } while (0)
#define HN_FAIL(diag, code, ...) return hn_diag_add((diag), HONE_ERROR, (code), __VA_ARGS__)
/* Out of memory is reported as a bare status: no text can be trusted to fit. */
#define HN_TRY_ALLOC(pointer)                                                                                          \
    do {                                                                                                               \
        if (!(pointer)) return HONE_OUT_OF_MEMORY;                                                                     \
    } while (0)

#endif
