/* Simplification: a pass that changes outputs is found and named, and nothing is written; files do not grow. */
#include <sys/stat.h>
#include "../runtime/runtime_support.h"
#include "builder/simplify_steps.h"
#include "passes/pipeline.h"
#include "passes/rewrite.h"

/* Every Relu becomes its opposite. */
static hone_status break_relu(hn_rewrite *r, hn_node *node) {
    return node->op->id == HN_OP_relu ? hn_rewrite_morph(r, node, HN_OP_neg, (hn_attrs){0}, 1, node->in) : HONE_OK;
}

static hone_status wrong(hn_model *model, bool *changed, hn_diag *diag) {
    return hn_rewrite_nodes(model, changed, diag, break_relu);
}

/* Good passes around it change something once, too. */
static hone_status set_once(const char **text, const char *value, bool *changed) {
    *changed = *text == NULL || strcmp(*text, value) != 0;
    *text = value;
    return HONE_OK;
}

static hone_status first(hn_model *model, bool *changed, hn_diag *diag) {
    (void)diag;
    return set_once(&model->provenance.doc, "first", changed);
}

static hone_status last(hn_model *model, bool *changed, hn_diag *diag) {
    (void)diag;
    return set_once(&model->provenance.domain, "last", changed);
}

static const hn_pass passes[] = {
    {"dead_code", 0, HN_FACT_ORDERED, hn_pass_dead_code},
    {"first", 0, HN_FACT_ORDERED, first},
    {"wrong", HN_FACT_INFERRED, HN_FACT_ORDERED, wrong},
    {"last", 0, HN_FACT_ORDERED, last},
};
static const hn_pipeline pipeline = {passes, NULL, 4, 0};

static void guilty_pass_is_named(void **state) {
    (void)state;
    char folder[] = "/tmp/hone-simplify-XXXXXX", out[64];
    hn_diag diag;
    assert_non_null(mkdtemp(folder));
    snprintf(out, sizeof out, "%s/out.onnx", folder);
    hn_diag_init(&diag, NULL);
    hn_simplify s = {.in = CASE("residual"),
                     .out = out,
                     .options = {.size = sizeof s.options, .samples = 1, .rtol = 1e-4, .atol = 1e-5, .threads = 1},
                     .pipeline = &pipeline,
                     .diag = &diag};
    hn_arena_init(&s.arena, NULL);
    assert_int_equal(hn_simplify_run(&s), HONE_INTERNAL);
    assert_int_equal(s.verdict, HN_SIMPLIFY_DIFFERS);
    assert_non_null(s.guilty);
    assert_string_equal(s.guilty, "wrong");
    assert_non_null(strstr(diag.at[diag.n - 1].text, "the first pass that changes them is wrong"));
    assert_int_equal(files_in(folder), 0);
    hn_arena_free(&s.arena);
    hn_diag_free(&diag);
    assert_int_equal(rmdir(folder), 0);
}

/* Every constant becomes twice what it is: what a wrong folding would leave. */
static hone_status fold_wrongly(hn_rewrite *r, hn_node *node) {
    for (int i = 0; i < node->n_in; i++) {
        hn_value *old = node->in[i];
        if (!hn_ir_is_constant(old) || hn_value_dtype(old) != HONE_FLOAT32 || strstr(old->name, "folded")) continue;
        hn_value *twice = hn_ir_constant_copy(node->graph, "folded", old->info.data);
        float *data = twice->info.data->data;
        for (int64_t k = 0; k < hn_tensor_count(twice->info.data); k++) data[k] *= 2;
        hn_rewrite_replace(r, old, twice);
    }
    return HONE_OK;
}

static hone_status wrong_fold(hn_model *model, bool *changed, hn_diag *diag) {
    return hn_rewrite_nodes(model, changed, diag, fold_wrongly);
}

static void wrong_folding_is_named(void **state) {
    static const hn_pass folding[] = {{"dead_code", 0, HN_FACT_ORDERED, hn_pass_dead_code},
                                      {"first", 0, HN_FACT_ORDERED, first},
                                      {"fold_constants", HN_FACT_INFERRED, HN_FACT_ORDERED, wrong_fold}};
    static const hn_pipeline with_it = {folding, NULL, 3, 0};
    (void)state;
    hn_diag diag;
    hn_diag_init(&diag, NULL);
    hn_simplify s = {.in = CASE("residual"),
                     .out = "/tmp/hone-simplify-never",
                     .options = {.size = sizeof s.options, .samples = 1, .rtol = 1e-4, .atol = 1e-5, .threads = 1},
                     .pipeline = &with_it,
                     .diag = &diag};
    hn_arena_init(&s.arena, NULL);
    assert_int_equal(hn_simplify_run(&s), HONE_INTERNAL);
    assert_non_null(s.guilty);
    assert_string_equal(s.guilty, "fold_constants");
    hn_arena_free(&s.arena);
    hn_diag_free(&diag);
}

/* The form that judges is not folded itself: else a wrong folding would agree with itself. */
static void judge_is_not_folded(void **state) {
    static const char text[] = "hir 1\n"
                               "graph main {\n"
                               "  input %x: float32[2]\n"
                               "  const %a: float32[2] = {1.0, 2.0}\n"
                               "  const %b: float32[2] = {3.0, 4.0}\n"
                               "  %c: float32[2] = Add(%a, %b) as sum\n"
                               "  %y: float32[2] = Mul(%x, %c) as product\n"
                               "  return %y\n"
                               "}\n";
    (void)state;
    hn_diag diag;
    hn_model *model;
    hone_build_config *config;
    hn_diag_init(&diag, NULL);
    expect_ok(hn_ir_parse(text, strlen(text), NULL, &model, &diag), &diag);
    expect_ok(hone_build_config_create(&config), &diag);
    expect_ok(hn_build_plan(model, config, true, "/tmp/hone-simplify-judge.plan", &diag), &diag);
    assert_int_equal(hn_ir_count_nodes(model->main), 2);
    unlink("/tmp/hone-simplify-judge.plan");
    hone_build_config_destroy(&config);
    hn_model_destroy(&model);
    hn_diag_free(&diag);
}

static bool stop_at_check(void *user, double share, const char *what, double left) {
    (void)user, (void)share, (void)left;
    return strcmp(what, "checking") != 0;
}

static void cancelled_leaves_nothing(void **state) {
    (void)state;
    char folder[] = "/tmp/hone-simplify-XXXXXX", out[64];
    hone_messages *messages;
    char *json;
    const hone_simplify_options options = {.size = sizeof options, .progress = stop_at_check};
    assert_non_null(mkdtemp(folder));
    snprintf(out, sizeof out, "%s/out.onnx", folder);
    expect_ok(hone_messages_create(NULL, &messages), NULL);
    assert_int_equal(hone_simplify(CASE("residual"), out, &options, messages, &json), HONE_CANCELLED);
    assert_null(json);
    hone_messages_destroy(&messages);
    assert_int_equal(rmdir(folder), 0);
}

static void same_model_same_bytes(void **state) {
    (void)state;
    char folder[] = "/tmp/hone-simplify-XXXXXX", one[64], other[64], command[160];
    hone_messages *messages;
    assert_non_null(mkdtemp(folder));
    snprintf(one, sizeof one, "%s/one.onnx", folder);
    snprintf(other, sizeof other, "%s/other.onnx", folder);
    expect_ok(hone_messages_create(NULL, &messages), NULL);
    expect_ok(hone_simplify(CASE("residual"), one, NULL, messages, NULL), messages);
    expect_ok(hone_simplify(CASE("residual"), other, NULL, messages, NULL), messages);
    snprintf(command, sizeof command, "cmp %s %s", one, other);
    assert_int_equal(system(command), 0);
    assert_int_equal(files_in(folder), 2);
    unlink(one);
    unlink(other);
    hone_messages_destroy(&messages);
    assert_int_equal(rmdir(folder), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(guilty_pass_is_named), cmocka_unit_test(wrong_folding_is_named),
                                       cmocka_unit_test(judge_is_not_folded),
                                       cmocka_unit_test(cancelled_leaves_nothing),
                                       cmocka_unit_test(same_model_same_bytes)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
