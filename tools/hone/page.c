/* The page around the drawing: head, chips, tables, data. */
#include "page.h"

#include <stdlib.h>
#include <string.h>
#include "console.h"
#include "page_graph.h"

/* ---- chips ---- */

static void add_chip(hn_str *out, const char *what, const char *value) {
    if (!value || !*value) return;
    hn_str_add(out, "<div class=\"chip\"><span>%s</span><b>", what);
    add_escaped(out, value);
    hn_str_add(out, "</b></div>\n");
}

static const char *memory_chip(const json_t *memory) {
    if (!json_is_true(json_object_get(memory, "bounded"))) return "unbounded";
    return bytes_text((uint64_t)json_integer_value(json_object_get(memory, "arena_bytes")));
}

static void add_plan_chips(hn_str *out, const json_t *report) {
    const json_t *meta = json_object_get(report, "meta"), *memory = json_object_get(report, "memory");
    add_chip(out, "precision", string_of(meta, "precision"));
    add_chip(out, "device", string_of(meta, "device"));
    add_chip(out, "steps", text_of("%zu", json_array_size(json_object_get(report, "steps"))));
    add_chip(out, "weights", bytes_text((uint64_t)json_integer_value(json_object_get(memory, "weights_bytes"))));
    add_chip(out, "arena", memory_chip(memory));
    add_chip(out, "profiles", string_of(meta, "profiles"));
    add_chip(out, "threads", string_of(meta, "threads"));
    add_chip(out, "instructions", string_of(meta, "features"));
    add_chip(out, "opset", string_of(meta, "opset"));
    add_chip(out, "model", string_of(meta, "model_file"));
}

static void add_model_chips(hn_str *out, const json_t *report) {
    const json_t *constants = json_object_get(report, "constants");
    add_chip(out, "opset", text_of("%" JSON_INTEGER_FORMAT, json_integer_value(json_object_get(report, "opset"))));
    add_chip(out, "nodes", text_of("%zu", json_array_size(json_object_get(report, "nodes"))));
    add_chip(out, "operators", text_of("%zu", json_array_size(json_object_get(report, "operators"))));
    add_chip(out, "weights", bytes_text((uint64_t)json_integer_value(json_object_get(constants, "bytes"))));
    add_chip(out, "producer", string_of(report, "producer"));
}

static void add_head(hn_str *out, const char *path, const json_t *report, bool plan) {
    const char *slash = strrchr(path, '/');
    hn_str_add(out, "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" "
                    "content=\"width=device-width,initial-scale=1\"><title>");
    add_escaped(out, slash ? slash + 1 : path);
    hn_str_add(out, "</title><style>%s</style></head><body>\n<header><h1>", page_style);
    add_escaped(out, slash ? slash + 1 : path);
    hn_str_add(out, "<small>Hone %s</small></h1><div class=\"chips\">\n", plan ? "plan" : "model");
    if (plan) add_plan_chips(out, report);
    else add_model_chips(out, report);
    hn_str_add(out, "</div></header>\n<main>\n<!-- summary -->\n");
}

/* ---- graphs ---- */

static void add_legend(hn_str *out) {
    hn_str_add(out, "<div class=\"legend\">");
    for (int i = 0; i < OPERATOR_KINDS; i++)
        hn_str_add(out, "<span><i class=\"l%d\"></i>%s</span>", i, operator_kinds[i]);
    hn_str_add(out, "<span>dashed: by reference</span></div>\n");
}

static void add_graph(hn_str *out, const char *title, const json_t *report, const json_t *nodes, const char *owner_key,
                      const json_t *owner) {
    hn_str_add(out, "<section><div class=\"bar\"><h2>");
    add_escaped(out, title);
    hn_str_add(out, "</h2><input placeholder=\"find a layer\" aria-label=\"find a layer\"><button>fit</button></div>"
                    "<div class=\"graph\">\n");
    draw_graph(out, report, nodes, owner_key, owner);
    hn_str_add(out, "<div class=\"detail\"></div></div>\n");
    add_legend(out);
    hn_str_add(out, "</section>\n");
}

/* Bodies of If, Loop and Scan: one drawing for each owner, in order of appearance. */
static void add_bodies(hn_str *out, const json_t *report, const json_t *nodes, const char *owner_key) {
    const json_t *seen[256];
    size_t n = 0, i;
    json_t *node;
    json_array_foreach(nodes, i, node) {
        const json_t *owner = json_object_get(node, owner_key);
        bool known = !owner || n == sizeof seen / sizeof *seen;
        for (size_t k = 0; k < n && !known; k++)
            known = json_equal((json_t *)(uintptr_t)seen[k], (json_t *)(uintptr_t)owner);
        if (known) continue;
        seen[n++] = owner;
        const char *title = json_is_string(owner) ? text_of("Body of %s", json_string_value(owner))
                                                  : text_of("Block %" JSON_INTEGER_FORMAT, json_integer_value(owner));
        add_graph(out, title, report, nodes, owner_key, owner);
    }
}

/* ---- tables ---- */

static void add_cell(hn_str *out, const char *text, const char *attributes) {
    hn_str_add(out, "<td%s>", attributes);
    add_escaped(out, text);
    hn_str_add(out, "</td>");
}

static void add_ports(hn_str *out, const json_t *report) {
    static const char *const key[] = {"inputs", "outputs"};
    hn_str_add(out, "<section><h2>Inputs and outputs</h2><div class=\"scroll\"><table><tr><th></th><th>name</th>"
                    "<th>type</th><th>shape</th></tr>\n");
    for (int k = 0; k < 2; k++) {
        size_t i;
        json_t *port;
        json_array_foreach(json_object_get(report, key[k]), i, port) {
            hn_str_add(out, "<tr><td>%s</td>", k ? "output" : "input");
            add_cell(out, string_of(port, "name"), " class=\"mono\"");
            add_cell(out, string_of(port, "dtype"), "");
            add_cell(out, report_shape(json_object_get(port, "shape")), " class=\"mono\"");
            hn_str_add(out, "</tr>\n");
        }
    }
    hn_str_add(out, "</table></div></section>\n");
}

static void add_profiles(hn_str *out, const json_t *report) {
    size_t p;
    json_t *profile;
    hn_str_add(out,
               "<section><h2>Profiles</h2><div class=\"scroll\"><table><tr><th class=\"n\">profile</th><th>input</th>"
               "<th>min</th><th>opt</th><th>max</th></tr>\n");
    json_array_foreach(json_object_get(report, "profiles"), p, profile) {
        const char *name;
        json_t *input;
        json_object_foreach(json_object_get(profile, "inputs"), name, input) {
            hn_str_add(out, "<tr><td class=\"n\">%zu</td>", p);
            add_cell(out, name, " class=\"mono\"");
            add_cell(out, report_shape(json_object_get(input, "min")), " class=\"mono\"");
            add_cell(out, report_shape(json_object_get(input, "opt")), " class=\"mono\"");
            add_cell(out,
                     json_is_true(json_object_get(profile, "bounded")) ? report_shape(json_object_get(input, "max"))
                                                                       : "unbounded",
                     " class=\"mono\"");
            hn_str_add(out, "</tr>\n");
        }
    }
    hn_str_add(out, "</table></div></section>\n");
}

static double slowest_of(const json_t *steps) {
    double most = 0;
    size_t i;
    json_t *step;
    json_array_foreach(steps, i, step) {
        const double t = json_number_value(json_object_get(step, "time_ms"));
        if (t > most) most = t;
    }
    return most;
}

static void add_steps(hn_str *out, const json_t *steps) {
    const double slowest = slowest_of(steps);
    size_t i;
    json_t *step;
    hn_str_add(out,
               "<section><h2>Steps</h2><div class=\"scroll\"><table><tr><th class=\"n\">#</th><th>operators</th>"
               "<th>name</th><th>kernel</th><th>device</th><th>output</th>%s</tr>\n",
               slowest > 0 ? "<th class=\"n\">ms</th>" : "");
    json_array_foreach(steps, i, step) {
        const json_t *first = json_array_get(json_object_get(step, "outputs"), 0);
        const double t = json_number_value(json_object_get(step, "time_ms"));
        hn_str_add(out, "<tr><td class=\"n\">%zu</td>", i);
        add_cell(out, string_of(step, "fused"), "");
        add_cell(out, string_of(step, "name"), " class=\"mono\"");
        add_cell(out, string_of(step, "kernel"), " class=\"mono\"");
        add_cell(out, string_of(step, "device"), "");
        add_cell(out, text_of("%s %s", string_of(first, "dtype"), report_shape(json_object_get(first, "shape"))),
                 " class=\"mono\"");
        if (slowest > 0)
            hn_str_add(out, "<td class=\"n heatcell\" style=\"--p:%.1f%%\">%.4f</td>", 100 * t / slowest, t);
        hn_str_add(out, "</tr>\n");
    }
    hn_str_add(out, "</table></div></section>\n");
}

static void add_pairs(hn_str *out, const char *title, const json_t *object) {
    const char *key;
    json_t *value;
    if (!json_object_size(object)) return;
    hn_str_add(out, "<section><h2>%s</h2><div class=\"scroll\"><table>\n", title);
    json_object_foreach((json_t *)(uintptr_t)object, key, value) {
        hn_str_add(out, "<tr>");
        add_cell(out, key, "");
        add_cell(out, json_is_string(value) ? json_string_value(value) : "", " class=\"mono\"");
        hn_str_add(out, "</tr>\n");
    }
    hn_str_add(out, "</table></div></section>\n");
}

/* ---- times and data ---- */

/* Gives each step its average time. Steps of one name share what was measured under it. */
static void add_times(const json_t *steps, const json_t *times) {
    size_t i, k;
    json_t *row, *step;
    json_array_foreach(times, i, row) {
        const char *name = json_string_value(json_object_get(row, "name"));
        const double t = json_number_value(json_object_get(row, "averageMs"));
        if (!name) continue;
        json_array_foreach(steps, k, step) if (strcmp(string_of(step, "name"), name) == 0)
            json_object_set_new(step, "time_ms", json_real(t));
    }
}

/* JSON inside a script element: "<" could end it. */
static void add_data(hn_str *out, const json_t *nodes) {
    char *text = json_dumps(nodes, JSON_COMPACT | JSON_REAL_PRECISION(6));
    if (!text) fail("out of memory");
    hn_str_add(out, "<script type=\"application/json\" id=\"data\">{\"nodes\":");
    for (const char *at = text; *at; at++) {
        if (*at == '<') hn_str_append(out, "\\u003c", 6);
        else hn_str_append(out, at, 1);
    }
    hn_str_add(out, "}</script>\n");
    free(text);
}

void write_page(hn_str *out, const char *path, const json_t *report, const json_t *times) {
    const bool plan = strcmp(string_of(report, "kind"), "plan") == 0;
    const json_t *nodes = json_object_get(report, plan ? "steps" : "nodes");
    const char *owner_key = plan ? "block" : "inside";
    add_times(nodes, times);
    add_head(out, path, report, plan);
    add_graph(out, "Graph", report, nodes, owner_key, NULL);
    add_bodies(out, report, nodes, owner_key);
    add_ports(out, report);
    if (plan) add_profiles(out, report);
    if (plan) add_steps(out, nodes);
    add_pairs(out, plan ? "Provenance" : "Metadata", json_object_get(report, plan ? "meta" : "metadata"));
    hn_str_add(out, "</main>\n");
    add_data(out, nodes);
    hn_str_add(out, "<script>%s</script></body></html>\n", page_script);
}
