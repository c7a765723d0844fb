/* The steps of a plan as a table. */
#include "step_table.h"

#include "console.h"
#include "page_graph.h"

void print_steps(FILE *to, const json_t *steps) {
    table t = {.align = "rlllll"};
    size_t i;
    json_t *step;
    table_add(&t, "#"), table_add(&t, "operators"), table_add(&t, "kernel"), table_add(&t, "device"),
        table_add(&t, "output");
    table_add(&t, "name");
    json_array_foreach(steps, i, step) {
        const json_t *first = json_array_get(json_object_get(step, "outputs"), 0);
        table_add(&t, "%zu", i), table_add(&t, "%s", string_of(step, "fused"));
        table_add(&t, "%s", string_of(step, "kernel")), table_add(&t, "%s", string_of(step, "device"));
        table_add(&t, "%s %s", string_of(first, "dtype"), report_shape(json_object_get(first, "shape")));
        table_add(&t, "%s", string_of(step, "name"));
    }
    table_print(to, &t);
}
