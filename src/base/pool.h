/* Thread pool: runs the tasks of one kernel call at a time over a fixed set of workers.
 *
 * The caller's thread is worker 0. Workers spin briefly (about 50 us) for the next call, then sleep on a futex or
 * condition variable. A call made while another thread is inside the pool runs all its tasks on the caller's thread, so
 * contexts in several threads can share one pool without waiting; results never depend on which worker ran a task. */
#ifndef HN_BASE_POOL_H
#define HN_BASE_POOL_H

#include "hone/types.h"

typedef struct hn_pool hn_pool;
typedef void (*hn_pool_fn)(void *argument, int task, int worker);

/* `threads` counts the caller's; 1 creates no thread. */
HONE_MUST_USE hone_status hn_pool_create(const hone_allocator *allocator, int threads, hn_pool **out);
void hn_pool_destroy(hn_pool **pool);
int hn_pool_threads(const hn_pool *pool);
/* Runs fn(argument, 0..tasks-1, worker) and returns when all are done. `pool` NULL: inline. Allocates nothing. */
void hn_pool_run(hn_pool *pool, int tasks, hn_pool_fn fn, void *argument);
/* Brackets several calls: between enter and leave idle workers spin longer (about 2 ms, giving way to other threads)
 * before they sleep. False: another thread is inside, runs will be inline, and leave must not be called. May be nested.
 */
bool hn_pool_enter(hn_pool *pool);
void hn_pool_leave(hn_pool *pool);

#endif
