/* hone inspect: what is in a model or a plan, as text, JSON or a page. */
#include <string.h>
#include "base/file.h"
#include "commands.h"
#include "console.h"
#include "page.h"
#include "page_graph.h"
#include "source.h"
#include "step_table.h"

static void print_title(const char *title) { printf("%s%s%s\n", style_on(stdout, BOLD), title, style_off(stdout)); }

static void print_pairs(const char *title, const json_t *object) {
    const char *key;
    json_t *value;
    if (!json_object_size(object)) return;
    print_title(title);
    json_object_foreach((json_t *)(uintptr_t)object, key, value)
        printf("  %-18s %s\n", key, json_is_string(value) ? json_string_value(value) : "");
}

static void print_values(const char *title, const json_t *values) {
    table t = {.align = "lll"};
    size_t i;
    json_t *value;
    print_title(title);
    table_add(&t, "name"), table_add(&t, "type"), table_add(&t, "shape");
    json_array_foreach(values, i, value) {
        table_add(&t, "%s", string_of(value, "name")), table_add(&t, "%s", string_of(value, "dtype"));
        table_add(&t, "%s", report_shape(json_object_get(value, "shape")));
    }
    table_print(stdout, &t);
}

/* ---- plans ---- */

static void print_profiles(const json_t *profiles) {
    table t = {.align = "rllll"};
    size_t p;
    json_t *profile, *input;
    const char *name;
    print_title("Profiles");
    table_add(&t, "profile"), table_add(&t, "input"), table_add(&t, "min"), table_add(&t, "opt"), table_add(&t, "max");
    json_array_foreach(profiles, p, profile) json_object_foreach(json_object_get(profile, "inputs"), name, input) {
        const bool bounded = json_is_true(json_object_get(profile, "bounded"));
        table_add(&t, "%zu", p), table_add(&t, "%s", name);
        table_add(&t, "%s", report_shape(json_object_get(input, "min")));
        table_add(&t, "%s", report_shape(json_object_get(input, "opt")));
        table_add(&t, "%s", bounded ? report_shape(json_object_get(input, "max")) : "unbounded");
    }
    table_print(stdout, &t);
}

static void print_memory(const json_t *memory) {
    print_title("Memory");
    printf("  weights  %s\n", bytes_text((uint64_t)json_integer_value(json_object_get(memory, "weights_bytes"))));
    printf("  arena    %s, live at once %s\n",
           bytes_text((uint64_t)json_integer_value(json_object_get(memory, "arena_bytes"))),
           bytes_text((uint64_t)json_integer_value(json_object_get(memory, "live_peak_bytes"))));
    if (json_is_true(json_object_get(memory, "bounded"))) printf("  bounded\n");
    else printf("  unbounded, because %s\n", string_of(memory, "reason"));
}

static void print_plan(const json_t *report) {
    print_pairs("Provenance", json_object_get(report, "meta"));
    print_profiles(json_object_get(report, "profiles"));
    print_values("Inputs", json_object_get(report, "inputs"));
    print_values("Outputs", json_object_get(report, "outputs"));
    print_title("Steps");
    print_steps(stdout, json_object_get(report, "steps"));
    print_memory(json_object_get(report, "memory"));
}

/* ---- models ---- */

static void print_nodes(const json_t *nodes) {
    table t = {.align = "rlll"};
    size_t i;
    json_t *node;
    print_title("Nodes");
    table_add(&t, "#"), table_add(&t, "operator"), table_add(&t, "output"), table_add(&t, "name");
    json_array_foreach(nodes, i, node) {
        const json_t *first = json_array_get(json_object_get(node, "outputs"), 0);
        table_add(&t, "%zu", i), table_add(&t, "%s", string_of(node, "op"));
        table_add(&t, "%s %s", string_of(first, "dtype"), report_shape(json_object_get(first, "shape")));
        table_add(&t, "%s", string_of(node, "name"));
    }
    table_print(stdout, &t);
}

static void print_model(const json_t *report) {
    const json_t *constants = json_object_get(report, "constants");
    print_title("Model");
    printf("  graph     %s\n", string_of(report, "graph"));
    if (*string_of(report, "producer"))
        printf("  producer  %s %s\n", string_of(report, "producer"), string_of(report, "producer_version"));
    printf("  opset     %" JSON_INTEGER_FORMAT "\n", json_integer_value(json_object_get(report, "opset")));
    printf("  weights   %s in %" JSON_INTEGER_FORMAT " constants\n",
           bytes_text((uint64_t)json_integer_value(json_object_get(constants, "bytes"))),
           json_integer_value(json_object_get(constants, "count")));
    print_pairs("Metadata", json_object_get(report, "metadata"));
    print_values("Inputs", json_object_get(report, "inputs"));
    print_values("Outputs", json_object_get(report, "outputs"));
    print_nodes(json_object_get(report, "nodes"));
}

/* ---- the command ---- */

static json_t *read_times(const args *a) {
    const char *path = arg_text(a, "times", NULL);
    json_error_t error;
    if (!path) return NULL;
    json_t *times = json_load_file(path, 0, &error);
    if (!json_is_array(times))
        fail_hint("`hone bench --export-profile FILE` writes it", "%s holds no step times: %s", path,
                  times ? "no list" : error.text);
    return times;
}

static void save_page(const args *a, const char *path, const json_t *report) {
    hn_str page;
    hn_str_init(&page, tool_arena());
    json_t *times = read_times(a);
    write_page(&page, path, report, times);
    const char *to = arg_text(a, "html", NULL);
    hone_messages *messages = new_messages();
    require(hn_file_save(to, text_done(&page), page.n, messages), messages, to);
    hone_messages_destroy(&messages);
    json_decref(times);
}

int command_inspect(const args *a) {
    const char *path = arg_operand(a, 0, "a model or a plan");
    arg_no_more_operands(a, 1);
    if (arg_given(a, "times") && !arg_given(a, "html")) fail("--times belongs to --html");
    const bool plan = is_plan_file(path);
    char *text;
    json_t *report;
    if (plan) {
        report = plan_report(path, false, &text);
    } else {
        hone_model *model;
        if (load_model(a, path, &model) != HONE_OK) return REFUSED;
        report = model_report(model, &text);
        hone_model_destroy(&model);
    }
    if (arg_given(a, "html")) save_page(a, path, report);
    if (arg_given(a, "json")) fputs(text, stdout);
    else if (!arg_given(a, "html")) plan ? print_plan(report) : print_model(report);
    json_decref(report);
    hone_text_destroy(&text);
    return GOOD;
}
