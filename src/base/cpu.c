/* Processor features by CPUID, names of feature sets, and the CPUs that this process may use. */
#include "base/cpu.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#if defined(__x86_64__)
#include <cpuid.h>
#include <sys/syscall.h>

#define XSTATE_AVX         0x6u     /* xmm, ymm */
#define XSTATE_AVX512      0xE6u    /* with opmask and zmm */
#define XSTATE_AMX         0x60000u /* tile configuration and data */
#define REQUEST_PERMISSION 0x1023   /* arch_prctl: ARCH_REQ_XCOMP_PERM */
#define TILE_DATA          18

typedef struct leaf {
    unsigned a, b, c, d;
} leaf;

static leaf read_leaf(unsigned number, unsigned part) {
    leaf l = {0, 0, 0, 0};
    __get_cpuid_count(number, part, &l.a, &l.b, &l.c, &l.d);
    return l;
}

static bool has(unsigned word, int bit) { return word >> bit & 1; }

/* Register state that the operating system saves and restores. */
static uint64_t enabled_state(void) {
    unsigned low, high;
    if (!has(read_leaf(1, 0).c, 27)) return 0;
    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return (uint64_t)high << 32 | low;
}

static bool amx_permitted(void) { return syscall(SYS_arch_prctl, REQUEST_PERMISSION, TILE_DATA) == 0; }

uint32_t hn_cpu_features(void) {
    leaf basic = read_leaf(1, 0), wide = read_leaf(7, 0), more = wide.a >= 1 ? read_leaf(7, 1) : (leaf){0, 0, 0, 0};
    uint64_t state = enabled_state();
    uint32_t features = 0;
    bool avx = (state & XSTATE_AVX) == XSTATE_AVX && has(basic.c, 28);
    if (!avx || !has(wide.b, 5) || !has(basic.c, 12) || !has(basic.c, 29)) return 0;
    features |= HN_CPU_AVX2;
    if (has(more.a, 4)) features |= HN_CPU_AVXVNNI;
    bool avx512 = has(wide.b, 16) && has(wide.b, 17) && has(wide.b, 30) && has(wide.b, 31);
    if (!avx512 || (state & XSTATE_AVX512) != XSTATE_AVX512) return features;
    features |= HN_CPU_AVX512;
    if (has(wide.c, 11)) features |= HN_CPU_AVX512VNNI;
    if (has(more.a, 5)) features |= HN_CPU_AVX512BF16;
    if (has(wide.d, 23)) features |= HN_CPU_AVX512FP16;
    bool amx = has(wide.d, 22) && has(wide.d, 24) && has(wide.d, 25) && (state & XSTATE_AMX) == XSTATE_AMX;
    if (amx && amx_permitted()) features |= HN_CPU_AMX;
    return features;
}
#else
uint32_t hn_cpu_features(void) { return 0; }
#endif

static const char *const names[HN_CPU_FEATURE_COUNT] = {
#define X(name, text) [HN_CPU_INDEX_##name] = text,
    HN_CPU_FEATURES(X)
#undef X
};

/* A feature together with those that every processor with it has. */
static uint32_t with_implied(int index) {
    uint32_t avx512 = HN_CPU_AVX2 | HN_CPU_AVX512;
    switch (index) {
    case HN_CPU_INDEX_AVX2:
        return HN_CPU_AVX2;
    case HN_CPU_INDEX_AVXVNNI:
        return HN_CPU_AVX2 | HN_CPU_AVXVNNI;
    case HN_CPU_INDEX_AMX:
        return avx512 | HN_CPU_AVX512VNNI | HN_CPU_AVX512BF16 | HN_CPU_AMX;
    default:
        return avx512 | 1u << index;
    }
}

static int find_name(const char *text, size_t n) {
    for (int i = 0; i < HN_CPU_FEATURE_COUNT; i++)
        if (strlen(names[i]) == n && memcmp(names[i], text, n) == 0) return i;
    return -1;
}

bool hn_cpu_parse(const char *text, uint32_t *features) {
    uint32_t found = 0;
    if (strcmp(text, "generic") == 0) return *features = 0, true;
    for (;;) {
        size_t n = strcspn(text, "+");
        int index = find_name(text, n);
        if (index < 0) return false;
        found |= with_implied(index);
        if (!text[n]) break;
        text += n + 1;
    }
    *features = found;
    return true;
}

void hn_cpu_text(uint32_t features, char *out, size_t size) {
    size_t n = 0;
    if (size == 0) return;
    snprintf(out, size, "%s", features ? "" : "generic");
    for (int i = 0; i < HN_CPU_FEATURE_COUNT; i++) {
        if (!(features >> i & 1) || n >= size) continue;
        int written = snprintf(out + n, size - n, "%s%s", n ? "+" : "", names[i]);
        n += written > 0 ? (size_t)written : 0;
    }
}

/* First line of a small file whose name is made of the parts; "" when it cannot be read. */
static bool read_line(char *line, int size, const char *root, const char *folder, const char *name) {
    char path[512];
    *line = 0;
    if ((size_t)snprintf(path, sizeof path, "%s%s/%s", root, folder, name) >= sizeof path) return false;
    FILE *file = fopen(path, "re");
    if (!file) return false;
    bool ok = fgets(line, size, file) != NULL;
    fclose(file);
    if (!ok) *line = 0;
    return ok;
}

void hn_cpu_model(char *out, size_t size) {
    char line[512];
    if (size == 0) return;
    snprintf(out, size, "unknown");
    FILE *file = fopen("/proc/cpuinfo", "re");
    if (!file) return;
    while (fgets(line, sizeof line, file)) {
        if (strncmp(line, "model name", 10) != 0) continue;
        const char *value = strchr(line, ':');
        if (!value) break;
        value += 1 + strspn(value + 1, " \t");
        snprintf(out, size, "%.*s", (int)strcspn(value, "\n"), value);
        break;
    }
    fclose(file);
}

/* CPUs that quota and period of one cgroup allow; 0 for no limit. */
static int quota_to_cpus(long long quota, long long period) {
    if (quota <= 0 || period <= 0) return 0;
    long long cpus = quota / period;
    return cpus < 1 ? 1 : cpus > 1 << 20 ? 1 << 20 : (int)cpus;
}

static int quota_of_v2(const char *root, const char *folder) {
    char line[128];
    long long quota, period;
    if (!read_line(line, sizeof line, root, folder, "cpu.max")) return 0;
    return sscanf(line, "%lld %lld", &quota, &period) == 2 ? quota_to_cpus(quota, period) : 0;
}

static int quota_of_v1(const char *root, const char *folder) {
    char quota[64], period[64];
    if (!read_line(quota, sizeof quota, root, folder, "cpu.cfs_quota_us")) return 0;
    if (!read_line(period, sizeof period, root, folder, "cpu.cfs_period_us")) return 0;
    return quota_to_cpus(atoll(quota), atoll(period));
}

/* Least quota of the cgroup `path` under `mount` and of those above it. In a container the path may not exist under the
 * mount; the walk then still ends at the container's own root. */
static int quota_of_chain(const char *root, const char *mount, const char *path,
                          int (*quota)(const char *, const char *)) {
    char folder[400];
    int least = 0;
    if ((size_t)snprintf(folder, sizeof folder, "%s%s", mount, path) >= sizeof folder) return 0;
    for (;;) {
        int cpus = quota(root, folder);
        if (cpus && (!least || cpus < least)) least = cpus;
        if (strlen(folder) <= strlen(mount)) return least;
        *strrchr(folder, '/') = 0;
    }
}

static bool lists_cpu_controller(const char *controllers) {
    for (const char *at = controllers; *at; at += strcspn(at, ",") + (at[strcspn(at, ",")] == ','))
        if (strcspn(at, ",") == 3 && memcmp(at, "cpu", 3) == 0) return true;
    return false;
}

/* Quota of one line of /proc/self/cgroup: number:controllers:path; version 2 has no controllers. */
static int quota_of_line(const char *root, char *line) {
    char *controllers = strchr(line, ':'), *path = controllers ? strchr(controllers + 1, ':') : NULL, mount[256];
    if (!path) return 0;
    *path++ = 0;
    controllers++;
    path[strcspn(path, "\n")] = 0;
    if (!*controllers) return quota_of_chain(root, "/sys/fs/cgroup", path, quota_of_v2);
    if (!lists_cpu_controller(controllers)) return 0;
    if ((size_t)snprintf(mount, sizeof mount, "/sys/fs/cgroup/%s", controllers) >= sizeof mount) return 0;
    return quota_of_chain(root, mount, path, quota_of_v1);
}

int hn_cpu_quota(const char *root) {
    char line[512];
    int least = 0;
    if ((size_t)snprintf(line, sizeof line, "%s/proc/self/cgroup", root) >= sizeof line) return 0;
    FILE *file = fopen(line, "re");
    if (!file) return 0;
    while (fgets(line, sizeof line, file)) {
        int cpus = quota_of_line(root, line);
        if (cpus && (!least || cpus < least)) least = cpus;
    }
    fclose(file);
    return least;
}

#define MOST_CPUS 8192

/* True when a CPU before `cpu` that we may use is a hardware thread of the same core. */
static bool is_sibling_of_earlier(int cpu, const cpu_set_t *allowed, size_t size) {
    char folder[128], line[256];
    snprintf(folder, sizeof folder, "/sys/devices/system/cpu/cpu%d/topology", cpu);
    read_line(line, sizeof line, "", folder, "thread_siblings_list");
    for (char *at = line; *at >= '0' && *at <= '9';) { /* "0,64" or "0-1" */
        long first = strtol(at, &at, 10), last = first;
        if (*at == '-') last = strtol(at + 1, &at, 10);
        for (long other = first; other <= last && other < cpu; other++)
            if (CPU_ISSET_S((size_t)other, size, allowed)) return true;
        if (*at == ',') at++;
    }
    return false;
}

int hn_cpu_cores(void) {
    cpu_set_t allowed[MOST_CPUS / CPU_SETSIZE];
    int cores = 0, quota = hn_cpu_quota("");
    if (sched_getaffinity(0, sizeof allowed, allowed) != 0) {
        long online = sysconf(_SC_NPROCESSORS_ONLN);
        cores = online > 0 && online < MOST_CPUS ? (int)online : 1;
    } else {
        for (int cpu = 0; cpu < MOST_CPUS; cpu++)
            if (CPU_ISSET_S((size_t)cpu, sizeof allowed, allowed))
                cores += !is_sibling_of_earlier(cpu, allowed, sizeof allowed);
    }
    if (quota && quota < cores) cores = quota;
    return cores > 0 ? cores : 1;
}

size_t hn_cpu_cache_bytes(int level) {
    static const int name[] = {_SC_LEVEL1_DCACHE_SIZE, _SC_LEVEL2_CACHE_SIZE, _SC_LEVEL3_CACHE_SIZE};
    long bytes = level >= 1 && level <= 3 ? sysconf(name[level - 1]) : 0;
    return bytes > 0 ? (size_t)bytes : 0;
}
