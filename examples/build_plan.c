/* Builds a plan from an ONNX model: build_plan MODEL.onnx OUT.plan [INPUT BATCH_MOST]
 * With INPUT and BATCH_MOST the leading dimension of that input may vary from 1 to BATCH_MOST in the plan; the other
 * dimensions are taken as the model report declares them. Everything else about a build is an option: see
 * hone/options.def. */
#include <stdio.h>
#include <stdlib.h>
#include "hone/build.h"

static void print_messages(const hone_messages *messages) {
    for (size_t i = 0; i < hone_messages_count(messages); i++) {
        const hone_message *m = hone_messages_at(messages, i);
        fprintf(stderr, "%s: %s", m->severity == HONE_ERROR ? "error" : "note", m->text);
        fprintf(stderr, *m->node ? " (node %s)\n" : "%s\n", m->node);
        if (*m->hint) fprintf(stderr, "  %s\n", m->hint);
    }
}

/* Progress goes to standard error; returning false would cancel the build. */
static bool show_progress(void *user, double share, const char *what, double seconds_left) {
    (void)user, (void)seconds_left;
    fprintf(stderr, "%3.0f %%  %s\n", share * 100, what);
    return true;
}

/* One profile for an image input: batch 1 to `most`, tuned for `most`. */
static hone_status set_profile(hone_build_config *config, const char *input, int64_t most, hone_messages *messages) {
    const int64_t min[4] = {1, 1, 8, 8}, opt[4] = {most, 1, 8, 8}, max[4] = {most, 1, 8, 8};
    return hone_build_config_profile(config, 0, input, 4, min, opt, max, messages);
}

static hone_status build(int argc, char **argv, hone_messages *messages) {
    hone_model *model = NULL;
    hone_build_config *config = NULL;
    hone_status status = hone_model_load(argv[1], NULL, messages, &model);
    if (status == HONE_OK) status = hone_build_config_create(&config);
    if (status == HONE_OK) status = hone_build_config_set(config, "threads", "1", messages);
    if (status == HONE_OK && argc > 4) status = set_profile(config, argv[3], atoll(argv[4]), messages);
    if (status == HONE_OK) {
        hone_build_config_progress(config, show_progress, NULL);
        status = hone_build(model, config, argv[2], messages);
    }
    if (config) hone_build_config_destroy(&config);
    hone_model_destroy(&model);
    return status;
}

int main(int argc, char **argv) {
    hone_messages *messages;
    if (argc != 3 && argc != 5) {
        fprintf(stderr, "usage: build_plan MODEL.onnx OUT.plan [INPUT BATCH_MOST]\n");
        return 2;
    }
    if (hone_messages_create(NULL, &messages) != HONE_OK) return 2;
    const hone_status status = build(argc, argv, messages);
    print_messages(messages);
    hone_messages_destroy(&messages);
    if (status != HONE_OK) fprintf(stderr, "build_plan: %s\n", hone_status_text(status));
    return status == HONE_OK ? 0 : 2;
}
