/* hone check: is a model sound, does a plan run here? */
#include <string.h>
#include "base/json.h"
#include "commands.h"
#include "console.h"
#include "metadata.h"
#include "source.h"

static void print_ports(const char *title, const json_t *ports) {
    size_t i;
    json_t *port;
    json_array_foreach(ports, i, port) {
        hn_str shape;
        hn_str_init(&shape, tool_arena());
        size_t k;
        json_t *dim;
        json_array_foreach(json_object_get(port, "shape"), k, dim) {
            if (json_is_integer(dim))
                hn_str_add(&shape, "%s%" JSON_INTEGER_FORMAT, k ? "x" : "", json_integer_value(dim));
            else hn_str_add(&shape, "%s%s", k ? "x" : "", json_string_value(dim));
        }
        printf("  %-8s %s: %s %s\n", i ? "" : title, json_string_value(json_object_get(port, "name")),
               json_string_value(json_object_get(port, "dtype")),
               json_is_array(json_object_get(port, "shape")) ? text_done(&shape) : "(rank known when running)");
    }
}

/* ---- models ---- */

static void print_operators(const json_t *report) {
    table t = {.align = "lrl"};
    table_add(&t, "operator"), table_add(&t, "count"), table_add(&t, "runs on");
    size_t i;
    json_t *row;
    json_array_foreach(json_object_get(report, "operators"), i, row) {
        table_add(&t, "%s", json_string_value(json_object_get(row, "op")));
        table_add(&t, "%" JSON_INTEGER_FORMAT, json_integer_value(json_object_get(row, "count")));
        table_add(&t, "%s", json_string_value(json_object_get(row, "device")));
    }
    table_print(stdout, &t);
}

static void print_faults_json(const hone_messages *messages) {
    hn_str text;
    hn_str_init(&text, tool_arena());
    hn_json json;
    hn_json_init(&json, &text);
    hn_json_object(&json, NULL, false);
    hn_json_bool(&json, "valid", false);
    hn_json_array(&json, "faults", false);
    for (size_t i = 0; i < hone_messages_count(messages); i++) {
        const hone_message *m = hone_messages_at(messages, i);
        if (m->severity != HONE_ERROR) continue;
        hn_json_object(&json, NULL, false);
        hn_json_string(&json, "status", hone_status_text(m->status));
        hn_json_string(&json, "text", m->text);
        hn_json_string(&json, "node", m->node);
        hn_json_string(&json, "op", m->op);
        hn_json_string(&json, "location", m->location);
        hn_json_string(&json, "hint", m->hint);
        hn_json_end_object(&json);
    }
    hn_json_end_array(&json);
    hn_json_int(&json, "not_shown", (int64_t)hone_messages_dropped(messages));
    hn_json_end_object(&json);
    printf("%s\n", text_done(&text));
}

/* Faults of a model that can be read are what the command looks for: status 1. */
static int report_faults(const args *a, const char *path, hone_status status, const hone_messages *messages) {
    print_messages(messages, arg_given(a, "verbose"));
    if (!hone_messages_count(messages))
        print_fault(HONE_ERROR, text_of("%s: %s", path, hone_status_text(status)), NULL);
    if (arg_given(a, "json")) print_faults_json(messages);
    return status == HONE_INVALID_MODEL || status == HONE_UNSUPPORTED ? DIFFERS : REFUSED;
}

static int check_model(const args *a, const char *path) {
    hone_model *model;
    hone_messages *messages = new_messages();
    const hone_status status = hone_model_load(path, NULL, messages, &model);
    if (status != HONE_OK) return report_faults(a, path, status, messages);
    print_messages(messages, arg_given(a, "verbose"));
    hone_messages_destroy(&messages);
    char *text;
    json_t *report = model_report(model, &text);
    if (arg_given(a, "json")) {
        fputs(text, stdout);
    } else {
        print_operators(report);
        print_ports("inputs", json_object_get(report, "inputs"));
        print_ports("outputs", json_object_get(report, "outputs"));
        printf("%s%s: good%s, opset %" JSON_INTEGER_FORMAT ", %zu nodes\n", style_on(stdout, GREEN), path,
               style_off(stdout), json_integer_value(json_object_get(report, "opset")),
               json_array_size(json_object_get(report, "nodes")));
    }
    json_decref(report);
    hone_text_destroy(&text);
    hone_model_destroy(&model);
    return GOOD;
}

/* ---- plans ---- */

static void print_kernels(const json_t *report) {
    table t = {.align = "llrl"};
    table_add(&t, "step"), table_add(&t, "kernel"), table_add(&t, "count"), table_add(&t, "runs on");
    const json_t *steps = json_object_get(report, "steps");
    const size_t n = json_array_size(steps);
    for (size_t i = 0; i < n; i++) {
        const json_t *s = json_array_get(steps, i);
        const char *fused = json_string_value(json_object_get(s, "fused")),
                   *kernel = json_string_value(json_object_get(s, "kernel"));
        size_t first = n, count = 0;
        for (size_t k = 0; k < n; k++) {
            const json_t *o = json_array_get(steps, k);
            if (strcmp(json_string_value(json_object_get(o, "fused")), fused) != 0 ||
                strcmp(json_string_value(json_object_get(o, "kernel")), kernel) != 0)
                continue;
            if (first == n) first = k;
            count++;
        }
        if (first != i) continue;
        table_add(&t, "%s", fused), table_add(&t, "%s", kernel), table_add(&t, "%zu", count);
        table_add(&t, "%s", json_string_value(json_object_get(s, "device")));
    }
    table_print(stdout, &t);
}

static int check_plan(const args *a, const char *path) {
    char *text;
    json_t *report = plan_report(path, true, &text);
    source s;
    source_open(&s, a, path);
    if (arg_given(a, "json")) {
        fputs(text, stdout);
    } else {
        print_kernels(report);
        print_ports("inputs", json_object_get(report, "inputs"));
        print_ports("outputs", json_object_get(report, "outputs"));
        printf("%s%s: runs%s, %zu steps, weights and tables are intact\n", style_on(stdout, GREEN), path,
               style_off(stdout), json_array_size(json_object_get(report, "steps")));
    }
    source_close(&s);
    json_decref(report);
    hone_text_destroy(&text);
    return GOOD;
}

int command_check(const args *a) {
    const char *path = arg_operand(a, 0, "a model or a plan");
    arg_no_more_operands(a, 1);
    return is_plan_file(path) ? check_plan(a, path) : check_model(a, path);
}
