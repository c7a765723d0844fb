/* Tests of the thread pool; built with ThreadSanitizer, too. */
#include "failing_alloc.h"

#include <pthread.h>
#include <stdatomic.h>
#include <time.h>
#include "base/pool.h"

enum { MOST_TASKS = 1000 };

typedef struct job {
    int runs[MOST_TASKS]; /* plain: a task that ran twice at once would be a race */
    _Atomic int total;
    int workers; /* numbers must be below */
    hn_pool *pool;
} job;

static void count_task(void *argument, int task, int worker) {
    job *j = argument;
    assert_true(task >= 0 && task < MOST_TASKS);
    assert_true(worker >= 0 && worker < j->workers);
    j->runs[task]++;
    atomic_fetch_add_explicit(&j->total, 1, memory_order_relaxed);
}

static void run_and_check(hn_pool *pool, job *j, int tasks) {
    memset(j->runs, 0, sizeof j->runs);
    j->total = 0;
    hn_pool_run(pool, tasks, count_task, j);
    assert_int_equal(j->total, tasks);
    for (int i = 0; i < tasks; i++) assert_int_equal(j->runs[i], 1);
}

static void rest(long nanoseconds) { nanosleep(&(struct timespec){0, nanoseconds}, NULL); }

static void every_task_runs_once(void **state) {
    (void)state;
    static job j;
    for (int threads = 1; threads <= 5; threads++) {
        hn_pool *pool;
        assert_int_equal(hn_pool_create(NULL, threads, &pool), HONE_OK);
        assert_int_equal(hn_pool_threads(pool), threads);
        j.workers = threads;
        for (int round = 0; round < 300; round++) run_and_check(pool, &j, round % 7 == 0 ? MOST_TASKS : round % 12);
        for (int round = 0; round < 20; round++) { /* after workers fell asleep */
            rest(300000);
            run_and_check(pool, &j, 2 + round);
        }
        for (int round = 0; round < 20; round++) {
            assert_true(hn_pool_enter(pool));
            assert_true(hn_pool_enter(pool));
            for (int i = 0; i < 20; i++) run_and_check(pool, &j, i);
            hn_pool_leave(pool);
            if (round % 5 == 0) rest(3000000);
            run_and_check(pool, &j, 9);
            hn_pool_leave(pool);
        }
        hn_pool_leave(pool); /* one too many does nothing */
        run_and_check(pool, &j, 9);
        hn_pool_destroy(&pool);
        assert_null(pool);
    }
    j.workers = 1;
    run_and_check(NULL, &j, 10);
    assert_int_equal(hn_pool_threads(NULL), 1);
    assert_false(hn_pool_enter(NULL));
    hn_pool_leave(NULL);
}

static void nested_task(void *argument, int task, int worker) {
    job *j = argument, *inner = calloc(1, sizeof *inner);
    assert_non_null(inner);
    inner->workers = j->workers;
    assert_false(hn_pool_enter(j->pool));
    hn_pool_run(j->pool, 20, count_task, inner);
    assert_int_equal(inner->total, 20);
    free(inner);
    count_task(j, task, worker);
}

static void tasks_may_run_tasks(void **state) {
    (void)state;
    static job j;
    assert_int_equal(hn_pool_create(NULL, 3, &j.pool), HONE_OK);
    j.workers = 3;
    for (int round = 0; round < 50; round++) {
        j.total = 0;
        hn_pool_run(j.pool, 30, nested_task, &j);
        assert_int_equal(j.total, 30);
    }
    hn_pool_destroy(&j.pool);
}

static void *call_often(void *argument) {
    hn_pool *pool = argument;
    job *j = calloc(1, sizeof *j);
    j->workers = hn_pool_threads(pool);
    for (int round = 0; round < 300; round++) {
        bool entered = round % 3 == 0 && hn_pool_enter(pool);
        run_and_check(pool, j, round % 40);
        if (entered) hn_pool_leave(pool);
        if (round % 50 == 0) rest(200000);
    }
    free(j);
    return NULL;
}

static void callers_share_a_pool(void **state) {
    (void)state;
    hn_pool *pool;
    assert_int_equal(hn_pool_create(NULL, 3, &pool), HONE_OK);
    pthread_t caller[4];
    for (int i = 0; i < 4; i++) assert_int_equal(pthread_create(&caller[i], NULL, call_often, pool), 0);
    for (int i = 0; i < 4; i++) pthread_join(caller[i], NULL);
    hn_pool_destroy(&pool);
}

static void uneven_task(void *argument, int task, int worker) {
    if (task % 10 == 0) rest(400000);
    count_task(argument, task, worker);
}

/* The caller has to sleep for the last tasks of others. */
static void long_tasks_are_waited_for(void **state) {
    (void)state;
    static job j;
    hn_pool *pool;
    assert_int_equal(hn_pool_create(NULL, 4, &pool), HONE_OK);
    j.workers = 4;
    for (int round = 0; round < 40; round++) {
        j.total = 0;
        hn_pool_run(pool, 31, uneven_task, &j);
        assert_int_equal(j.total, 31);
    }
    hn_pool_destroy(&pool);
}

static void creation_and_ending(void **state) {
    (void)state;
    hn_pool *pool = NULL;
    assert_int_equal(hn_pool_create(NULL, 0, &pool), HONE_INVALID_ARGUMENT);
    assert_int_equal(hn_pool_create(NULL, 1 << 20, &pool), HONE_INVALID_ARGUMENT);
    failing_alloc source;
    failing_init(&source, 1);
    assert_int_equal(hn_pool_create(&source.hooks, 2, &pool), HONE_OUT_OF_MEMORY);
    assert_null(pool);
    static job j;
    j.workers = 3;
    for (int i = 0; i < 100; i++) {
        assert_int_equal(hn_pool_create(&source.hooks, 3, &pool), HONE_OK);
        long calls = source.calls;
        for (int k = 0; k < i % 3; k++) run_and_check(pool, &j, 50);
        if (i % 4 == 0) rest(100000);
        assert_int_equal(source.calls, calls);
        hn_pool_destroy(&pool);
        assert_int_equal(source.live, 0);
    }
    hn_pool_destroy(&pool);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_task_runs_once), cmocka_unit_test(tasks_may_run_tasks),
        cmocka_unit_test(callers_share_a_pool), cmocka_unit_test(long_tasks_are_waited_for),
        cmocka_unit_test(creation_and_ending),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
