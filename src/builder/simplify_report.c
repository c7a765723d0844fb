/* What a simplification did, as JSON. */
#include "base/json.h"
#include "builder/model.h"
#include "builder/simplify_steps.h"

static void write_pair(hn_json *json, const char *key, int64_t before, int64_t after) {
    hn_json_object(json, key, true);
    hn_json_int(json, "before", before);
    hn_json_int(json, "after", after);
    hn_json_end_object(json);
}

static void write_operators(hn_json *json, const hn_simplify *s) {
    hn_json_array(json, "operators", false);
    for (size_t i = 0; i < s->operators.n; i++) {
        const hn_simplify_operator *known = s->operators.at[i];
        if (!known->before && !known->after) continue;
        hn_json_object(json, NULL, true);
        hn_json_string(json, "op", known->name);
        hn_json_int(json, "before", known->before);
        hn_json_int(json, "after", known->after);
        hn_json_end_object(json);
    }
    hn_json_end_array(json);
}

static void write_changes(hn_json *json, const hn_simplify *s) {
    hn_json_array(json, "changes", true);
    for (size_t i = 0; i < s->changes.n; i++) hn_json_string(json, NULL, s->changes.at[i]);
    hn_json_end_array(json);
}

static void write_check(hn_json *json, const hn_simplify *s) {
    static const char *const verdicts[] = {"not checked", "same", "differs"};
    hn_json_object(json, "check", false);
    hn_json_string(json, "verdict", verdicts[s->verdict]);
    if (s->unchecked) hn_json_string(json, "reason", s->unchecked);
    if (s->guilty) hn_json_string(json, "guilty_pass", s->guilty);
    hn_json_array(json, "outputs", s->differences.n == 0);
    for (size_t i = 0; i < s->differences.n; i++) {
        const hn_simplify_difference *d = &s->differences.at[i];
        hn_json_object(json, NULL, true);
        hn_json_string(json, "name", d->output);
        hn_json_number(json, "largest_difference", d->largest);
        hn_json_number(json, "allowed", d->allowed);
        hn_json_end_object(json);
    }
    hn_json_end_array(json);
    hn_json_end_object(json);
}

hone_status hn_simplify_report(const hn_simplify *s, char **json) {
    hn_arena arena;
    hn_str text;
    hn_json writer;
    hn_arena_init(&arena, NULL);
    hn_str_init(&text, &arena);
    hn_json_init(&writer, &text);
    hn_json_object(&writer, NULL, false);
    hn_json_string(&writer, "kind", "simplify");
    hn_json_string(&writer, "input", s->in);
    hn_json_string(&writer, "output", s->out);
    write_pair(&writer, "nodes", s->before.nodes, s->after.nodes);
    write_pair(&writer, "bytes", (int64_t)s->before.bytes, (int64_t)s->after.bytes);
    write_operators(&writer, s);
    write_changes(&writer, s);
    write_check(&writer, s);
    hn_json_end_object(&writer);
    hn_str_append(&text, "\n", 1);
    const hone_status status = hn_text_copy(hn_str_text(&text), json);
    hn_arena_free(&arena);
    return status;
}
