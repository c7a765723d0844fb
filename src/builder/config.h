/* What one build was asked for. */
#ifndef HN_BUILDER_CONFIG_H
#define HN_BUILDER_CONFIG_H

#include "hone/build.h"
#include "base/growable.h"
#include "plan/plan.h"

enum {
#define HONE_OPTION(key, type, otherwise, least, greatest, help) +1
    HN_BUILD_OPTION_COUNT = 0
#include "hone/options.def"
#undef HONE_OPTION
};

typedef struct hn_profile_range {
    int profile;
    const char *input;
    int rank;
    int64_t min[HONE_MAX_RANK], opt[HONE_MAX_RANK], max[HONE_MAX_RANK];
} hn_profile_range;

struct hone_build_config {
    hn_arena arena;
    const char *value[HN_BUILD_OPTION_COUNT]; /* text as given, or the default; in the order of options.def */
    hn_vec(hn_profile_range) ranges;
    int n_profile;
    hone_progress_fn progress;
    void *progress_user;
};

/* Text of an option; the key must be one of options.def. */
const char *hn_config_text(const hone_build_config *config, const char *key);
/* Number of an INT, SIZE (in bytes) or BOOL option. */
int64_t hn_config_int(const hone_build_config *config, const char *key);

#endif
