/* The process-wide log sink: the library's only mutable global. */
#include "base/log.h"

#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>

#define LONGEST_LINE 1024

static struct sink {
    hone_log_fn fn;
    void *user;
} sink;
static pthread_mutex_t sink_lock = PTHREAD_MUTEX_INITIALIZER;
static atomic_int sink_least = INT_MAX; /* read without the lock, so that unwanted lines cost nothing */

void hone_log_set(hone_log_fn fn, void *user, hone_severity least) {
    pthread_mutex_lock(&sink_lock);
    sink = (struct sink){fn, user};
    atomic_store(&sink_least, fn ? (int)least : INT_MAX);
    pthread_mutex_unlock(&sink_lock);
}

bool hn_log_wants(hone_severity severity) {
    return (int)severity >= atomic_load_explicit(&sink_least, memory_order_relaxed);
}

/* The sink runs outside the lock: it may log or change the sink itself. */
void hn_log(hone_severity severity, const char *format, ...) {
    if (!hn_log_wants(severity)) return;
    char line[LONGEST_LINE];
    va_list args;
    va_start(args, format);
    int n = vsnprintf(line, sizeof line, format, args);
    va_end(args);
    if (n < 0) return;
    if ((size_t)n >= sizeof line) snprintf(line + sizeof line - 4, 4, "...");
    pthread_mutex_lock(&sink_lock);
    struct sink now = sink;
    pthread_mutex_unlock(&sink_lock);
    if (now.fn) now.fn(now.user, severity, line);
}
