/* Tries models as a careless user would: run_mutants FILE FOLDER [FIRST]. FILE holds records made by packed.py; FOLDER
 * is for files in between; records before FIRST are passed over.
 *
 * Each model is read and checked, its shapes are saved, it is built and run twice with fused kernels and once with
 * references, over an allocator that knows a limit, counts what is not given back and fills memory with a pattern of
 * the run's own: what was never written shows as a difference. Per model the output has BEGIN, one line MESSAGE for
 * each message, one line STAGE for each step, FAULT for what is wrong beyond doubt, and END. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/half.h"
#include "hone/build.h"
#include "hone/runtime.h"

enum { MOST_INPUTS = 64, MOST_OUTPUTS = 64, SECONDS = 60, ROUNDS = 1000, STEPS = 20000 };
static const uint64_t memory_limit = 16 << 20; /* of a context */
static const size_t most_memory = 256 << 20;   /* of everything */

/* ---- memory ---- */

typedef struct account {
    size_t now, peak, largest; /* bytes held, the most of that, the largest request that was refused */
    int pattern;
} account;

static void *take(void *user, size_t size, size_t alignment) {
    account *a = user;
    void *memory = NULL;
    if (size > most_memory - a->now) {
        if (size > a->largest) a->largest = size;
        return NULL;
    }
    if (posix_memalign(&memory, alignment < sizeof(void *) ? sizeof(void *) : alignment, size ? size : 1)) return NULL;
    memset(memory, a->pattern, size < 1 << 20 ? size : 1 << 20);
    a->now += size;
    if (a->now > a->peak) a->peak = a->now;
    return memory;
}

static void give(void *user, void *memory, size_t size) {
    account *a = user;
    if (memory) a->now -= size;
    free(memory);
}

/* ---- records ---- */

typedef struct bytes {
    const uint8_t *at;
    size_t n;
} bytes;

typedef struct input {
    bytes name;
    hone_kind kind;
    bytes value;
} input;

typedef struct mutant {
    bytes name, model;
    int n_in;
    input in[MOST_INPUTS];
} mutant;

static uint32_t read_number(bytes *file) {
    uint32_t number;
    if (file->n < sizeof number) exit(2);
    memcpy(&number, file->at, sizeof number);
    file->at += sizeof number, file->n -= sizeof number;
    return number;
}

static bytes read_bytes(bytes *file) {
    bytes found = {.n = read_number(file)};
    found.at = file->at;
    if (file->n < found.n) exit(2);
    file->at += found.n, file->n -= found.n;
    return found;
}

static mutant read_mutant(bytes *file) {
    mutant m = {.n_in = 0};
    m.name = read_bytes(file);
    m.model = read_bytes(file);
    m.n_in = (int)read_number(file);
    for (int i = 0; i < m.n_in; i++) {
        if (i == MOST_INPUTS) exit(2);
        m.in[i].name = read_bytes(file);
        m.in[i].kind = (hone_kind)read_number(file);
        m.in[i].value = read_bytes(file);
    }
    return m;
}

/* ---- what is printed ---- */

typedef struct attempt {
    const mutant *mutant;
    const char *folder;
    account account;
    hone_allocator allocator;
    hone_messages *messages; /* of the stage at work */
} attempt;

static void print_field(const char *text) {
    putchar('\t');
    for (; *text; text++)
        if ((unsigned char)*text < 32 || *text == 127 || *text == '\\') printf("\\x%02x", (unsigned char)*text);
        else putchar(*text);
}

static void fault(const char *what) { printf("FAULT\t%s\n", what); }

static void print_messages(const hone_messages *messages, hone_status status) {
    bool error = false;
    for (size_t i = 0; i < hone_messages_count(messages); i++) {
        const hone_message *m = hone_messages_at(messages, i);
        error |= m->severity == HONE_ERROR;
        printf("MESSAGE\t%d\t%s", m->severity, hone_status_text(m->status));
        print_field(m->node), print_field(m->op), print_field(m->location), print_field(m->text), print_field(m->hint);
        putchar('\n');
    }
    if (status != HONE_OK && status != HONE_OUT_OF_MEMORY && !error) fault("an error without a message");
    if (status == HONE_OK && error) fault("an error message of a call that succeeded");
    if (status == HONE_INTERNAL) fault("an internal error");
}

/* Ends a stage; true if it went well. */
static bool told(const attempt *a, const char *stage, hone_status status, const hone_messages *messages) {
    print_messages(messages ? messages : a->messages, status);
    printf("STAGE\t%s\t%s\n", stage, hone_status_text(status));
    return status == HONE_OK;
}

static void start(attempt *a) {
    hone_messages_destroy(&a->messages);
    if (hone_messages_create(NULL, &a->messages) != HONE_OK) exit(2);
}

/* ---- comparing ---- */

static double element(const hone_value *value, size_t i) {
    const void *data = hone_value_data(value);
    switch (hone_value_dtype(value)) {
    case HONE_FLOAT32:
        return ((const float *)data)[i];
    case HONE_FLOAT64:
        return ((const double *)data)[i];
    case HONE_FLOAT16:
        return hn_half_to_float(((const uint16_t *)data)[i]);
    case HONE_BFLOAT16:
        return hn_bfloat_to_float(((const uint16_t *)data)[i]);
    default:
        return ((const uint8_t *)data)[i];
    }
}

static bool is_near(double x, double y, double tolerance) {
    if (isnan(x) || isnan(y)) return isnan(x) && isnan(y);
    if (isinf(x) || isinf(y)) return x == y;
    return fabs(x - y) <= tolerance * fmax(1, fmax(fabs(x), fabs(y)));
}

/* NULL, or how two outputs differ. */
static const char *difference(const hone_value *x, const hone_value *y, double tolerance) {
    if (!x || !y) return x == y ? NULL : "one is absent";
    if (hone_value_kind(x) != hone_value_kind(y) || hone_value_count(x) != hone_value_count(y)) return "kind or length";
    for (int64_t i = 0; i < hone_value_count(x); i++)
        if (difference(hone_value_item(x, i), hone_value_item(y, i), tolerance)) return "an item";
    const int rank = hone_value_rank(x);
    if (hone_value_dtype(x) != hone_value_dtype(y)) return "type";
    if (rank != hone_value_rank(y) || memcmp(hone_value_dims(x), hone_value_dims(y), (size_t)rank * 8)) return "shape";
    const size_t n = hone_value_bytes(x), bits = (size_t)hone_dtype_bits(hone_value_dtype(x));
    if (!hone_value_data(x) || !n || !memcmp(hone_value_data(x), hone_value_data(y), n)) return NULL;
    const hone_dtype t = hone_value_dtype(x);
    if (t != HONE_FLOAT32 && t != HONE_FLOAT64 && t != HONE_FLOAT16 && t != HONE_BFLOAT16) return "elements";
    for (size_t i = 0; i < n * 8 / bits; i++)
        if (!is_near(element(x, i), element(y, i), tolerance)) {
            printf("ELEMENT\t%zu\t%g\t%g\n", i, element(x, i), element(y, i));
            return "elements";
        }
    return NULL;
}

static void compare(const hone_context *x, const hone_context *y, int n, double tolerance, const char *how) {
    for (int i = 0; i < n; i++) {
        const char *why = difference(hone_context_output(x, i), hone_context_output(y, i), tolerance);
        if (why) printf("DIFFERENCE\t%s\toutput %d\t%s\n", how, i, why);
    }
}

/* ---- stages ---- */

static bool load(attempt *a, const char *path, const char *stage, hone_model **model) {
    start(a);
    return told(a, stage, hone_model_load(path, &a->allocator, a->messages, model), NULL);
}

/* Reports, the check and the text form; true if the model is one. */
static bool look(attempt *a, const char *path) {
    char saved[256];
    hone_model *model;
    char *text = NULL;
    bool good = load(a, path, "load", &model);
    if (good) {
        snprintf(saved, sizeof saved, "%s/shapes.onnx", a->folder);
        start(a);
        told(a, "shapes", hone_model_save_shapes(model, saved, a->messages), NULL);
        start(a);
        told(a, "text", hone_model_text(model, false, &text), NULL);
        hone_text_destroy(&text);
        start(a);
        good = told(a, "check", hone_model_check(model, NULL, a->messages, &text), NULL);
        hone_text_destroy(&text);
    }
    hone_model_destroy(&model);
    return good;
}

static bool build(attempt *a, const char *model_path, const char *plan_path, const hone_build_config *config) {
    hone_model *model;
    bool good = load(a, model_path, "load", &model);
    if (good) {
        start(a);
        good = told(a, "build", hone_build(model, config, plan_path, a->messages), NULL);
    }
    hone_model_destroy(&model);
    return good;
}

static bool within_budget(void *user, const hone_step_event *event) {
    int *left = user;
    return event->after || --*left > 0;
}

static char *text_of(bytes b) {
    char *text = malloc(b.n + 1);
    memcpy(text, b.at, b.n);
    text[b.n] = '\0';
    return text;
}

static bool bind_inputs(attempt *a, hone_context *context, hone_value **value) {
    for (int i = 0; i < a->mutant->n_in; i++) {
        const input *in = &a->mutant->in[i];
        start(a);
        if (!told(a, "value", hone_value_read_onnx(in->kind, in->value.at, in->value.n, a->messages, NULL, &value[i]),
                  NULL))
            return false;
        char *name = text_of(in->name);
        const hone_status status = hone_context_set_input(context, name, value[i]);
        free(name);
        if (!told(a, "bind", status, hone_context_messages(context))) return false;
    }
    return true;
}

/* A context that has run, or NULL. The memory it got was filled with `pattern`. */
static hone_context *run(attempt *a, const hone_engine *engine, int pattern) {
    hone_context *context;
    hone_value *value[MOST_INPUTS] = {NULL};
    int left = STEPS;
    const hone_context_options options = {.size = sizeof options,
                                          .profile = HONE_PROFILE_AUTO,
                                          .allocator = &a->allocator,
                                          .memory_limit = memory_limit,
                                          .loop_limit = ROUNDS};
    a->account.pattern = pattern;
    start(a);
    bool good = told(a, "context", hone_context_create(engine, &options, a->messages, &context), NULL);
    if (good) {
        hone_context_set_step_callback(context, within_budget, &left);
        good = bind_inputs(a, context, value);
        if (good) good = told(a, "run", hone_context_run(context), hone_context_messages(context));
        hone_context_set_step_callback(context, NULL, NULL);
    }
    for (int i = 0; i < a->mutant->n_in; i++) hone_value_destroy(&value[i]);
    if (!good) hone_context_destroy(&context);
    return context;
}

static hone_engine *load_plan(attempt *a, const char *path) {
    hone_engine *engine;
    const hone_engine_options options = {.size = sizeof options, .allocator = &a->allocator, .threads = 1};
    start(a);
    if (!told(a, "engine", hone_engine_load(path, &options, a->messages, &engine), NULL))
        fault("what was built does not load"); /* unless memory ends, and it does not here */
    return engine;
}

static void try_plans(attempt *a, const char *model_path, const hone_build_config *reference) {
    char fast_path[256], slow_path[256];
    snprintf(fast_path, sizeof fast_path, "%s/fast.plan", a->folder);
    snprintf(slow_path, sizeof slow_path, "%s/slow.plan", a->folder);
    const bool fast_built = build(a, model_path, fast_path, NULL),
               slow_built = build(a, model_path, slow_path, reference);
    hone_engine *fast = fast_built ? load_plan(a, fast_path) : NULL,
                *slow = slow_built ? load_plan(a, slow_path) : NULL;
    if (fast_built != slow_built) puts("DIFFERENCE\tways\tbuild\tonly one was built");
    hone_context *first = fast ? run(a, fast, 0xa5) : NULL, *second = first ? run(a, fast, 0x3c) : NULL;
    hone_context *judge = slow ? run(a, slow, 0x77) : NULL;
    if (first && !second) fault("runs once, and not twice");
    if (fast && slow && !first != !judge) puts("DIFFERENCE\tways\trun\tonly one could run");
    if (second) compare(first, second, hone_engine_output_count(fast), 0, "memory");
    if (first && judge) compare(first, judge, hone_engine_output_count(fast), 2e-2, "ways");
    hone_context_destroy(&first);
    hone_context_destroy(&second);
    hone_context_destroy(&judge);
    hone_engine_destroy(&fast);
    hone_engine_destroy(&slow);
    unlink(fast_path);
    unlink(slow_path);
}

static void try_mutant(const mutant *m, const char *folder, const hone_build_config *reference) {
    attempt a = {.mutant = m, .folder = folder, .account = {.pattern = 0xa5}};
    struct timespec before, after;
    char path[256];
    a.allocator = (hone_allocator){take, give, &a.account};
    snprintf(path, sizeof path, "%s/mutant.onnx", folder);
    FILE *file = fopen(path, "wb");
    if (!file || fwrite(m->model.at, 1, m->model.n, file) != m->model.n || fclose(file)) exit(2);
    printf("BEGIN\t%.*s\n", (int)m->name.n, m->name.at);
    fflush(stdout);
    alarm(SECONDS);
    clock_gettime(CLOCK_MONOTONIC, &before);
    if (look(&a, path)) try_plans(&a, path, reference);
    clock_gettime(CLOCK_MONOTONIC, &after);
    alarm(0);
    hone_messages_destroy(&a.messages);
    if (a.account.now) fault("memory is not given back");
    printf("END\t%.3f\t%zu\t%zu\n",
           (double)(after.tv_sec - before.tv_sec) + 1e-9 * (double)(after.tv_nsec - before.tv_nsec), a.account.peak,
           a.account.largest);
}

int main(int argc, char **argv) {
    if (argc < 3) return 2;
    FILE *in = fopen(argv[1], "rb");
    if (!in || fseek(in, 0, SEEK_END)) return 2;
    bytes file = {NULL, (size_t)ftell(in)};
    rewind(in);
    uint8_t *all = malloc(file.n + 1);
    if (fread(all, 1, file.n, in) != file.n) return 2;
    fclose(in);
    file.at = all;
    hone_build_config *reference;
    if (hone_build_config_create(&reference) || hone_build_config_set(reference, "reference", "1", NULL)) return 2;
    for (int i = 0, first = argc > 3 ? atoi(argv[3]) : 0; file.n; i++) {
        const mutant m = read_mutant(&file);
        if (i >= first) try_mutant(&m, argv[2], reference);
    }
    hone_build_config_destroy(&reference);
    free(all);
    return 0;
}
