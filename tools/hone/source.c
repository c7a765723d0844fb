/* Models and plans behind one face. */
#include "source.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "console.h"
#include "metadata.h"

bool is_plan_file(const char *path) {
    if (is_folder(path)) fail("%s is a folder", path);
    const file_bytes file = read_file(path);
    return file.n >= 8 && memcmp(file.at, "HONEPLAN", 8) == 0;
}

/* ---- reports ---- */

json_t *parse_report(const char *text) {
    json_error_t error;
    json_t *json = json_loads(text, 0, &error);
    if (!json) fail("the report is not JSON: %s", error.text);
    return json;
}

json_t *model_report(const hone_model *model, char **text) {
    hone_messages *messages = new_messages();
    require(hone_model_report(model, messages, text), messages, "report");
    hone_messages_destroy(&messages);
    return parse_report(*text);
}

json_t *plan_report(const char *path, bool verify_weights, char **text) {
    hone_messages *messages = new_messages();
    require(hone_plan_report(path, verify_weights, messages, text), messages, path);
    hone_messages_destroy(&messages);
    return parse_report(*text);
}

/* ---- ports ---- */

static hone_dtype dtype_named(const char *name) {
    for (int d = 1; d <= HONE_INT2; d++)
        if (strcmp(hone_dtype_name((hone_dtype)d), name) == 0) return (hone_dtype)d;
    return HONE_NO_DTYPE;
}

/* "sequence(float32)" */
static hone_kind kind_named(const char *type) {
    static const char *const kinds[] = {
        [HONE_SEQUENCE] = "sequence(", [HONE_OPTIONAL] = "optional(", [HONE_MAP] = "map("};
    for (int k = HONE_SEQUENCE; k <= HONE_MAP; k++)
        if (strncmp(type, kinds[k], strlen(kinds[k])) == 0) return (hone_kind)k;
    return HONE_TENSOR;
}

static void port_from_json(const json_t *json, hone_port *port) {
    const json_t *shape = json_object_get(json, "shape");
    const char *name = json_string_value(json_object_get(json, "name"));
    const char *type = json_string_value(json_object_get(json, "dtype"));
    *port = (hone_port){.name = text_copy(name, strlen(name)), .type = text_copy(type, strlen(type)), .rank = -1};
    port->dtype = dtype_named(type);
    port->kind = kind_named(type);
    if (!json_is_array(shape)) return;
    port->rank = (int)json_array_size(shape);
    for (int i = 0; i < port->rank && i < HONE_MAX_RANK; i++) {
        const json_t *dim = json_array_get(shape, (size_t)i);
        const char *symbol = json_is_string(dim) ? json_string_value(dim) : "";
        port->dim[i] = json_is_integer(dim) ? json_integer_value(dim) : -1;
        port->symbol[i] = text_copy(symbol, strlen(symbol));
    }
}

static void ports_from_report(source *s) {
    char *text;
    json_t *report = model_report(s->model, &text);
    const json_t *in = json_object_get(report, "inputs"), *out = json_object_get(report, "outputs");
    s->n_input = (int)json_array_size(in), s->n_output = (int)json_array_size(out);
    s->input = take((size_t)s->n_input, sizeof *s->input);
    s->output = take((size_t)s->n_output, sizeof *s->output);
    s->index_limit = take((size_t)s->n_input, sizeof *s->index_limit);
    for (int i = 0; i < s->n_input; i++) {
        const json_t *one = json_array_get(in, (size_t)i);
        port_from_json(one, &s->input[i]);
        s->index_limit[i] = json_integer_value(json_object_get(one, "index_limit"));
    }
    for (int i = 0; i < s->n_output; i++) port_from_json(json_array_get(out, (size_t)i), &s->output[i]);
    json_decref(report);
    hone_text_destroy(&text);
}

/* The plan keeps the limits in the form of shapes: "ids:30522,types:2". */
static void limits_from_meta(source *s) {
    const char *text = hone_engine_meta(s->engine, "index_limits");
    if (!text || !*text) return;
    const shape_list limits = parse_shapes("index_limits", text);
    for (int i = 0; i < s->n_input; i++) {
        const named_shape *limit = find_shape(&limits, s->input[i].name);
        if (limit && limit->rank == 1) s->index_limit[i] = limit->dim[0];
    }
}

static void ports_from_engine(source *s) {
    s->n_input = hone_engine_input_count(s->engine), s->n_output = hone_engine_output_count(s->engine);
    s->input = take((size_t)s->n_input, sizeof *s->input);
    s->output = take((size_t)s->n_output, sizeof *s->output);
    s->index_limit = take((size_t)s->n_input, sizeof *s->index_limit);
    for (int i = 0; i < s->n_input; i++) (void)hone_engine_input(s->engine, i, &s->input[i]);
    for (int i = 0; i < s->n_output; i++) (void)hone_engine_output(s->engine, i, &s->output[i]);
    limits_from_meta(s);
}

/* ---- engines ---- */

const hone_plugins *tool_plugins(const args *a) {
    static hone_plugins *plugins; /* open until the program ends, as models and engines are */
    if (plugins || !arg_given(a, "plugin")) return plugins;
    hone_messages *messages = new_messages();
    require(hone_plugins_create(NULL, &plugins), messages, "out of memory");
    for (int i = 0; i < a->n_given; i++)
        if (strcmp(a->given[i].flag->name, "plugin") == 0)
            require(hone_plugins_open(plugins, a->given[i].value, messages), messages, a->given[i].value);
    hone_messages_destroy(&messages);
    return plugins;
}

static void load_engine(source *s, const args *a, const char *path) {
    hone_messages *messages = new_messages();
    const hone_engine_options options = {.size = sizeof options,
                                         .threads = (int)arg_int(a, "threads", 0),
                                         .plugins = tool_plugins(a),
                                         .features = arg_text(a, "features", NULL),
                                         .verify_weights = arg_given(a, "verify-weights")};
    struct stat file;
    if (stat(path, &file) == 0) s->plan_bytes = (uint64_t)file.st_size;
    const double start = seconds_now();
    const hone_status status = hone_engine_load(path, &options, messages, &s->engine);
    s->load_seconds = seconds_now() - start;
    require(status, messages, path);
    print_messages(messages, arg_given(a, "verbose"));
    hone_messages_destroy(&messages);
}

/* Options that only a build can honour are refused on a plan. */
static void refuse_build_options(const args *a, const char *path) {
    for (int i = 0; i < a->n_given; i++) {
        const char *name = a->given[i].flag->name;
        const bool runs =
            strcmp(name, "threads") == 0 || strcmp(name, "features") == 0 || strcmp(name, "memory-limit") == 0;
        if (a->given[i].flag->builds && !runs)
            fail_hint("give the model instead of the plan", "--%s is decided by the build, and %s was built already",
                      name, path);
    }
}

hone_status load_model(const args *a, const char *path, hone_model **out) {
    hone_messages *messages = new_messages();
    const hone_status status = hone_model_load_with(path, tool_plugins(a), NULL, messages, out);
    print_messages(messages, arg_given(a, "verbose"));
    if (status != HONE_OK && !hone_messages_count(messages))
        print_fault(HONE_ERROR, text_of("%s: %s", path, hone_status_text(status)), NULL);
    hone_messages_destroy(&messages);
    return status;
}

void source_open(source *s, const args *a, const char *path) {
    *s = (source){.path = path, .is_plan = is_plan_file(path)};
    if (s->is_plan) {
        refuse_build_options(a, path);
        load_engine(s, a, path);
        ports_from_engine(s);
        s->batch = hone_engine_meta(s->engine, "batch");
        metadata_check(path, s->engine);
        return;
    }
    const double start = seconds_now();
    if (load_model(a, path, &s->model) != HONE_OK) exit(REFUSED);
    s->parse_seconds = seconds_now() - start;
    ports_from_report(s);
}

static void set_option(const args *a, const char *key, const char *value, hone_build_config *config,
                       hone_messages *messages) {
    require(hone_build_config_set(config, key, value, messages), messages, a->command->name);
}

hone_build_config *build_config(const args *a) {
    hone_build_config *config;
    hone_messages *messages = new_messages();
    require(hone_build_config_create(&config), messages, "out of memory");
    for (int i = 0; i < a->n_given; i++)
        if (a->given[i].flag->builds) set_option(a, a->given[i].flag->name, a->given[i].value, config, messages);
    hone_messages_destroy(&messages);
    return config;
}

static bool on_progress(void *user, double share, const char *what, double left) {
    progress_show(user, share, what, left);
    return !interrupted();
}

static void keep_report(source *s, const char *path) {
    char *text;
    if (!s->want_report) return;
    s->report = plan_report(path, false, &text);
    hone_text_destroy(&text);
}

void source_prepare(source *s, const args *a, const shape_list *shapes, int n, bool reference, const char *observe) {
    if (s->engine) {
        keep_report(s, s->path);
        return;
    }
    hone_messages *messages = new_messages();
    hone_build_config *config = build_config(a);
    if (reference) require(hone_build_config_set(config, "reference", "1", messages), messages, "reference");
    if (observe) require(hone_build_config_set(config, "observe", observe, messages), messages, "observe");
    for (int p = 0; p < n; p++)
        for (int i = 0; i < shapes[p].n; i++) {
            const named_shape *one = &shapes[p].at[i];
            require(hone_build_config_profile(config, p, one->name, one->rank, NULL, one->dim, NULL, messages),
                    messages, one->name);
        }
    const char *path = text_of("%s/model.plan", temporary_folder());
    progress bar;
    progress_start(&bar);
    hone_build_config_progress(config, on_progress, &bar);
    const double start = seconds_now();
    const hone_status status = hone_build(s->model, config, path, messages);
    s->build_seconds = seconds_now() - start;
    progress_end(&bar);
    require(status, messages, s->path);
    print_messages(messages, arg_given(a, "verbose"));
    hone_model_destroy(&s->model);
    hone_build_config_destroy(&config);
    hone_messages_destroy(&messages);
    load_engine(s, a, path);
    keep_report(s, path);
    temporary_remove(path);
    if (!s->input) ports_from_engine(s);
}

void source_close(source *s) {
    hone_engine_destroy(&s->engine);
    hone_model_destroy(&s->model);
    json_decref(s->report);
}
