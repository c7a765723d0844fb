/* Tests of processor facts: names of feature sets, CPU counts under affinity and cgroup limits. */
#include "failing_alloc.h"

#include <sched.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/cpu.h"

static void names_and_sets(void **state) {
    (void)state;
    uint32_t set, avx512 = HN_CPU_AVX2 | HN_CPU_AVX512;
    assert_true(hn_cpu_parse("generic", &set) && set == 0);
    assert_true(hn_cpu_parse("avx2", &set) && set == HN_CPU_AVX2);
    assert_true(hn_cpu_parse("avx512", &set) && set == avx512);
    assert_true(hn_cpu_parse("amx", &set) && set == (avx512 | HN_CPU_AVX512VNNI | HN_CPU_AVX512BF16 | HN_CPU_AMX));
    assert_true(hn_cpu_parse("avx512vnni", &set) && set == (avx512 | HN_CPU_AVX512VNNI));
    assert_true(hn_cpu_parse("avx2+avxvnni", &set) && set == (HN_CPU_AVX2 | HN_CPU_AVXVNNI));
    static const char *const bad[] = {"", "avx", "avx2+", "+avx2", "avx2,avx512", "avx2 ", "generic+avx2", "AVX2"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) assert_false(hn_cpu_parse(bad[i], &set));
    char text[128];
    hn_cpu_text(0, text, sizeof text);
    assert_string_equal(text, "generic");
    hn_cpu_text(avx512 | HN_CPU_AMX, text, sizeof text);
    assert_string_equal(text, "avx2+avx512+amx");
    hn_cpu_text(avx512, text, 7);
    assert_string_equal(text, "avx2+a");
    hn_cpu_text(avx512, text, 1);
    assert_string_equal(text, "");
    hn_cpu_text(avx512, text, 0);
}

/* What this machine has must be a set that its own text names, and agree with the kernel's list. */
static void this_machine(void **state) {
    (void)state;
    uint32_t features = hn_cpu_features(), again;
    char text[128], model[128], flags[8192] = "";
    hn_cpu_text(features, text, sizeof text);
    assert_true(hn_cpu_parse(text, &again) && again == features);
    assert_int_equal(hn_cpu_features(), features);
    hn_cpu_model(model, sizeof model);
    assert_true(strlen(model) > 0 && !strchr(model, '\n'));
    print_message("%s: %s, %d cores, caches %zu %zu %zu\n", model, text, hn_cpu_cores(), hn_cpu_cache_bytes(1),
                  hn_cpu_cache_bytes(2), hn_cpu_cache_bytes(3));
    FILE *file = fopen("/proc/cpuinfo", "r");
    while (file && fgets(flags, sizeof flags, file) && strncmp(flags, "flags", 5) != 0) {}
    if (file) fclose(file);
    if (strncmp(flags, "flags", 5) == 0) {
        assert_int_equal(!!(features & HN_CPU_AVX2), strstr(flags, " avx2 ") && strstr(flags, " fma ") != NULL);
        assert_int_equal(!!(features & HN_CPU_AVX512VNNI), strstr(flags, " avx512_vnni ") != NULL);
        if (features & HN_CPU_AMX) assert_non_null(strstr(flags, " amx_tile "));
    }
    assert_int_equal(hn_cpu_cache_bytes(0), 0);
    assert_int_equal(hn_cpu_cache_bytes(4), 0);
}

static void affinity_counts(void **state) {
    (void)state;
    cpu_set_t before, one;
    assert_int_equal(sched_getaffinity(0, sizeof before, &before), 0);
    int cores = hn_cpu_cores();
    assert_true(cores >= 1 && cores <= CPU_COUNT(&before));
    CPU_ZERO(&one);
    for (size_t i = 0; i < CPU_SETSIZE && CPU_COUNT(&one) == 0; i++)
        if (CPU_ISSET(i, &before)) CPU_SET(i, &one);
    assert_int_equal(sched_setaffinity(0, sizeof one, &one), 0);
    int alone = hn_cpu_cores();
    sched_setaffinity(0, sizeof before, &before);
    assert_int_equal(alone, 1);
}

static char root[64];

static void put(const char *path, const char *text) {
    char full[256], command[512];
    snprintf(full, sizeof full, "%s%s", root, path);
    snprintf(command, sizeof command, "mkdir -p \"$(dirname '%s')\"", full);
    assert_int_equal(system(command), 0);
    FILE *file = fopen(full, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static void cgroup_quota(void **state) {
    (void)state;
    strcpy(root, "/tmp/hone-cpu-XXXXXX");
    assert_non_null(mkdtemp(root));
    assert_int_equal(hn_cpu_quota(root), 0);
    put("/proc/self/cgroup", "0::/a/b\n");
    assert_int_equal(hn_cpu_quota(root), 0);
    put("/sys/fs/cgroup/a/b/cpu.max", "max 100000\n");
    assert_int_equal(hn_cpu_quota(root), 0);
    put("/sys/fs/cgroup/a/cpu.max", "350000 100000\n");
    assert_int_equal(hn_cpu_quota(root), 3);
    put("/sys/fs/cgroup/cpu.max", "50000 100000\n");
    assert_int_equal(hn_cpu_quota(root), 1);
    put("/proc/self/cgroup", "5:memory:/x\n4:cpuset:/\n3:cpu,cpuacct:/y\n1:nonsense\n");
    assert_int_equal(hn_cpu_quota(root), 0);
    put("/sys/fs/cgroup/cpu,cpuacct/y/cpu.cfs_quota_us", "-1\n");
    put("/sys/fs/cgroup/cpu,cpuacct/y/cpu.cfs_period_us", "100000\n");
    assert_int_equal(hn_cpu_quota(root), 0);
    put("/sys/fs/cgroup/cpu,cpuacct/y/cpu.cfs_quota_us", "200000\n");
    assert_int_equal(hn_cpu_quota(root), 2);
    put("/sys/fs/cgroup/cpu,cpuacct/y/cpu.cfs_period_us", "0\n");
    assert_int_equal(hn_cpu_quota(root), 0);
    put("/proc/self/cgroup", "0::\n0::relative\n:\n\n");
    put("/sys/fs/cgroup/cpu.max", "garbage\n");
    assert_int_equal(hn_cpu_quota(root), 0);
    char command[128];
    snprintf(command, sizeof command, "rm -rf '%s'", root);
    assert_int_equal(system(command), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_and_sets),
        cmocka_unit_test(this_machine),
        cmocka_unit_test(affinity_counts),
        cmocka_unit_test(cgroup_quota),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
