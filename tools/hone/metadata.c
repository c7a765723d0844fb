/* Writing and checking metadata.json. */
#include "metadata.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "base/cpu.h"
#include "base/file.h"
#include "base/json.h"
#include "console.h"
#include "source.h"

const char *metadata_path(const char *plan) {
    const size_t n = strlen(plan);
    const bool suffix = n > 5 && strcmp(plan + n - 5, ".plan") == 0;
    return text_of("%.*s.metadata.json", (int)(suffix ? n - 5 : n), plan);
}

/* ---- writing ---- */

static const char *date_text(void) {
    char text[32];
    const time_t now = time(NULL);
    struct tm parts;
    strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&now, &parts));
    return text_of("%s", text);
}

static void write_member(hn_json *json, const char *key, const json_t *value);

static void write_members(hn_json *json, const json_t *value) {
    const char *key;
    json_t *member;
    size_t i;
    if (json_is_array(value)) json_array_foreach(value, i, member) write_member(json, NULL, member);
    else json_object_foreach((json_t *)(uintptr_t)value, key, member) write_member(json, key, member);
}

static bool is_flat(const json_t *array) {
    size_t i;
    json_t *member;
    json_array_foreach(array, i, member) if (json_is_object(member) || json_is_array(member)) return false;
    return true;
}

static void write_member(hn_json *json, const char *key, const json_t *value) {
    if (json_is_object(value)) {
        hn_json_object(json, key, false);
        write_members(json, value);
        hn_json_end_object(json);
    } else if (json_is_array(value)) {
        hn_json_array(json, key, is_flat(value));
        write_members(json, value);
        hn_json_end_array(json);
    } else if (json_is_string(value)) {
        hn_json_string(json, key, json_string_value(value));
    } else if (json_is_integer(value)) {
        hn_json_int(json, key, json_integer_value(value));
    } else if (json_is_real(value)) {
        hn_json_number(json, key, json_real_value(value));
    } else if (json_is_boolean(value)) {
        hn_json_bool(json, key, json_is_true(value));
    } else {
        hn_json_null(json, key);
    }
}

static void write_place(hn_json *json, const char *model, double build_seconds) {
    char cpu[128];
    hn_cpu_model(cpu, sizeof cpu);
    const char *revision = git_revision(model);
    hn_json_string(json, "built", date_text());
    hn_json_number(json, "build_seconds", build_seconds);
    hn_json_string(json, "built_on", cpu);
    if (revision) hn_json_string(json, "git_revision", revision);
}

void metadata_write(const char *plan, const char *model, double build_seconds, const char *accuracy) {
    char *text;
    json_t *report = plan_report(plan, false, &text);
    hn_str out;
    hn_str_init(&out, tool_arena());
    hn_json json;
    hn_json_init(&json, &out);
    hn_json_object(&json, NULL, false);
    write_members(&json, json_object_get(report, "meta"));
    write_place(&json, model, build_seconds);
    if (accuracy) hn_json_string(&json, "accuracy", accuracy);
    write_member(&json, "inputs", json_object_get(report, "inputs"));
    write_member(&json, "outputs", json_object_get(report, "outputs"));
    write_member(&json, "profile_ranges", json_object_get(report, "profiles"));
    write_member(&json, "memory", json_object_get(report, "memory"));
    hn_json_end_object(&json);
    hn_str_append(&out, "\n", 1);
    hone_messages *messages = new_messages();
    require(hn_file_save(metadata_path(plan), text_done(&out), out.n, messages), messages, "metadata");
    hone_messages_destroy(&messages);
    json_decref(report);
    hone_text_destroy(&text);
}

/* ---- checking ---- */

/* Entries that must agree with the plan: where it came from, and what it is good for. */
static const char *const binding[] = {"model_sha256", "library_version", "profiles", "model_id", "opset", "precision"};

static void check_entry(const char *path, const json_t *metadata, const char *key, const char *in_plan) {
    const json_t *value = json_object_get(metadata, key);
    const char *here = json_is_string(value) ? json_string_value(value) : NULL;
    if (!here && !in_plan) return;
    if (here && in_plan && strcmp(here, in_plan) == 0) return;
    fail_hint("it belongs to another plan: restore the right one, or remove it and build again",
              "%s contradicts the plan: %s is '%s' there and '%s' in the plan", path, key, here ? here : "(absent)",
              in_plan ? in_plan : "(absent)");
}

void metadata_check(const char *plan, const hone_engine *engine) {
    const char *path = metadata_path(plan);
    if (!file_exists(path)) {
        warn("%s is missing: where the plan comes from is known from the plan alone", path);
        return;
    }
    json_error_t error;
    json_t *metadata = json_load_file(path, 0, &error);
    if (!metadata) fail("%s is not JSON: %s (line %d)", path, error.text, error.line);
    for (size_t i = 0; i < sizeof binding / sizeof *binding; i++)
        check_entry(path, metadata, binding[i], hone_engine_meta(engine, binding[i]));
    json_decref(metadata);
}
