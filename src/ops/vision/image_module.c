/* Finds libhone_images.so, loads it when the first image needs it, and lets it decode into memory of the call. */
#include <dlfcn.h>
#include <string.h>
#include <unistd.h>
#include "abi/image_codec.h"
#include "ops/vision/image.h"

static const char *const places[] = {"",
                                     "../" HONE_LIBDIR "/"}; /* beside; where an installed program finds libraries */

/* The folder of the library or program that holds this function; of the program alone when that has no path. */
static const char *own_folder(hn_arena *arena, bool program) {
    Dl_info info;
    char path[4096];
    const ssize_t n = program ? readlink("/proc/self/exe", path, sizeof path - 1) : 0;
    const char *from = path;
    if (n < 0) return NULL;
    path[n] = 0;
    if (!program) from = dladdr(places, &info) && info.dli_fname ? info.dli_fname : "";
    const char *slash = strrchr(from, '/');
    return slash ? hn_arena_format(arena, "%.*s", (int)(slash - from), from) : NULL;
}

/* The module's path from the library's or the program's folder; else its bare name, for the loader to search. */
static const char *find_module(hn_arena *arena) {
    for (int i = 0; i < 4; i++) {
        const char *folder = own_folder(arena, i / 2);
        const char *path = folder ? hn_arena_format(arena, "%s/%s%s", folder, places[i % 2], HN_IMAGE_MODULE) : NULL;
        if (path && access(path, R_OK) == 0) return path;
    }
    return HN_IMAGE_MODULE;
}

/* The library stays loaded, so that the next image finds it at once. */
static hone_status load_codecs(hn_call *call, const char *format, const hn_image_codecs **out) {
    union {
        void *object;
        hn_image_get_fn *get;
    } symbol = {NULL};
    const char *path = find_module(call->scratch);
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
    if (!library) {
        const char *why = dlerror();
        HN_FAIL(
            call->diag, HONE_UNSUPPORTED,
            "%s images need the module %s: %s (looked for beside hone, in ../%s from there and on the loader's path; "
            "it is built with hone when the packages libjpeg62-turbo-dev, libpng-dev, libtiff-dev, libwebp-dev and "
            "libopenjp2-7-dev are there)",
            format, HN_IMAGE_MODULE, why ? why : "it cannot be loaded", HONE_LIBDIR);
    }
    symbol.object = dlsym(library, HN_IMAGE_GET);
    *out = symbol.object ? symbol.get(HN_IMAGE_ABI) : NULL;
    dlclose(library);
    if (!*out || (*out)->abi != HN_IMAGE_ABI)
        HN_FAIL(call->diag, HONE_VERSION_MISMATCH,
                "%s belongs to another version of hone: it does not speak version %d", path, HN_IMAGE_ABI);
    return HONE_OK;
}

/* What the callbacks of one image work on. */
typedef struct target {
    hn_call *call;
    const char *format;
    hn_image *out;
    hone_status status;
} target;

static void *memory(hn_image_job *job, size_t n) {
    const target *t = job->owner;
    return hn_arena_alloc(t->call->scratch, n ? n : 1);
}

static hone_status refuse_size(const target *t, int64_t height, int64_t width) {
    HN_FAIL(t->call->diag, HONE_UNSUPPORTED,
            "the %s image has %lld x %lld pixels; images have 1 to %d pixels a side, %d in all", t->format,
            (long long)height, (long long)width, HN_IMAGE_MOST_SIDE, HN_IMAGE_MOST_PIXELS);
}

static uint8_t *start(hn_image_job *job, int64_t height, int64_t width) {
    target *t = job->owner;
    if (!hn_image_fits(height, width)) {
        t->status = refuse_size(t, height, width);
        return NULL;
    }
    uint8_t *rgb = memory(job, (size_t)(height * width * 3));
    if (!rgb) t->status = HONE_OUT_OF_MEMORY;
    *t->out =
        (hn_image){.height = height, .width = width, .row = 3 * width, .step = 3, .top = rgb, .green = 1, .blue = 2};
    return rgb;
}

static hone_status status_of(const target *t, const hn_image_job *job, hn_image_result result) {
    switch (result) {
    case HN_IMAGE_DECODED:
        return HONE_OK;
    case HN_IMAGE_STOPPED:
        return t->status;
    case HN_IMAGE_NO_MEMORY:
        return HONE_OUT_OF_MEMORY;
    case HN_IMAGE_UNSUPPORTED:
        HN_FAIL(t->call->diag, HONE_UNSUPPORTED, "the %s image is of a kind that is not read: %s", t->format,
                job->text);
    default:
        HN_FAIL(t->call->diag, HONE_INVALID_ARGUMENT, "the %s image is damaged: %s", t->format, job->text);
    }
}

hone_status hn_image_read_module(hn_call *call, const char *format, hn_image *out) {
    const hn_image_codecs *codecs = NULL;
    target t = {call, format, out, HONE_OUT_OF_MEMORY};
    hn_image_job job = {.file = call->in[0]->data,
                        .size = (size_t)hn_tensor_count(call->in[0]),
                        .start = start,
                        .memory = memory,
                        .owner = &t};
    HN_TRY(load_codecs(call, format, &codecs));
    for (int i = 0; i < codecs->n; i++)
        if (strcmp(codecs->codec[i].format, format) == 0) return status_of(&t, &job, codecs->codec[i].decode(&job));
    HN_FAIL(call->diag, HONE_UNSUPPORTED,
            "this %s was built without %s images: their packages (scripts/install_deps.sh) were missing then",
            HN_IMAGE_MODULE, format);
}
