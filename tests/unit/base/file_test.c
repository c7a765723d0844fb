/* Tests of file reading, whole-or-nothing writing and confined paths, in a folder of their own. */
#include "failing_alloc.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/file.h"

static char folder[64];
static hn_diag diag;

static const char *in_folder(const char *name) {
    static char path[4][256];
    static int turn;
    turn = (turn + 1) % 4;
    snprintf(path[turn], sizeof path[turn], "%s/%s", folder, name);
    return path[turn];
}

static int count_entries(void) {
    DIR *open = opendir(folder);
    int n = 0;
    for (struct dirent *e; (e = readdir(open));) n += e->d_name[0] != '.';
    closedir(open);
    return n;
}

static int set_up(void **state) {
    (void)state;
    strcpy(folder, "/tmp/hone-file-XXXXXX");
    hn_diag_init(&diag, NULL);
    return mkdtemp(folder) ? 0 : 1;
}

static int tear_down(void **state) {
    (void)state;
    char command[128];
    hn_diag_free(&diag);
    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    return system(command);
}

static void expect_content(const char *path, const char *bytes, size_t n) {
    hn_map_file file;
    assert_int_equal(hn_file_map(path, &file, &diag), HONE_OK);
    assert_int_equal(file.size, n);
    if (n) assert_memory_equal(file.data, bytes, n);
    else assert_null(file.data);
    hn_file_unmap(&file);
    assert_null(file.data);
}

static void save_and_map(void **state) {
    (void)state;
    const char *path = in_folder("a");
    assert_int_equal(hn_file_save(path, "hello", 5, &diag), HONE_OK);
    expect_content(path, "hello", 5);
    assert_int_equal(hn_file_save(path, "", 0, &diag), HONE_OK);
    expect_content(path, "", 0);
    assert_int_equal(count_entries(), 1);
    assert_int_equal(diag.n, 0);
}

static void reading_refuses(void **state) {
    (void)state;
    hn_map_file file;
    assert_int_equal(hn_file_map(in_folder("none"), &file, &diag), HONE_IO_ERROR);
    assert_non_null(strstr(diag.at[0].text, "No such file"));
    assert_int_equal(hn_file_map(folder, &file, &diag), HONE_IO_ERROR);
    assert_int_equal(mkfifo(in_folder("pipe"), 0600), 0);
    assert_int_equal(hn_file_map(in_folder("pipe"), &file, &diag), HONE_IO_ERROR);
    assert_int_equal(hn_file_map("/dev/null", &file, NULL), HONE_IO_ERROR);
    assert_null(file.data);
    assert_int_equal(diag.n, 3);
}

static void writer_pads_and_patches(void **state) {
    (void)state;
    hn_file_writer w;
    assert_int_equal(hn_file_create(in_folder("b"), &w, &diag), HONE_OK);
    assert_int_equal(hn_file_align(&w, 64, &diag), HONE_OK);
    assert_int_equal(w.offset, 0);
    assert_int_equal(hn_file_write(&w, "abc", 3, &diag), HONE_OK);
    assert_int_equal(hn_file_align(&w, 8192, &diag), HONE_OK);
    assert_int_equal(w.offset, 8192);
    assert_int_equal(hn_file_write(&w, "tail", 4, &diag), HONE_OK);
    assert_int_equal(hn_file_write_at(&w, 1, "XY", 2, &diag), HONE_OK);
    assert_int_equal(hn_file_write_at(&w, 8194, "LL", 2, &diag), HONE_OK);
    assert_int_equal(hn_file_write_at(&w, 8194, "LLL", 3, &diag), HONE_INTERNAL);
    assert_int_equal(hn_file_write_at(&w, UINT64_MAX, "L", 1, &diag), HONE_INTERNAL);
    assert_int_equal(access(in_folder("b"), F_OK), -1);
    assert_int_equal(hn_file_commit(&w, &diag), HONE_OK);
    hn_map_file file;
    assert_int_equal(hn_file_map(in_folder("b"), &file, &diag), HONE_OK);
    assert_int_equal(file.size, 8196);
    assert_memory_equal(file.data, "aXY\0\0", 5);
    assert_memory_equal(file.data + 8190, "\0\0taLL", 6);
    hn_file_unmap(&file);
    assert_int_equal(hn_file_commit(&w, &diag), HONE_IO_ERROR);
    assert_int_equal(count_entries(), 1);
}

static void abort_leaves_nothing(void **state) {
    (void)state;
    assert_int_equal(hn_file_save(in_folder("c"), "old", 3, &diag), HONE_OK);
    hn_file_writer w, second, never = {0};
    assert_int_equal(hn_file_create(in_folder("c"), &w, &diag), HONE_OK);
    assert_int_equal(hn_file_create(in_folder("c"), &second, &diag), HONE_OK);
    assert_int_equal(hn_file_write(&w, "new", 3, &diag), HONE_OK);
    assert_int_equal(count_entries(), 3);
    hn_file_abort(&w);
    hn_file_abort(&w);
    hn_file_abort(&second);
    hn_file_abort(&never);
    assert_true(fcntl(0, F_GETFD) >= 0);
    assert_int_equal(count_entries(), 1);
    expect_content(in_folder("c"), "old", 3);
    assert_int_equal(hn_file_write(&w, "x", 1, &diag), HONE_IO_ERROR);
}

static void writing_refuses(void **state) {
    (void)state;
    hn_file_writer w;
    assert_int_equal(hn_file_create(in_folder("no/such"), &w, &diag), HONE_IO_ERROR);
    assert_int_equal(hn_file_create(folder, &w, &diag), HONE_IO_ERROR);
    assert_int_equal(hn_file_save("/dev/null", "x", 1, &diag), HONE_IO_ERROR);
    struct stat facts;
    assert_int_equal(stat("/dev/null", &facts), 0);
    assert_true(S_ISCHR(facts.st_mode));
    assert_int_equal(hn_file_create(in_folder("d"), &w, &diag), HONE_OK);
    assert_int_equal(mkdir(in_folder("d"), 0700), 0);
    assert_int_equal(hn_file_commit(&w, &diag), HONE_IO_ERROR);
    assert_int_equal(count_entries(), 1);
}

/* A file size limit stands in for a full disk: the write is first short, then refused. */
static void full_disk_is_an_error(void **state) {
    (void)state;
    struct rlimit old, small;
    getrlimit(RLIMIT_FSIZE, &old);
    small = old;
    small.rlim_cur = 5000;
    signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &small);
    static char block[4096];
    hn_file_writer w;
    hone_status create = hn_file_create(in_folder("e"), &w, &diag);
    hone_status first = hn_file_write(&w, block, sizeof block, &diag);
    hone_status second = hn_file_write(&w, block, sizeof block, &diag);
    hone_status saved = hn_file_save(in_folder("f"), block, sizeof block, &diag);
    hn_file_abort(&w);
    setrlimit(RLIMIT_FSIZE, &old);
    assert_int_equal(create, HONE_OK);
    assert_int_equal(first, HONE_OK);
    assert_int_equal(second, HONE_IO_ERROR);
    assert_int_equal(saved, HONE_OK);
    assert_int_equal(count_entries(), 1);
}

static hone_status confine(hn_arena *arena, const char *relative) {
    const char *out = "";
    hone_status status = hn_file_confined(arena, in_folder("in"), relative, &out, &diag);
    assert_int_equal(out != NULL, status == HONE_OK);
    if (out) assert_non_null(strstr(out, "/in/"));
    return status;
}

static void paths_stay_inside(void **state) {
    (void)state;
    hn_arena arena;
    hn_arena_init(&arena, NULL);
    assert_int_equal(mkdir(in_folder("in"), 0700), 0);
    assert_int_equal(mkdir(in_folder("in/sub"), 0700), 0);
    assert_int_equal(mkdir(in_folder("inner"), 0700), 0);
    assert_int_equal(hn_file_save(in_folder("in/x"), "x", 1, &diag), HONE_OK);
    assert_int_equal(hn_file_save(in_folder("in/sub/y"), "y", 1, &diag), HONE_OK);
    assert_int_equal(hn_file_save(in_folder("secret"), "s", 1, &diag), HONE_OK);
    assert_int_equal(hn_file_save(in_folder("inner/z"), "s", 1, &diag), HONE_OK);
    assert_int_equal(symlink("../secret", in_folder("in/link")), 0);
    assert_int_equal(symlink("..", in_folder("in/up")), 0);
    assert_int_equal(symlink("sub/y", in_folder("in/good")), 0);
    assert_int_equal(confine(&arena, "x"), HONE_OK);
    assert_int_equal(confine(&arena, "sub/y"), HONE_OK);
    assert_int_equal(confine(&arena, "sub/../x"), HONE_OK);
    assert_int_equal(confine(&arena, "good"), HONE_OK);
    assert_int_equal(confine(&arena, ""), HONE_INVALID_MODEL);
    assert_int_equal(confine(&arena, "/etc/passwd"), HONE_INVALID_MODEL);
    assert_int_equal(confine(&arena, "../secret"), HONE_INVALID_MODEL);
    assert_int_equal(confine(&arena, "../inner/z"), HONE_INVALID_MODEL);
    assert_int_equal(confine(&arena, "link"), HONE_INVALID_MODEL);
    assert_int_equal(confine(&arena, "up/secret"), HONE_INVALID_MODEL);
    assert_int_equal(confine(&arena, "sub"), HONE_INVALID_MODEL);
    assert_int_equal(confine(&arena, "none"), HONE_IO_ERROR);
    char *monster = malloc(100001);
    assert_non_null(monster);
    memset(monster, 'a', 100000);
    monster[100000] = 0;
    assert_int_equal(confine(&arena, monster), HONE_IO_ERROR);
    free(monster);
    const char *out;
    assert_int_equal(hn_file_confined(&arena, in_folder("gone"), "x", &out, &diag), HONE_IO_ERROR);
    assert_int_equal(hn_file_confined(&arena, "/", "dev/null", &out, &diag), HONE_INVALID_MODEL);
    hn_arena_free(&arena);
    for (long fail = 1; fail < 3; fail++) {
        failing_alloc source;
        failing_init(&source, 1);
        source.fail_after = true;
        hn_arena_init(&arena, &source.hooks);
        if (fail == 2) {
            source.fail_at = 2;
            assert_non_null(hn_arena_alloc(&arena, 4096 - 64 - strlen(folder) - 6));
        }
        assert_int_equal(confine(&arena, "x"), HONE_OUT_OF_MEMORY);
        hn_arena_free(&arena);
    }
}

static void folders_of_paths(void **state) {
    (void)state;
    hn_arena arena;
    hn_arena_init(&arena, NULL);
    assert_string_equal(hn_file_folder(&arena, "a"), ".");
    assert_string_equal(hn_file_folder(&arena, "a/b"), "a");
    assert_string_equal(hn_file_folder(&arena, "/b"), "/");
    assert_string_equal(hn_file_folder(&arena, "x/y/z"), "x/y");
    hn_arena_free(&arena);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(save_and_map, set_up, tear_down),
        cmocka_unit_test_setup_teardown(reading_refuses, set_up, tear_down),
        cmocka_unit_test_setup_teardown(writer_pads_and_patches, set_up, tear_down),
        cmocka_unit_test_setup_teardown(abort_leaves_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(writing_refuses, set_up, tear_down),
        cmocka_unit_test_setup_teardown(full_disk_is_an_error, set_up, tear_down),
        cmocka_unit_test_setup_teardown(paths_stay_inside, set_up, tear_down),
        cmocka_unit_test(folders_of_paths),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
