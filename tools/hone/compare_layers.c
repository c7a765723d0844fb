/* Layer by layer: what steps make in A is kept and compared when B makes a value of the same name. */
#include <stdlib.h>
#include <string.h>
#include "console.h"
#include "base/map.h"
#include "compare.h"
#include "runner.h"

typedef struct walk {
    hone_context *context;
    const json_t *steps; /* of the plan's report, by step number */
    hn_map *wanted;      /* names that the other side makes, too */
    tensors *kept;       /* A: values by name */
    hn_map *place;       /* name -> index + 1 into `kept` */
    comparisons *found;  /* B */
    const tolerance *tolerance;
    bool comparing;
} walk;

static void keep(walk *w, const char *name, hone_value *value) {
    const uintptr_t at = (uintptr_t)hn_map_get_text(w->place, name);
    if (at) { /* made again, in a loop: the last one counts */
        hone_value_destroy(&w->kept->at[at - 1].value);
        w->kept->at[at - 1].value = value;
        return;
    }
    tensors_add(w->kept, text_copy(name, strlen(name)), value);
    if (!hn_map_put_text(w->place, name, (void *)(uintptr_t)w->kept->n)) fail("out of memory");
}

static void compare(walk *w, const char *name, const char *op, hone_value *value) {
    const uintptr_t at = (uintptr_t)hn_map_get_text(w->place, name);
    if (at) {
        const char *own = text_copy(name, strlen(name));
        comparison *c = comparisons_add(w->found, own, own);
        c->op = text_copy(op, strlen(op));
        c->shape = shape_text(hone_value_rank(value), hone_value_dims(value));
        metrics_add(&c->metrics, w->kept->at[at - 1].value, value, w->tolerance);
    }
    hone_value_destroy(&value);
}

static void on_output(walk *w, const hone_step_event *event, int index, const char *name) {
    hone_value *value;
    if (!hn_map_get_text(w->wanted, name)) return;
    if (hone_context_step_output(w->context, event->step, index, &value) != HONE_OK) return;
    if (w->comparing) compare(w, name, event->op, value);
    else keep(w, name, value);
}

static bool on_step(void *user, const hone_step_event *event) {
    walk *w = user;
    if (interrupted()) return false;
    if (!event->after) return true;
    const json_t *outputs = json_object_get(json_array_get(w->steps, (size_t)event->step), "outputs");
    for (size_t i = 0; i < json_array_size(outputs); i++) {
        const char *name = json_string_value(json_object_get(json_array_get(outputs, i), "name"));
        if (name) on_output(w, event, (int)i, name);
    }
    return true;
}

static void run_watched(walk *w, const side *s, const tensors *in) {
    tensors own = side_inputs(s, in);
    w->context = s->context;
    w->steps = json_object_get(s->source.report, "steps");
    for (int i = 0; i < own.n; i++)
        require(hone_context_set_input(s->context, own.at[i].name, own.at[i].value), hone_context_messages(s->context),
                "input");
    hone_context_set_step_callback(s->context, on_step, w);
    const hone_status status = hone_context_run(s->context);
    hone_context_set_step_callback(s->context, NULL, NULL);
    stop_if_interrupted();
    require(status, hone_context_messages(s->context), s->path);
    tensors_free(&own);
}

/* Names of all values that the steps of a plan make. */
static hn_map step_values(const json_t *report) {
    hn_map names;
    hn_map_init(&names, tool_arena());
    size_t i, k;
    json_t *step, *output;
    json_array_foreach(json_object_get(report, "steps"), i, step)
        json_array_foreach(json_object_get(step, "outputs"), k, output) {
        const char *name = json_string_value(json_object_get(output, "name"));
        if (name && !hn_map_put_text(&names, name, step)) fail("out of memory");
    }
    return names;
}

comparisons compare_layers(side *left, side *right, const tensors *in, const tolerance *t) {
    comparisons found = {0};
    tensors kept = {0};
    hn_map mine = step_values(left->source.report), others = step_values(right->source.report), place;
    hn_map_init(&place, tool_arena());
    walk w = {.wanted = &others, .kept = &kept, .place = &place, .found = &found, .tolerance = t};
    run_watched(&w, left, in);
    w.wanted = &mine, w.comparing = true;
    run_watched(&w, right, in);
    tensors_free(&kept);
    return found;
}
