/* Models that must import: conversions give what ONNX Runtime computes, names and symbols come out as promised. */
#include "frontend/run_model.h"

#include <dirent.h>
#include <stdlib.h>

#define FOLDER "tests/data/onnx/good/"

static hn_model *load(const char *name, hn_diag *diag) {
    char path[300];
    hn_model *model;
    snprintf(path, sizeof path, FOLDER "%s.onnx", name);
    hn_diag_init(diag, NULL);
    if (hn_onnx_load(path, NULL, &model, diag) != HONE_OK)
        fail_msg("%s: %s", name, diag->n ? diag->at[0].text : "no message");
    return model;
}

static void unload(hn_model *model, hn_diag *diag) {
    hn_model_destroy(&model);
    hn_diag_free(diag);
}

static const hn_value *expected_of(const hn_model *model, const hn_value *output) {
    char name[200];
    snprintf(name, sizeof name, "expected_%s", output->name);
    const hn_graph *graph = model->main;
    for (size_t i = 0; i < graph->outputs.n; i++)
        if (strcmp(graph->outputs.at[i]->name, name) == 0) return graph->outputs.at[i];
    return NULL;
}

static void expect_distinct_outputs(const char *file, const hn_graph *graph) {
    for (size_t i = 0; i < graph->outputs.n; i++)
        for (size_t k = 0; k < i; k++)
            if (graph->outputs.at[i] == graph->outputs.at[k])
                fail_msg("%s: outputs %zu and %zu are one value", file, k, i);
}

/* Outputs that have an expected value are computed and compared. */
static int check_file(const char *name) {
    hn_diag diag;
    int checked = 0;
    hn_model *model = load(name, &diag);
    expect_distinct_outputs(name, model->main);
    if (!has_control(model->main) && !model->main->inputs.n) {
        evaluate(model, &diag);
        for (size_t i = 0; i < model->main->outputs.n; i++) {
            const hn_value *output = model->main->outputs.at[i], *expected = expected_of(model, output);
            if (!expected) continue;
            expect_same(name, output->name, data_of(output), data_of(expected));
            checked++;
        }
    }
    unload(model, &diag);
    return checked;
}

static int by_text(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

static void test_all_files(void **state) {
    (void)state;
    char *names[300];
    int n = 0, checked = 0;
    DIR *folder = opendir(FOLDER);
    assert_non_null(folder);
    for (struct dirent *entry; (entry = readdir(folder)) && n < 300;) {
        char *dot = strrchr(entry->d_name, '.');
        if (dot && strcmp(dot, ".onnx") == 0) names[n++] = strndup(entry->d_name, (size_t)(dot - entry->d_name));
    }
    closedir(folder);
    qsort(names, (size_t)n, sizeof *names, by_text);
    for (int i = 0; i < n; i++) {
        checked += check_file(names[i]);
        free(names[i]);
    }
    assert_true(n >= 100);
    assert_true(checked >= 90);
}

static void test_names(void **state) {
    (void)state;
    hn_diag diag;
    hn_model *model = load("names", &diag);
    const hn_graph *g = model->main;
    assert_string_equal(g->outputs.at[0]->name, "out");
    assert_string_equal(g->outputs.at[1]->name, "a_out");
    assert_string_equal(g->outputs.at[2]->name, "b");
    assert_string_equal(g->first->origin, "out");
    assert_string_not_equal(g->first->name, "out");
    assert_true(g->first->file_offset > 0);
    unload(model, &diag);
    model = load("if_name_of_later_output", &diag);
    assert_string_equal(model->main->outputs.at[1]->name, "later");
    unload(model, &diag);
}

static void expect_dims(const hn_model *model, int input, const char *text) {
    hn_str shape;
    hn_str_init(&shape, &((hn_model *)(uintptr_t)model)->arena);
    hn_shape_print(&shape, &model->main->inputs.at[input]->info.shape, model->exprs);
    assert_string_equal(hn_str_text(&shape), text);
}

static void test_symbols(void **state) {
    (void)state;
    hn_diag diag;
    hn_model *model = load("shapes", &diag);
    assert_int_equal(model->main->inputs.n, 2); /* `k` is an initializer: its value is fixed */
    expect_dims(model, 0, "[batch,3,x_d2,x_d3]");
    assert_string_equal(hn_expr_symbol_name(model->exprs, 0), "batch");
    assert_string_equal(hn_expr_symbol_name(model->exprs, 1), "2*h + 1");
    const hn_shape *w = &model->main->inputs.at[1]->info.shape;
    assert_true(hn_dim_same(w->dim[0], model->main->inputs.at[0]->info.shape.dim[0]));
    assert_true(hn_dim_same(w->dim[1], hn_expr_symbol(model->exprs, "w_d1")));
    assert_true(hn_dim_is(w->dim[2], 2));
    unload(model, &diag);
}

static void test_branches(void **state) {
    (void)state;
    for (int i = 0; i < 2; i++) {
        hn_diag diag;
        hn_model *model = load(i ? "if_swapped" : "if_siblings", &diag);
        hn_node *node = model->main->first;
        assert_int_equal(hn_attrs_find(node->attrs, "then_branch")->i, 0);
        assert_int_equal(hn_attrs_find(node->attrs, "else_branch")->i, 1);
        assert_string_equal(node->body[0]->first->op->name, "Add");
        assert_string_equal(node->body[1]->first->op->name, "Mul");
        assert_string_not_equal(node->body[0]->outputs.at[0]->name, node->body[1]->outputs.at[0]->name);
        assert_string_equal(node->body[0]->outputs.at[0]->origin, "r");
        assert_string_equal(node->body[1]->outputs.at[0]->origin, "r");
        assert_ptr_equal(node->body[0]->owner, node);
        unload(model, &diag);
    }
    hn_diag diag;
    hn_model *model = load("if_constant_branch", &diag);
    hn_node *node = model->main->first;
    assert_ptr_equal(node->body[0]->outputs.at[0]->graph, node->body[0]);
    unload(model, &diag);
}

static void test_function_names(void **state) {
    (void)state;
    hn_diag diag;
    hn_model *model = load("function", &diag);
    const char *const names[] = {"p", "y", "r"};
    for (int i = 0; i < 3; i++) {
        assert_string_equal(model->main->outputs.at[2 * i]->name, names[i]);
        assert_string_equal(model->main->outputs.at[2 * i]->origin, names[i]);
    }
    assert_string_equal(model->main->first->name, "call/inner/Mul_1");
    unload(model, &diag);
}

static void test_rank_decides_softmax(void **state) {
    (void)state;
    hn_diag diag;
    hn_model *model = load("softmax_after_ops_12", &diag);
    for (const hn_node *n = model->main->first; n; n = n->next) assert_string_not_equal(n->op->name, "Flatten");
    unload(model, &diag);
    model = load("softmax_dynamic_11", &diag);
    const hn_value *y = model->main->outputs.at[0];
    for (int i = 0; i < 3; i++)
        assert_true(hn_dim_same(y->info.shape.dim[i], model->main->inputs.at[0]->info.shape.dim[i]));
    unload(model, &diag);
}

static void test_warning(void **state) {
    (void)state;
    hn_diag diag;
    hn_model *model = load("unknown_attribute", &diag);
    assert_int_equal(diag.n, 1);
    assert_int_equal(diag.at[0].severity, HONE_WARNING);
    assert_non_null(strstr(diag.at[0].text, "'colour'"));
    assert_string_equal(diag.at[0].op, "Relu");
    assert_int_equal(model->main->first->attrs.n, 0);
    unload(model, &diag);
}

static void test_declared_output(void **state) {
    (void)state;
    hn_diag diag;
    hn_model *model = load("declared_output", &diag);
    assert_int_equal(diag.n, 1);
    assert_string_equal(diag.at[0].text, "the output 'y' is declared as float32[1,4], but is float32[n,3]");
    unload(model, &diag);
}

static void test_in_place(void **state) {
    (void)state;
    hn_diag diag;
    hn_model *model = load("external", &diag);
    const hn_tensor *w = model->main->first->in[0]->info.data;
    bool mapped = false;
    for (size_t i = 0; i < model->files.n; i++)
        mapped |= (const uint8_t *)w->data >= model->files.at[i].data &&
                  (const uint8_t *)w->data < model->files.at[i].data + model->files.at[i].size;
    assert_true(mapped);
    unload(model, &diag);
}

static void test_provenance(void **state) {
    (void)state;
    hn_diag diag;
    hn_model *model = load("shapes", &diag);
    assert_string_equal(model->provenance.producer, "make_onnx_cases");
    assert_string_equal(model->provenance.graph_name, "shapes");
    assert_int_equal(model->provenance.opset, 17);
    assert_int_equal(model->provenance.ir_version, 10);
    unload(model, &diag);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_files),      cmocka_unit_test(test_names),
        cmocka_unit_test(test_symbols),        cmocka_unit_test(test_branches),
        cmocka_unit_test(test_function_names), cmocka_unit_test(test_rank_decides_softmax),
        cmocka_unit_test(test_warning),        cmocka_unit_test(test_declared_output),
        cmocka_unit_test(test_in_place),       cmocka_unit_test(test_provenance),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
