/* What every part of the command line shares: exit status, memory, failing, interruption. */
#ifndef HONE_TOOL_H
#define HONE_TOOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/str.h"
#include "hone/types.h"

typedef enum exit_code {
    GOOD = 0,
    DIFFERS = 1, /* a check or comparison failed */
    REFUSED = 2  /* bad usage, unreadable input, refused request */
} exit_code;

/* Prints `error: ...` and ends the program with status 2; temporary files are removed. */
_Noreturn void fail(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* The same with a next step on a second line. */
_Noreturn void fail_hint(const char *hint, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Memory of the command line lives until the program ends; running out of it ends the program with status 2. */
void *need(void *memory);
void *take(size_t count, size_t size);
void *grow(void *memory, size_t count, size_t size);
char *text_of(const char *format, ...) __attribute__((format(printf, 1, 2)));
char *text_copy(const char *text, size_t n);
/* The text of a builder; fails when memory ran out. */
const char *text_done(const hn_str *text);
/* An arena for all of the program's small things. */
hn_arena *tool_arena(void);

/* SIGINT and SIGTERM ask to stop once, and end the program the second time. */
void watch_interrupts(void);
bool interrupted(void);
/* Ends with status 2 when asked to stop. */
void stop_if_interrupted(void);

/* A folder for temporary files, made on first use and removed with its content when the program ends. */
const char *temporary_folder(void);
void temporary_remove(const char *path);

double seconds_now(void);

#endif
