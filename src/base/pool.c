/* Thread pool. One 64-bit word holds the number of the job and how many of its tasks are unclaimed:
 *
 *   claim = [ job number : 32 | unclaimed : 32 ]
 *
 * A thread takes a task by lowering `unclaimed` with compare-and-swap. That succeeds only while the same job is
 * current, and a job stays current until all its tasks are done, so the other fields of the job may be read plainly
 * after it. Threads that come late find nothing unclaimed and never touch an old job. */
#include "base/pool.h"

#include <limits.h>
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
#include "base/alloc.h"

#define MOST_THREADS    1024
#define SPIN_NANOSECOND 50000   /* waiting for work or for the last task before sleeping */
#define HOT_NANOSECOND  2000000 /* the same between enter and leave, giving way to other threads after the first */
#define PAUSES_PER_LOOK 32
#define LINE            64

typedef struct worker {
    hn_pool *pool;
    pthread_t thread;
    int number;
} worker;

struct hn_pool {
    /* Written once per job. */
    _Alignas(LINE) _Atomic uint64_t claim;
    hn_pool_fn fn;
    void *argument;
    uint32_t tasks;
    /* Written by every thread at the end of a job. */
    _Alignas(LINE) _Atomic uint32_t done; /* finished tasks; futex of the waiting caller */
    _Atomic bool caller_sleeps;
    /* Sleeping workers. */
    _Alignas(LINE) _Atomic uint32_t wakes; /* counts calls for work; futex of the workers */
    _Atomic int sleepers;
    _Atomic bool hot; /* between enter and leave */
    _Atomic bool stop;
    /* The thread inside the pool, which alone touches the two fields after it. */
    _Alignas(LINE) _Atomic uintptr_t owner;
    int entered;  /* depth of hn_pool_enter */
    bool running; /* a job is under way: calls from its tasks run inline */
    const hone_allocator *allocator;
    int threads, started;
    worker worker[];
};

static size_t pool_bytes(int threads) { return sizeof(hn_pool) + (size_t)threads * sizeof(worker); }

static void futex_wait(_Atomic uint32_t *word, uint32_t value) {
    syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, value, NULL, NULL, 0);
}

static void futex_wake(_Atomic uint32_t *word, int threads) {
    syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, threads, NULL, NULL, 0);
}

static void relax(void) {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#endif
}

static int64_t nanoseconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static uintptr_t this_thread(void) { return (uintptr_t)pthread_self(); }

static uint32_t unclaimed(uint64_t claim) { return (uint32_t)claim; }

/* Runs tasks until none is unclaimed, and reports them. */
static void run_tasks(hn_pool *pool, int number) {
    uint32_t finished = 0;
    uint64_t claim = atomic_load_explicit(&pool->claim, memory_order_acquire);
    while (unclaimed(claim)) {
        if (!atomic_compare_exchange_weak_explicit(&pool->claim, &claim, claim - 1, memory_order_acq_rel,
                                                   memory_order_acquire))
            continue;
        pool->fn(pool->argument, (int)(pool->tasks - unclaimed(claim)), number);
        finished++;
        claim = atomic_load_explicit(&pool->claim, memory_order_acquire);
    }
    if (!finished) return;
    atomic_fetch_add(&pool->done, finished);
    if (atomic_load(&pool->caller_sleeps)) futex_wake(&pool->done, 1);
}

static bool has_work(hn_pool *pool) {
    return unclaimed(atomic_load_explicit(&pool->claim, memory_order_acquire)) ||
           atomic_load_explicit(&pool->stop, memory_order_relaxed);
}

/* Looks for work for a while. */
static bool spin_for_work(hn_pool *pool) {
    int64_t start = nanoseconds();
    for (;;) {
        for (int i = 0; i < PAUSES_PER_LOOK; i++) {
            if (has_work(pool)) return true;
            relax();
        }
        int64_t waited = nanoseconds() - start;
        if (waited < SPIN_NANOSECOND) continue;
        if (waited > HOT_NANOSECOND || !atomic_load_explicit(&pool->hot, memory_order_relaxed)) return false;
        sched_yield();
    }
}

static void sleep_until_called(hn_pool *pool) {
    uint32_t wakes = atomic_load(&pool->wakes);
    atomic_fetch_add(&pool->sleepers, 1);
    if (!has_work(pool)) futex_wait(&pool->wakes, wakes);
    atomic_fetch_sub(&pool->sleepers, 1);
}

/* Adding zero orders this look at the sleepers with theirs at the job: one of the two sees the other. */
static void wake_sleepers(hn_pool *pool, int most) {
    if (atomic_fetch_add(&pool->sleepers, 0) == 0) return;
    atomic_fetch_add(&pool->wakes, 1);
    futex_wake(&pool->wakes, most);
}

static void *work(void *argument) {
    const worker *self = argument;
    hn_pool *pool = self->pool;
    while (!atomic_load(&pool->stop)) {
        run_tasks(pool, self->number);
        if (!spin_for_work(pool)) sleep_until_called(pool);
    }
    return NULL;
}

/* Waits until workers have finished the tasks that the caller did not get. */
static void wait_for_tasks(hn_pool *pool, uint32_t tasks) {
    int64_t start = nanoseconds();
    while (atomic_load_explicit(&pool->done, memory_order_acquire) != tasks) {
        for (int i = 0; i < PAUSES_PER_LOOK; i++) {
            if (atomic_load_explicit(&pool->done, memory_order_acquire) == tasks) return;
            relax();
        }
        if (nanoseconds() - start < SPIN_NANOSECOND) continue;
        atomic_store(&pool->caller_sleeps, true);
        uint32_t done = atomic_load(&pool->done);
        if (done != tasks) futex_wait(&pool->done, done);
        atomic_store(&pool->caller_sleeps, false);
    }
}

static void run_inline(int tasks, hn_pool_fn fn, void *argument) {
    for (int task = 0; task < tasks; task++) fn(argument, task, 0);
}

static void run_together(hn_pool *pool, int tasks, hn_pool_fn fn, void *argument) {
    pool->running = true;
    pool->fn = fn;
    pool->argument = argument;
    pool->tasks = (uint32_t)tasks;
    atomic_store_explicit(&pool->done, 0, memory_order_relaxed);
    uint64_t job = (atomic_load_explicit(&pool->claim, memory_order_relaxed) >> 32) + 1;
    atomic_store_explicit(&pool->claim, job << 32 | (uint32_t)tasks, memory_order_release);
    wake_sleepers(pool, tasks - 1);
    run_tasks(pool, 0);
    wait_for_tasks(pool, (uint32_t)tasks);
    pool->running = false;
}

/* True when the calling thread owns the pool now; the owner may ask again. */
static bool acquire(hn_pool *pool) {
    uintptr_t nobody = 0;
    if (atomic_load_explicit(&pool->owner, memory_order_relaxed) == this_thread()) return !pool->running;
    return atomic_compare_exchange_strong_explicit(&pool->owner, &nobody, this_thread(), memory_order_acquire,
                                                   memory_order_relaxed);
}

static void release(hn_pool *pool) {
    if (pool->entered == 0) atomic_store_explicit(&pool->owner, 0, memory_order_release);
}

void hn_pool_run(hn_pool *pool, int tasks, hn_pool_fn fn, void *argument) {
    if (!pool || pool->threads == 1 || tasks <= 1 || !acquire(pool)) {
        run_inline(tasks, fn, argument);
        return;
    }
    run_together(pool, tasks, fn, argument);
    release(pool);
}

bool hn_pool_enter(hn_pool *pool) {
    if (!pool || !acquire(pool)) return false;
    if (pool->entered++ == 0) {
        atomic_store(&pool->hot, true);
        wake_sleepers(pool, INT_MAX);
    }
    return true;
}

void hn_pool_leave(hn_pool *pool) {
    if (!pool || atomic_load_explicit(&pool->owner, memory_order_relaxed) != this_thread() || pool->entered == 0)
        return;
    if (--pool->entered == 0) atomic_store(&pool->hot, false);
    release(pool);
}

/* Workers take no signals: handlers of the program run on its own threads. */
static bool start_workers(hn_pool *pool) {
    sigset_t all, before;
    sigfillset(&all);
    if (pthread_sigmask(SIG_SETMASK, &all, &before) != 0) return false;
    for (int i = 1; i < pool->threads; i++) {
        pool->worker[i] = (worker){.pool = pool, .number = i};
        if (pthread_create(&pool->worker[i].thread, NULL, work, &pool->worker[i]) != 0) break;
        pool->started = i;
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return pool->started == pool->threads - 1;
}

hone_status hn_pool_create(const hone_allocator *allocator, int threads, hn_pool **out) {
    *out = NULL;
    if (threads < 1 || threads > MOST_THREADS) return HONE_INVALID_ARGUMENT;
    hn_pool *pool = hn_alloc(allocator, pool_bytes(threads), _Alignof(hn_pool));
    if (!pool) return HONE_OUT_OF_MEMORY;
    *pool = (hn_pool){.allocator = allocator, .threads = threads};
    if (start_workers(pool)) {
        *out = pool;
        return HONE_OK;
    }
    hn_pool_destroy(&pool);
    return HONE_OUT_OF_MEMORY;
}

void hn_pool_destroy(hn_pool **out) {
    hn_pool *pool = *out;
    if (!pool) return;
    atomic_store(&pool->stop, true);
    atomic_fetch_add(&pool->wakes, 1);
    futex_wake(&pool->wakes, INT_MAX);
    for (int i = 1; i <= pool->started; i++) pthread_join(pool->worker[i].thread, NULL);
    hn_release(pool->allocator, pool, pool_bytes(pool->threads));
    *out = NULL;
}

int hn_pool_threads(const hn_pool *pool) { return pool ? pool->threads : 1; }
