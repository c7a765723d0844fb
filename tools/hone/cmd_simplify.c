/* hone simplify: model file to smaller model file. */
#include <inttypes.h>
#include <jansson.h>
#include <string.h>
#include "commands.h"
#include "console.h"
#include "hone/build.h"
#include "simplify_request.h"

static bool on_progress(void *user, double share, const char *what, double left) {
    progress_show(user, share, what, left);
    return !interrupted();
}

static int64_t number(const json_t *report, const char *key, const char *side) {
    return json_integer_value(json_object_get(json_object_get(report, key), side));
}

static void print_operators(const json_t *report) {
    table t = {.align = "lrr"};
    size_t i;
    json_t *row;
    table_add(&t, "operator"), table_add(&t, "before"), table_add(&t, "after");
    json_array_foreach(json_object_get(report, "operators"), i, row) {
        table_add(&t, "%s", json_string_value(json_object_get(row, "op")));
        table_add(&t, "%" JSON_INTEGER_FORMAT, json_integer_value(json_object_get(row, "before")));
        table_add(&t, "%" JSON_INTEGER_FORMAT, json_integer_value(json_object_get(row, "after")));
    }
    table_add(&t, "nodes");
    table_add(&t, "%" PRId64, number(report, "nodes", "before"));
    table_add(&t, "%" PRId64, number(report, "nodes", "after"));
    table_add(&t, "bytes");
    table_add(&t, "%s", bytes_text((uint64_t)number(report, "bytes", "before")));
    table_add(&t, "%s", bytes_text((uint64_t)number(report, "bytes", "after")));
    table_print(stdout, &t);
}

static void print_check(const json_t *report) {
    const json_t *check = json_object_get(report, "check");
    const char *verdict = json_string_value(json_object_get(check, "verdict"));
    const char *reason = json_string_value(json_object_get(check, "reason"));
    double worst = 0;
    size_t i;
    json_t *output;
    json_array_foreach(json_object_get(check, "outputs"), i, output) {
        const double largest = json_number_value(json_object_get(output, "largest_difference"));
        if (largest > worst) worst = largest;
    }
    if (reason) printf("outputs: %s: %s\n", verdict, reason);
    else if (strcmp(verdict, "same") == 0)
        printf("%soutputs: same%s (largest difference %.3g)\n", style_on(stdout, GREEN), style_off(stdout), worst);
    else printf("%soutputs: %s%s\n", style_on(stdout, RED), verdict, style_off(stdout));
}

static void print_report(const args *a, const char *text) {
    json_error_t error;
    if (arg_given(a, "json")) {
        fputs(text, stdout);
        return;
    }
    json_t *report = json_loads(text, 0, &error);
    if (!report) fail("the report is not JSON: %s", error.text);
    print_operators(report);
    print_check(report);
    json_decref(report);
}

int command_simplify(const args *a) {
    const char *in, *out;
    char *report = NULL;
    progress bar;
    hone_simplify_options options = simplify_request(a, &in, &out);
    hone_messages *messages = new_messages();
    progress_start(&bar);
    options.progress = on_progress;
    options.progress_user = &bar;
    const hone_status status = hone_simplify(in, out, &options, messages, &report);
    progress_end(&bar);
    stop_if_interrupted();
    if (report) print_report(a, report);
    const bool differs = status == HONE_INTERNAL && report;
    if (!differs) require(status, messages, in);
    print_messages(messages, arg_given(a, "verbose"));
    hone_messages_destroy(&messages);
    hone_text_destroy(&report);
    return differs ? DIFFERS : GOOD;
}
