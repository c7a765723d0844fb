/* Memory, failing, interruption, temporary files. */
#include "tool.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "console.h"

static void fail_with(const char *hint, const char *format, va_list args) {
    char text[4096];
    vsnprintf(text, sizeof text, format, args);
    print_fault(HONE_ERROR, text, hint);
    exit(REFUSED);
}

void fail(const char *format, ...) {
    va_list args;
    va_start(args, format);
    fail_with(NULL, format, args);
    va_end(args);
    exit(REFUSED);
}

void fail_hint(const char *hint, const char *format, ...) {
    va_list args;
    va_start(args, format);
    fail_with(hint, format, args);
    va_end(args);
    exit(REFUSED);
}

/* ---- memory ---- */

static hn_arena arena;

hn_arena *tool_arena(void) { return &arena; }

void *need(void *memory) {
    if (!memory) fail("out of memory");
    return memory;
}

void *take(size_t count, size_t size) { return need(hn_arena_alloc_array(&arena, count ? count : 1, size)); }

void *grow(void *memory, size_t count, size_t size) {
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes)) fail("out of memory");
    return need(realloc(memory, bytes ? bytes : 1));
}

char *text_of(const char *format, ...) {
    va_list args;
    va_start(args, format);
    char *text = hn_arena_format_v(&arena, format, args);
    va_end(args);
    return need(text);
}

char *text_copy(const char *text, size_t n) { return need(hn_arena_string(&arena, text, n)); }

const char *text_done(const hn_str *text) {
    const char *done = hn_str_text(text);
    if (!done) fail("out of memory");
    return done;
}

/* ---- interruption ---- */

static volatile sig_atomic_t stop_asked;

static void on_signal(int number) {
    if (stop_asked) _exit(128 + number);
    stop_asked = 1;
}

void watch_interrupts(void) {
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    signal(SIGPIPE, SIG_IGN);
}

bool interrupted(void) { return stop_asked != 0; }

void stop_if_interrupted(void) {
    if (stop_asked) fail("interrupted");
}

/* ---- temporary files ---- */

static char folder[4096];

static void remove_folder(void) {
    DIR *list = *folder ? opendir(folder) : NULL;
    if (!list) return;
    for (const struct dirent *e = readdir(list); e; e = readdir(list))
        if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0) unlinkat(dirfd(list), e->d_name, 0);
    closedir(list);
    rmdir(folder);
    *folder = 0;
}

const char *temporary_folder(void) {
    if (*folder) return folder;
    const char *base = getenv("TMPDIR");
    char wanted[sizeof folder];
    const int n = snprintf(wanted, sizeof wanted, "%s/hone-XXXXXX", base && *base ? base : "/tmp");
    if (n < 0 || (size_t)n >= sizeof wanted || !mkdtemp(wanted))
        fail_hint("set TMPDIR to a folder that can be written", "cannot make a temporary folder in %s: %s",
                  base && *base ? base : "/tmp", strerror(errno));
    memcpy(folder, wanted, sizeof folder);
    atexit(remove_folder);
    return folder;
}

void temporary_remove(const char *path) { unlink(path); }

double seconds_now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}
