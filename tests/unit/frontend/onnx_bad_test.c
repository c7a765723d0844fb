/* Models that must be refused, each with the status and the words of tests/data/onnx/bad/expected.tsv, a place and a
 * hint. */
#include "frontend/run_model.h"

#include <stdlib.h>

#define FOLDER "tests/data/onnx/bad/"

static hone_status status_of(const char *word) {
    static const struct {
        const char *word;
        hone_status status;
    } table[] = {{"model", HONE_INVALID_MODEL},
                 {"unsupported", HONE_UNSUPPORTED},
                 {"malformed", HONE_MALFORMED},
                 {"io", HONE_IO_ERROR}};
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (strcmp(table[i].word, word) == 0) return table[i].status;
    return HONE_OK; /* any error will do */
}

static bool says(const hn_diag *diag, const char *words) {
    for (size_t i = 0; i < diag->n; i++)
        if (diag->at[i].severity == HONE_ERROR && strstr(diag->at[i].text, words)) return true;
    return false;
}

static void check_refusal(const char *name, const char *status, const char *words) {
    char path[300];
    hn_diag diag;
    hn_model *model;
    snprintf(path, sizeof path, FOLDER "%s.onnx", name);
    hn_diag_init(&diag, NULL);
    const hone_status got = hn_onnx_load(path, NULL, &model, &diag);
    if (got == HONE_OK || model) fail_msg("%s was not refused", name);
    if (status_of(status) != HONE_OK && got != status_of(status)) fail_msg("%s: status %d", name, got);
    if (!says(&diag, words))
        fail_msg("%s: no message says \"%s\", but \"%s\"", name, words, diag.n ? diag.at[0].text : "");
    for (size_t i = 0; i < diag.n; i++) {
        const hone_message *m = &diag.at[i];
        if (!*m->hint) fail_msg("%s: no hint behind \"%s\"", name, m->text);
        if (got != HONE_MALFORMED && !*m->location && !strstr(m->text, "no outputs"))
            fail_msg("%s: no place of \"%s\"", name, m->text);
    }
    hn_diag_free(&diag);
}

static void test_refusals(void **state) {
    (void)state;
    char line[200];
    int n = 0;
    FILE *file = fopen(FOLDER "expected.tsv", "r");
    assert_non_null(file);
    for (; fgets(line, sizeof line, file); n++) {
        char *status = strchr(line, '\t'), *words = status ? strchr(status + 1, '\t') : NULL;
        assert_non_null(words);
        *status++ = *words++ = 0;
        words[strcspn(words, "\n")] = 0;
        check_refusal(line, status, words);
    }
    fclose(file);
    assert_true(n >= 60);
}

static hone_status load(const char *name, hn_diag *diag) {
    char path[300];
    hn_model *model;
    snprintf(path, sizeof path, FOLDER "%s.onnx", name);
    hn_diag_init(diag, NULL);
    return hn_onnx_load(path, NULL, &model, diag);
}

static void test_ten_faults(void **state) {
    (void)state;
    hn_diag diag;
    assert_int_equal(load("many_faults", &diag), HONE_INVALID_MODEL);
    assert_int_equal(diag.errors, HN_DIAG_MAX_ERRORS);
    assert_string_equal(diag.at[9].node, "bad9");
    assert_non_null(strstr(diag.at[9].location, "graph.node[9].attribute[0] (byte "));
    hn_diag_free(&diag);
}

/* What lies behind a fault is silent: one cause, one message. */
static void test_one_cause_one_message(void **state) {
    (void)state;
    static const char *const names[] = {"cycle",     "wrong_kind", "function_fault", "unsorted", "external_missing",
                                        "recursion", "exponential"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        hn_diag diag;
        (void)load(names[i], &diag);
        if (diag.n != 1) fail_msg("%s: %zu messages", names[i], diag.n);
        hn_diag_free(&diag);
    }
}

static void test_unknown_operators_are_listed(void **state) {
    (void)state;
    hn_diag diag;
    assert_int_equal(load("unknown_operators", &diag), HONE_UNSUPPORTED);
    assert_int_equal(diag.n, 2);
    assert_string_equal(diag.at[0].node, "n1");
    assert_string_equal(diag.at[0].hint, "did you mean 'Relu'?");
    assert_non_null(strstr(diag.at[1].text, "'FusedThing' of domain 'com.microsoft'"));
    hn_diag_free(&diag);
    assert_int_equal(load("unknown_sibling", &diag), HONE_UNSUPPORTED);
    assert_string_equal(diag.at[0].hint, "did you mean 'Gelu'?");
    hn_diag_free(&diag);
}

static void test_missing_file(void **state) {
    (void)state;
    hn_diag diag;
    assert_int_equal(load("there/is/no/such/file", &diag), HONE_IO_ERROR);
    assert_int_equal(diag.n, 1);
    hn_diag_free(&diag);
}

/* A model in memory has no folder to look for files. */
static void test_external_from_memory(void **state) {
    (void)state;
    hn_diag diag;
    hn_map_file file;
    hn_model *model;
    hn_diag_init(&diag, NULL);
    assert_int_equal(hn_file_map("tests/data/onnx/good/external.onnx", &file, &diag), HONE_OK);
    assert_int_equal(hn_onnx_load_memory(file.data, file.size, NULL, NULL, &model, &diag), HONE_UNSUPPORTED);
    assert_non_null(strstr(diag.at[0].text, "external.bin"));
    assert_int_equal(hn_onnx_load_memory(file.data, file.size, "tests/data/onnx/good", NULL, &model, &diag), HONE_OK);
    hn_model_destroy(&model);
    hn_file_unmap(&file);
    hn_diag_free(&diag);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_ten_faults),
        cmocka_unit_test(test_one_cause_one_message),
        cmocka_unit_test(test_unknown_operators_are_listed),
        cmocka_unit_test(test_missing_file),
        cmocka_unit_test(test_external_from_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
