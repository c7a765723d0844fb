/* Build options by key and text; options.def says what is allowed. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "base/diag.h"
#include "builder/config.h"

typedef enum option_type { INT, SIZE, BOOL, TEXT } option_type;

static const struct option {
    const char *key;
    option_type type;
    const char *otherwise;
    int64_t least, greatest;
} options[] = {
#define HONE_OPTION(key, type, otherwise, least, greatest, help) {key, type, otherwise, least, greatest},
#include "hone/options.def"
#undef HONE_OPTION
};

static int option_index(const char *key) {
    for (int i = 0; i < HN_BUILD_OPTION_COUNT; i++)
        if (strcmp(options[i].key, key) == 0) return i;
    return -1;
}

/* "512", "512K", "1.5G" is refused: whole numbers with one suffix. */
static bool parse_size(const char *text, int64_t *out) {
    char *end;
    errno = 0;
    const long long n = strtoll(text, &end, 10);
    if (errno || end == text || n < 0) return false;
    static const char suffix[] = "KMGT";
    int shift = 0;
    if (*end) {
        const char *at = strchr(suffix, *end);
        if (!at || end[1]) return false;
        shift = 10 * (int)(at - suffix + 1);
    }
    return !__builtin_mul_overflow((int64_t)n, (int64_t)1 << shift, out);
}

static bool parse_int(const char *text, int64_t *out) {
    char *end;
    errno = 0;
    *out = strtoll(text, &end, 10);
    return !errno && end != text && !*end;
}

static bool parse_bool(const char *text, int64_t *out) {
    *out = strcmp(text, "1") == 0 || strcmp(text, "true") == 0;
    return *out || strcmp(text, "0") == 0 || strcmp(text, "false") == 0;
}

static bool parse_option(const struct option *o, const char *text, int64_t *out) {
    switch (o->type) {
    case INT:
        return parse_int(text, out) && *out >= o->least && *out <= o->greatest;
    case SIZE:
        return parse_size(text, out);
    case BOOL:
        return parse_bool(text, out);
    case TEXT:
        return true;
    }
    return false;
}

static hone_status refuse_value(const struct option *o, const char *value, hn_diag *diag) {
    static const char *const wanted[] = {"a whole number", "a number of bytes such as 512M", "0 or 1", "text"};
    if (o->type == INT)
        HN_FAIL(diag, HONE_INVALID_ARGUMENT, "--%s: '%s' is not a whole number from %" PRId64 " to %" PRId64, o->key,
                value, o->least, o->greatest);
    HN_FAIL(diag, HONE_INVALID_ARGUMENT, "--%s: '%s' is not %s", o->key, value, wanted[o->type]);
}

hone_status hone_build_config_create(hone_build_config **out) {
    *out = NULL;
    hone_build_config *config = hn_alloc(NULL, sizeof *config, 16);
    HN_TRY_ALLOC(config);
    memset(config, 0, sizeof *config);
    hn_arena_init(&config->arena, NULL);
    for (int i = 0; i < HN_BUILD_OPTION_COUNT; i++) config->value[i] = options[i].otherwise;
    *out = config;
    return HONE_OK;
}

void hone_build_config_destroy(hone_build_config **config) {
    if (!*config) return;
    hn_arena_free(&(*config)->arena);
    hn_release(NULL, *config, sizeof **config);
    *config = NULL;
}

hone_status hone_build_config_set(hone_build_config *config, const char *key, const char *value,
                                  hone_messages *messages) {
    if (!config || !key || !value) HN_FAIL(messages, HONE_INVALID_ARGUMENT, "config, key and value are needed");
    const int i = option_index(key);
    if (i < 0) HN_FAIL(messages, HONE_INVALID_ARGUMENT, "there is no build option '%s'", key);
    int64_t number;
    if (!parse_option(&options[i], value, &number)) return refuse_value(&options[i], value, messages);
    const char *copy = hn_arena_string(&config->arena, value, strlen(value));
    HN_TRY_ALLOC(copy);
    config->value[i] = copy;
    return HONE_OK;
}

static hone_status check_range(const char *input, int i, int64_t min, int64_t opt, int64_t max, hn_diag *diag) {
    if (min >= 0 && min <= opt && opt <= max) return HONE_OK;
    HN_FAIL(diag, HONE_INVALID_ARGUMENT,
            "profile of input '%s': dimension %d needs 0 <= min <= opt <= max, got %" PRId64 ", %" PRId64 ", %" PRId64,
            input, i, min, opt, max);
}

hone_status hone_build_config_profile(hone_build_config *config, int profile, const char *input, int rank,
                                      const int64_t *min, const int64_t *opt, const int64_t *max,
                                      hone_messages *messages) {
    if (!config || !input || rank < 0 || rank > HONE_MAX_RANK || (rank && !opt))
        HN_FAIL(messages, HONE_INVALID_ARGUMENT, "a profile needs an input name and 0 to %d dimensions", HONE_MAX_RANK);
    if (profile < 0 || profile > config->n_profile || profile > 1000)
        HN_FAIL(messages, HONE_INVALID_ARGUMENT, "profile %d comes before profile %d was given", profile,
                config->n_profile);
    hn_profile_range r = {.profile = profile, .rank = rank};
    for (int i = 0; i < rank; i++) {
        r.opt[i] = opt[i], r.min[i] = min ? min[i] : opt[i], r.max[i] = max ? max[i] : opt[i];
        HN_TRY(check_range(input, i, r.min[i], r.opt[i], r.max[i], messages));
    }
    for (size_t i = 0; i < config->ranges.n; i++)
        if (config->ranges.at[i].profile == profile && strcmp(config->ranges.at[i].input, input) == 0)
            HN_FAIL(messages, HONE_INVALID_ARGUMENT, "profile %d names input '%s' twice", profile, input);
    r.input = hn_arena_string(&config->arena, input, strlen(input));
    HN_TRY_ALLOC(r.input);
    if (!hn_vec_push(&config->arena, &config->ranges, r)) return HONE_OUT_OF_MEMORY;
    if (profile == config->n_profile) config->n_profile++;
    return HONE_OK;
}

void hone_build_config_progress(hone_build_config *config, hone_progress_fn fn, void *user) {
    config->progress = fn;
    config->progress_user = user;
}

const char *hn_config_text(const hone_build_config *config, const char *key) {
    const int i = option_index(key);
    return config ? config->value[i] : options[i].otherwise;
}

int64_t hn_config_int(const hone_build_config *config, const char *key) {
    int64_t number = 0;
    (void)parse_option(&options[option_index(key)], hn_config_text(config, key), &number); /* checked when it was set */
    return number;
}
