/* Builds a plan from an ONNX model: build_plan MODEL.onnx OUT.plan [input=1x3x224x224 ...] */
#include <hone/build.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void show(const hone_messages *messages) {
    for (size_t i = 0; i < hone_messages_count(messages); i++) {
        const hone_message *m = hone_messages_at(messages, i);
        fprintf(stderr, "%s%s%s\n", m->node, *m->node ? ": " : "", m->text);
    }
}

/* "name=1x3x224x224": one fixed shape in profile 0. */
static hone_status set_shape(hone_build_config *config, const char *text, hone_messages *messages) {
    char name[256];
    int64_t dim[HONE_MAX_RANK];
    int rank = 0;
    const char *at = strrchr(text, '=');
    if (!at || (size_t)(at - text) >= sizeof name) return HONE_INVALID_ARGUMENT;
    memcpy(name, text, (size_t)(at - text));
    name[at - text] = 0;
    while (*at && rank < HONE_MAX_RANK) {
        char *end;
        dim[rank++] = strtoll(at + 1, &end, 10);
        if (*end && *end != 'x') return HONE_INVALID_ARGUMENT;
        at = end;
    }
    return hone_build_config_profile(config, 0, name, rank, NULL, dim, NULL, messages);
}

static bool progress(void *user, double share, const char *what, double seconds_left) {
    (void)user, (void)seconds_left;
    printf("%3.0f %%  %s\n", 100 * share, what);
    return true; /* false would cancel the build */
}

int main(int argc, char **argv) {
    hone_messages *messages = NULL;
    hone_build_config *config = NULL;
    hone_model *model = NULL;
    if (argc < 3) {
        fprintf(stderr, "usage: build_plan MODEL.onnx OUT.plan [input=1x3x224x224 ...]\n");
        return 2;
    }
    hone_status status = hone_messages_create(NULL, &messages);
    if (status == HONE_OK) status = hone_build_config_create(&config);
    for (int i = 3; status == HONE_OK && i < argc; i++) status = set_shape(config, argv[i], messages);
    if (status == HONE_OK) status = hone_model_load(argv[1], NULL, messages, &model);
    if (status == HONE_OK) {
        hone_build_config_progress(config, progress, NULL);
        status = hone_build(model, config, argv[2], messages);
    }
    if (messages) show(messages);
    if (status != HONE_OK) fprintf(stderr, "build_plan: %s\n", hone_status_text(status));
    hone_model_destroy(&model);
    hone_build_config_destroy(&config);
    hone_messages_destroy(&messages);
    return status == HONE_OK ? 0 : 2;
}
