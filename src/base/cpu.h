/* What this processor can do, as a bit set; presets are names for sets. */
#ifndef HN_BASE_CPU_H
#define HN_BASE_CPU_H

#include "hone/types.h"

/* Columns: bit name, text. One list for enum, names and parsing. */
#define HN_CPU_FEATURES(X)                                                                                             \
    X(AVX2, "avx2")     /* with FMA and F16C */                                                                        \
    X(AVX512, "avx512") /* F, BW, VL, DQ */                                                                            \
    X(AVX512VNNI, "avx512vnni")                                                                                        \
    X(AVX512BF16, "avx512bf16")                                                                                        \
    X(AVX512FP16, "avx512fp16")                                                                                        \
    X(AVXVNNI, "avxvnni")                                                                                              \
    X(AMX, "amx") /* tile, int8 and bf16, and the kernel lets us use them */

enum {
#define X(name, text) HN_CPU_INDEX_##name,
    HN_CPU_FEATURES(X)
#undef X
        HN_CPU_FEATURE_COUNT
};
enum {
#define X(name, text) HN_CPU_##name = 1u << HN_CPU_INDEX_##name,
    HN_CPU_FEATURES(X)
#undef X
};

/* Features of this machine (CPUID, and what the operating system enabled). Asks for AMX permission when present. */
uint32_t hn_cpu_features(void);
/* Parses "generic", "avx2", "avx512", "amx" (each with all that real processors of the level have: avx512 implies
 * avx2, amx implies avx512, vnni and bf16) or a '+'-joined list; false for an unknown word. */
bool hn_cpu_parse(const char *text, uint32_t *features);
/* Writes the '+'-joined names ("generic" for none) into `out` of `size` bytes. */
void hn_cpu_text(uint32_t features, char *out, size_t size);
/* Model name as the kernel reports it; "unknown" if it does not. */
void hn_cpu_model(char *out, size_t size);
/* Physical cores that this process may use (affinity mask and cgroup quota honoured); at least 1. */
int hn_cpu_cores(void);
/* CPUs that the cgroups of this process allow (version 1 and 2), rounded down, at least 1; 0 when there is no limit.
 * `root` is put before /proc and /sys: "" but in tests. */
int hn_cpu_quota(const char *root);
/* Bytes of the data cache of level 1, 2 or 3; 0 when unknown. */
size_t hn_cpu_cache_bytes(int level);

#endif
