/* hone check: is a model sound, does a plan run here? */
#include <string.h>
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

/* "5 fast, 1 folded": how the nodes of one operator would be run. */
static const char *runs_text(const json_t *row) {
    static const struct {
        const char *key, *text;
    } kinds[] = {
        {"fast", "fast"}, {"reference", "reference"}, {"control", "control flow"}, {"free", "folded or views"}};
    hn_str text;
    hn_str_init(&text, tool_arena());
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        const json_int_t n = json_integer_value(json_object_get(row, kinds[i].key));
        if (n) hn_str_add(&text, "%s%" JSON_INTEGER_FORMAT " %s", text.n ? ", " : "", n, kinds[i].text);
    }
    return text_done(&text);
}

static void print_operators(const json_t *report) {
    table t = {.align = "lrll"};
    table_add(&t, "operator"), table_add(&t, "count"), table_add(&t, "runs on"), table_add(&t, "kernels");
    size_t i;
    json_t *row;
    json_array_foreach(json_object_get(report, "operators"), i, row) {
        table_add(&t, "%s", json_string_value(json_object_get(row, "op")));
        table_add(&t, "%" JSON_INTEGER_FORMAT, json_integer_value(json_object_get(row, "count")));
        table_add(&t, "%s", json_string_value(json_object_get(row, "device")));
        table_add(&t, "%s", runs_text(row));
    }
    table_print(stdout, &t);
}

/* Names come from files and may be no UTF-8. */
static json_t *text_json(const char *text) {
    json_t *made = json_string(text);
    if (made) return made;
    char *plain = text_copy(text, strlen(text));
    for (char *c = plain; *c; c++)
        if (*c & 0x80) *c = '?';
    return json_string(plain);
}

static json_t *message_json(const hone_message *m) {
    static const char *const severities[] = {"verbose", "note", "warning", "error"};
    return json_pack("{ss ss so so so so so}", "severity", severities[m->severity], "status",
                     hone_status_text(m->status), "text", text_json(m->text), "node", text_json(m->node), "op",
                     text_json(m->op), "location", text_json(m->location), "hint", text_json(m->hint));
}

/* Adds "valid", the errors as "faults" and what else was said as "findings" to `report`, and prints it. */
static void print_json(json_t *report, const hone_messages *messages, bool valid) {
    json_t *faults = json_array(), *findings = json_array();
    for (size_t i = 0; i < hone_messages_count(messages); i++) {
        const hone_message *m = hone_messages_at(messages, i);
        if (m->severity >= HONE_INFO)
            json_array_append_new(m->severity == HONE_ERROR ? faults : findings, message_json(m));
    }
    json_object_set_new(report, "valid", json_boolean(valid));
    json_object_set_new(report, "faults", faults);
    json_object_set_new(report, "findings", findings);
    json_object_set_new(report, "not_shown", json_integer((json_int_t)hone_messages_dropped(messages)));
    json_dumpf(report, stdout, JSON_INDENT(2));
    putchar('\n');
}

/* Faults of a model that can be read are what the command looks for: status 1. */
static int report_faults(const args *a, const char *path, hone_status status, const hone_messages *messages) {
    print_messages(messages, arg_given(a, "verbose"));
    if (!hone_messages_count(messages))
        print_fault(HONE_ERROR, text_of("%s: %s", path, hone_status_text(status)), NULL);
    if (arg_given(a, "json")) {
        json_t *report = json_object();
        print_json(report, messages, false);
        json_decref(report);
    }
    return status == HONE_INVALID_MODEL || status == HONE_UNSUPPORTED ? DIFFERS : REFUSED;
}

static size_t count_warnings(const hone_messages *messages) {
    size_t n = 0;
    for (size_t i = 0; i < hone_messages_count(messages); i++)
        n += hone_messages_at(messages, i)->severity == HONE_WARNING;
    return n;
}

static void print_good_model(const char *path, const json_t *report, const hone_messages *messages) {
    const size_t n = count_warnings(messages);
    print_operators(report);
    print_ports("inputs", json_object_get(report, "inputs"));
    print_ports("outputs", json_object_get(report, "outputs"));
    printf("%s%s: good%s, opset %" JSON_INTEGER_FORMAT ", %zu nodes", style_on(stdout, GREEN), path, style_off(stdout),
           json_integer_value(json_object_get(report, "opset")), json_array_size(json_object_get(report, "nodes")));
    if (n) printf(", %zu warning%s", n, n == 1 ? "" : "s");
    putchar('\n');
}

static int check_model(const args *a, const char *path) {
    hone_model *model = NULL;
    hone_messages *messages = new_messages();
    char *text = NULL;
    int result = GOOD;
    hone_status status = hone_model_load_with(path, tool_plugins(a), NULL, messages, &model);
    if (status == HONE_OK && arg_given(a, "save-shapes"))
        require(hone_model_save_shapes(model, arg_text(a, "save-shapes", ""), messages), messages, "--save-shapes");
    if (status == HONE_OK) status = hone_model_check(model, NULL, messages, &text);
    if (status != HONE_OK) {
        result = report_faults(a, path, status, messages);
    } else {
        json_t *report = parse_report(text);
        print_messages(messages, arg_given(a, "verbose"));
        if (arg_given(a, "json")) print_json(report, messages, true);
        else print_good_model(path, report, messages);
        json_decref(report);
    }
    hone_text_destroy(&text);
    hone_model_destroy(&model);
    hone_messages_destroy(&messages);
    return result;
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
    if (arg_given(a, "save-shapes")) fail("--save-shapes needs a model, %s is a plan", path);
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
