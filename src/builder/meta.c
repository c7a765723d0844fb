/* The META section: where a plan comes from. Nothing here depends on the time or the place of the build. */
#include <inttypes.h>
#include <openssl/evp.h>
#include <string.h>
#include "base/cpu.h"
#include "builder/builder.h"
#include "hone/version.h"

enum { MAX_PAIRS = 24 };

typedef struct pairs {
    hn_arena *arena;
    hn_meta_pair *at;
    int n;
} pairs;

static void add(pairs *p, const char *key, const char *value) {
    if (value && *value) p->at[p->n++] = (hn_meta_pair){key, value};
}

static void add_int(pairs *p, const char *key, int64_t value) {
    add(p, key, hn_arena_format(p->arena, "%" PRId64, value));
}

/* SHA-256 of the model file as hexadecimal text. */
static const char *file_digest(hn_arena *arena, const hn_model *model) {
    if (!model->files.n) return NULL;
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned int n = 0;
    if (!EVP_Digest(model->files.at[0].data, model->files.at[0].size, digest, &n, EVP_sha256(), NULL)) return NULL;
    hn_str text;
    hn_str_init(&text, arena);
    for (unsigned int i = 0; i < n; i++) hn_str_add(&text, "%02x", digest[i]);
    return hn_str_text(&text);
}

/* XXH3 over the external data files, in the order in which the model names them; NULL when there are none. */
static const char *data_hash(hn_arena *arena, const hn_model *model) {
    uint64_t hash = 0;
    for (size_t i = 1; i < model->files.n; i++) hash = hn_hash(model->files.at[i].data, model->files.at[i].size, hash);
    return model->files.n > 1 ? hn_arena_format(arena, "%016" PRIx64, hash) : NULL;
}

static void add_dims(hn_str *text, const int64_t *dim, int rank) {
    hn_str_add(text, " ");
    for (int i = 0; i < rank; i++) hn_str_add(text, "%s%" PRId64, i ? "x" : "", dim[i]);
}

/* The ranges that were asked for: "0 images 1x3x192x192 8x3x224x224 32x3x320x320; 1 ..." */
static const char *ranges_text(hn_arena *arena, const hone_build_config *config) {
    hn_str text;
    hn_str_init(&text, arena);
    for (size_t i = 0; config && i < config->ranges.n; i++) {
        const hn_profile_range *r = &config->ranges.at[i];
        hn_str_add(&text, "%s%d %s", i ? "; " : "", r->profile, r->input);
        add_dims(&text, r->min, r->rank), add_dims(&text, r->opt, r->rank), add_dims(&text, r->max, r->rank);
    }
    return hn_str_text(&text);
}

static const char *base_name(const char *path) {
    const char *slash = path ? strrchr(path, '/') : NULL;
    return slash ? slash + 1 : path;
}

hone_status hn_build_meta(hn_build *build, const hn_meta_pair **pair, int *n) {
    const hn_provenance *from = &build->model->provenance;
    pairs p = {&build->arena, HN_NEW_ARRAY(&build->arena, hn_meta_pair, MAX_PAIRS), 0};
    HN_TRY_ALLOC(p.at);
    char features[128];
    hn_cpu_text(build->features, features, sizeof features);
    add(&p, "library_version", HONE_VERSION_STRING);
    add(&p, "model_id", hn_config_text(build->config, "model-id"));
    add(&p, "model_file", base_name(from->path));
    if (!build->as_is) { /* such a plan is never asked whether it is current */
        add(&p, "model_sha256", file_digest(&build->arena, build->model));
        add(&p, "data_hash", data_hash(&build->arena, build->model));
    }
    add(&p, "graph", from->graph_name);
    add(&p, "producer", from->producer);
    add(&p, "producer_version", from->producer_version);
    add_int(&p, "ir_version", from->ir_version);
    add_int(&p, "opset", from->opset);
    add(&p, "precision", "fp32");
    add(&p, "device", "cpu");
    add(&p, "features", hn_arena_copy(&build->arena, features, strlen(features) + 1));
    add_int(&p, "threads", build->threads);
    add_int(&p, "profiles", build->n_profile);
    add(&p, "ranges", ranges_text(&build->arena, build->config));
    add(&p, "batch", build->batch);
    add(&p, "index_limits", build->index_limits);
    add(&p, "reference", hn_config_text(build->config, "reference"));
    add(&p, "observe", hn_config_text(build->config, "observe"));
    add(&p, "memory_limit", hn_config_text(build->config, "memory-limit"));
    add(&p, "mock_device", hn_config_text(build->config, "mock-device"));
    *pair = p.at;
    *n = p.n;
    return HONE_OK;
}
