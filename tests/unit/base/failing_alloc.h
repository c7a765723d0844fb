/* An allocator for tests: counts what is live and fails the n-th allocation. */
#ifndef HN_TESTS_FAILING_ALLOC_H
#define HN_TESTS_FAILING_ALLOC_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include "hone/types.h"

typedef struct failing_alloc {
    hone_allocator hooks;
    long calls;      /* allocations asked for */
    long fail_at;    /* number of the call that fails, counted from 1; 0: none */
    bool fail_after; /* every later call fails, too */
    size_t live;     /* bytes not yet released */
} failing_alloc;

static inline void *failing_allocate(void *user, size_t size, size_t alignment) {
    failing_alloc *self = user;
    self->calls++;
    if (self->fail_at && (self->calls == self->fail_at || (self->fail_after && self->calls > self->fail_at)))
        return NULL;
    void *memory = NULL;
    if (posix_memalign(&memory, alignment < 16 ? 16 : alignment, size) != 0) return NULL;
    memset(memory, 0xA5, size);
    self->live += size;
    return memory;
}

static inline void failing_release(void *user, void *memory, size_t size) {
    failing_alloc *self = user;
    assert_true(self->live >= size);
    self->live -= size;
    free(memory);
}

static inline void failing_init(failing_alloc *self, long fail_at) {
    *self = (failing_alloc){.fail_at = fail_at};
    self->hooks = (hone_allocator){failing_allocate, failing_release, self};
}

#endif
