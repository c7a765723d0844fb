/* Damaged models: cut off at every byte, bits flipped, every allocation failing. An error or a model, nothing else. */
#include "frontend/run_model.h"

#include <dirent.h>
#include <stdlib.h>
#include "base/failing_alloc.h"
#include "base/rng.h"

#define FOLDER "tests/data/onnx/good/"
#define FLIPS  300 /* per file, each of one to four bits */

typedef void visit_fn(const char *name, const uint8_t *bytes, size_t n);

static void each_file(visit_fn *visit) {
    DIR *folder = opendir(FOLDER);
    assert_non_null(folder);
    int n = 0;
    for (struct dirent *entry; (entry = readdir(folder));) {
        const char *dot = strrchr(entry->d_name, '.');
        char path[400];
        hn_map_file file;
        if (!dot || strcmp(dot, ".onnx") != 0) continue;
        snprintf(path, sizeof path, FOLDER "%s", entry->d_name);
        assert_int_equal(hn_file_map(path, &file, NULL), HONE_OK);
        visit(entry->d_name, file.data, file.size);
        hn_file_unmap(&file);
        n++;
    }
    closedir(folder);
    assert_true(n >= 100);
}

/* Exactly `n` bytes on the heap, so that the sanitizer sees a read behind them. */
static hone_status load_copy(const uint8_t *bytes, size_t n, const hone_allocator *allocator) {
    hn_diag diag;
    hn_model *model;
    uint8_t *copy = malloc(n ? n : 1);
    assert_non_null(copy);
    memcpy(copy, bytes, n);
    hn_diag_init(&diag, NULL);
    const hone_status status = hn_onnx_load_memory(copy, n, FOLDER, allocator, &model, &diag);
    assert_true((status == HONE_OK) == (model != NULL));
    if (status != HONE_OK && status != HONE_OUT_OF_MEMORY) assert_true(diag.errors > 0);
    assert_int_not_equal(status, HONE_INTERNAL);
    hn_model_destroy(&model);
    hn_diag_free(&diag);
    free(copy);
    return status;
}

static void cut(const char *name, const uint8_t *bytes, size_t n) {
    (void)name;
    for (size_t i = 0; i < n; i++) (void)load_copy(bytes, i, NULL);
}

static void test_truncated(void **state) {
    (void)state;
    each_file(cut);
}

static void flip(const char *name, const uint8_t *bytes, size_t n) {
    uint8_t *copy = malloc(n);
    assert_non_null(copy);
    for (uint64_t round = 0; round < FLIPS; round++) {
        uint32_t random[4];
        memcpy(copy, bytes, n);
        for (uint64_t k = 0; k <= round % 4; k++) {
            hn_rng_block(hn_hash(name, strlen(name), 0), round * 4 + k, random);
            copy[random[0] % n] ^= (uint8_t)(1u << random[1] % 8);
        }
        (void)load_copy(copy, n, NULL);
    }
    free(copy);
}

static void test_flipped_bits(void **state) {
    (void)state;
    each_file(flip);
}

static void test_every_allocation_fails(void **state) {
    (void)state;
    static const char *const names[] = {"function", "loop",   "resize_mixed_10", "constants",
                                        "external", "shapes", "sparse_pairs"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char path[300];
        hn_map_file file;
        failing_alloc memory;
        snprintf(path, sizeof path, FOLDER "%s.onnx", names[i]);
        assert_int_equal(hn_file_map(path, &file, NULL), HONE_OK);
        failing_init(&memory, 0);
        assert_int_equal(load_copy(file.data, file.size, &memory.hooks), HONE_OK);
        const long calls = memory.calls;
        for (long at = 1; at <= calls; at++) {
            failing_init(&memory, at); /* the arena may do with a smaller block: an error or a model */
            const hone_status once = load_copy(file.data, file.size, &memory.hooks);
            assert_true(once == HONE_OK || once == HONE_OUT_OF_MEMORY);
            assert_int_equal(memory.live, 0);
            failing_init(&memory, at);
            memory.fail_after = true;
            if (load_copy(file.data, file.size, &memory.hooks) != HONE_OUT_OF_MEMORY)
                fail_msg("%s: allocation %ld of %ld failed unnoticed", names[i], at, calls);
            assert_int_equal(memory.live, 0);
        }
        hn_file_unmap(&file);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_truncated),
        cmocka_unit_test(test_flipped_bits),
        cmocka_unit_test(test_every_allocation_fails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
