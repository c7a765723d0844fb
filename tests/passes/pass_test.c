/* Golden tests of passes: tests/passes/<pass>/<case>.hir holds a model, a line "----", and the model that the pass
 * makes of it; in cases called keeps_* that is the same model. The folder `pipeline` is for all passes with grouping,
 * `simplify` for those of a model that goes back into a file (of opset 13). Each case must also read back as printed,
 * and compute the same before and after its pass, and after the whole pipeline.
 *
 *   pass_test [--update] [folder of a pass, or case]...        --update writes what the passes make into the cases */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include "base/file.h"
#include "interpreter.h"
#include "passes/passes.h"

#define ROOT      "tests/passes"
#define SEPARATOR "----\n"
#define TOLERANCE 1e-5
#define OUTPUTS   16

typedef struct test {
    const char *path, *pass, *name;
    const char *before, *after; /* texts; after "" when the separator is missing */
    size_t n_before;
    bool update;
    hn_arena arena;
    hn_diag diag;
    char why[400];
} test;

static bool fail(test *t, const char *what) {
    const char *detail = t->diag.n ? t->diag.at[t->diag.n - 1].text : "";
    const char *first = t->diag.n ? t->diag.at[0].text : "";
    snprintf(t->why, sizeof t->why, "%s%s%s%s%s", what, *first ? ": " : "", first, detail != first ? "; " : "",
             detail != first ? detail : "");
    return false;
}

static bool read_case(test *t) {
    hn_map_file file;
    if (hn_file_map(t->path, &file, &t->diag) != HONE_OK) return fail(t, "cannot read");
    char *text = hn_arena_string(&t->arena, (const char *)file.data, file.size);
    hn_file_unmap(&file);
    if (!text) return fail(t, "out of memory");
    char *separator = strstr(text, "\n" SEPARATOR);
    t->before = text;
    t->n_before = separator ? (size_t)(separator + 1 - text) : strlen(text);
    t->after = separator ? separator + 1 + strlen(SEPARATOR) : "";
    return true;
}

static const char *print(test *t, const hn_model *model) {
    hn_str text;
    hn_str_init(&text, &t->arena);
    hn_ir_print(&text, model, false);
    return hn_str_text(&text);
}

static bool load(test *t, const char *text, size_t n, hn_model **out) {
    if (hn_ir_parse(text, n, NULL, out, &t->diag) != HONE_OK) return fail(t, "does not parse");
    if (hn_ir_infer(*out, &t->diag) == HONE_OK) return true;
    hn_model_destroy(out);
    return fail(t, "does not infer");
}

static bool reads_back(test *t, const char *text) {
    hn_model *again;
    if (hn_ir_parse(text, strlen(text), NULL, &again, &t->diag) != HONE_OK) return fail(t, "does not parse as printed");
    const char *printed = print(t, again);
    hn_model_destroy(&again);
    return printed && strcmp(printed, text) == 0 ? true : fail(t, "prints otherwise when read back");
}

static hone_status run_pass(test *t, hn_model *model, bool whole) {
    static const hn_passes_options options = {.pipeline = &hn_pipeline_build, .group = true};
    static const hn_passes_options for_file = {.pipeline = &hn_pipeline_simplify};
    if (!whole && strcmp(t->pass, "simplify") == 0) {
        model->for_file = true;
        model->file_opset = 13; /* Shape cannot give a part */
        return hn_passes_run(model, &for_file, &t->diag);
    }
    if (whole || strcmp(t->pass, "pipeline") == 0) return hn_passes_run(model, &options, &t->diag);
    return hn_passes_run_one(model, t->pass, &t->diag);
}

/* The results that were computed with symbols counting from `symbols`. */
static bool compute(test *t, const hn_model *model, int64_t symbols, interpreter *it) {
    return interpret(it, model, symbols, &t->diag) == HONE_OK ? true : fail(t, "does not run");
}

/* Runs the model before and after; `it` holds results of before. */
static bool same_results(test *t, const hn_model *model, const hn_graph *original, interpreter *before,
                         int64_t symbols) {
    interpreter after;
    double worst = 0;
    if (!compute(t, model, symbols, &after)) return hn_arena_free(&after.arena), false;
    bool same = true;
    for (size_t i = 0; same && i < model->main->outputs.n; i++)
        same = same_result(tensor_of(&after, model->main->outputs.at[i]), tensor_of(before, original->outputs.at[i]),
                           TOLERANCE, &worst);
    hn_arena_free(&after.arena);
    if (same) return true;
    snprintf(t->why, sizeof t->why, "computes something else (relative error %g)", worst);
    return false;
}

static bool check_numbers_at(test *t, int64_t symbols, bool whole) {
    hn_model *original, *changed = NULL;
    interpreter before;
    if (!load(t, t->before, t->n_before, &original)) return false;
    bool ok = compute(t, original, symbols, &before) && load(t, t->before, t->n_before, &changed);
    if (ok && run_pass(t, changed, whole) != HONE_OK) ok = fail(t, "the pass fails");
    ok = ok && same_results(t, changed, original->main, &before, symbols);
    hn_arena_free(&before.arena);
    hn_model_destroy(&changed);
    hn_model_destroy(&original);
    return ok;
}

static bool check_numbers(test *t) {
    for (int64_t symbols = 1; symbols < 4; symbols += 2)
        for (int whole = 0; whole < 2; whole++)
            if (!check_numbers_at(t, symbols, whole)) return false;
    return true;
}

static bool same_names(test *t, const hn_model *model, const char *const *name, size_t n) {
    if (model->main->outputs.n != n) return fail(t, "the number of outputs changed");
    for (size_t i = 0; i < n; i++)
        if (strcmp(model->main->outputs.at[i]->name, name[i]) != 0) return fail(t, "an output changed its name");
    return true;
}

/* The text after the pass; NULL when something is wrong on the way. */
static const char *transform(test *t, const char **before) {
    hn_model *model;
    const char *name[OUTPUTS];
    if (!load(t, t->before, t->n_before, &model)) return NULL;
    const size_t n = model->main->outputs.n;
    for (size_t i = 0; i < n && i < OUTPUTS; i++) name[i] = model->main->outputs.at[i]->name;
    *before = print(t, model);
    bool ok = n <= OUTPUTS && *before && reads_back(t, *before);
    if (ok && run_pass(t, model, false) != HONE_OK) ok = fail(t, "the pass fails");
    ok = ok && same_names(t, model, name, n);
    const char *after = ok ? print(t, model) : NULL;
    hn_model_destroy(&model);
    return after && reads_back(t, after) ? after : NULL;
}

static bool rewrite(test *t, const char *after) {
    const char *text = hn_arena_format(&t->arena, "%.*s" SEPARATOR "%s", (int)t->n_before, t->before, after);
    return text && hn_file_save(t->path, text, strlen(text), &t->diag) == HONE_OK ? true : fail(t, "cannot write");
}

static bool differs(test *t, const char *expected, const char *made) {
    int line = 1;
    while (*expected && *expected == *made) line += *expected++ == '\n', made++;
    while (line > 1 && made[-1] != '\n') made--;
    snprintf(t->why, sizeof t->why, "line %d of the result is otherwise: %.200s", line, made);
    return false;
}

static bool check_refused(test *t) {
    hn_model *model;
    const hone_status status = hn_ir_parse(t->before, t->n_before, NULL, &model, &t->diag);
    hn_model_destroy(&model);
    if (status != HONE_MALFORMED || !t->diag.n) return fail(t, "is not refused as malformed");
    const char *message = hn_arena_format(&t->arena, "%s\n", t->diag.at[0].text);
    if (!message) return fail(t, "out of memory");
    if (t->update && strcmp(message, t->after) != 0) return rewrite(t, message);
    return strcmp(message, t->after) == 0 ? true : fail(t, "another message");
}

static bool run_case(test *t) {
    const char *before = NULL;
    if (!read_case(t)) return false;
    if (strcmp(t->pass, "refused") == 0) return check_refused(t);
    const char *after = transform(t, &before);
    if (!after) return *t->why ? false : fail(t, "cannot be printed");
    if (strncmp(t->name, "keeps_", 6) == 0 && strcmp(before, after) != 0) return differs(t, before, after);
    if (t->update && strcmp(after, t->after) != 0) return rewrite(t, after);
    if (strcmp(after, t->after) != 0) return differs(t, t->after, after);
    return check_numbers(t);
}

static bool run_one(const char *path, const char *pass, const char *name, bool update) {
    test t = {.path = path, .pass = pass, .name = name, .update = update};
    hn_arena_init(&t.arena, NULL);
    hn_diag_init(&t.diag, NULL);
    const bool ok = run_case(&t);
    if (ok) printf("PASS %s/%s\n", pass, name);
    else printf("FAIL %s/%s: %s\n", pass, name, t.why);
    hn_diag_free(&t.diag);
    hn_arena_free(&t.arena);
    return ok;
}

static int is_case(const struct dirent *entry) {
    const size_t n = strlen(entry->d_name);
    return n > 4 && strcmp(entry->d_name + n - 4, ".hir") == 0;
}

static int is_folder(const struct dirent *entry) { return !strchr(entry->d_name, '.'); }

/* Cases of one pass whose path begins with `only`; gives how many failed and counts all. */
static int run_folder(const char *pass, const char *only, bool update, int *count) {
    struct dirent **entry;
    char folder[300], path[700];
    int failed = 0;
    snprintf(folder, sizeof folder, ROOT "/%s", pass);
    const int n = scandir(folder, &entry, is_case, alphasort);
    for (int i = 0; i < n; i++) {
        snprintf(path, sizeof path, "%s/%s", folder, entry[i]->d_name);
        char name[300];
        snprintf(name, sizeof name, "%.*s", (int)(strlen(entry[i]->d_name) - 4), entry[i]->d_name);
        if (strncmp(path + strlen(ROOT) + 1, only, strlen(only)) == 0) {
            failed += !run_one(path, pass, name, update);
            ++*count;
        }
        free(entry[i]);
    }
    if (n >= 0) free(entry);
    return failed;
}

int main(int argc, char **argv) {
    struct dirent **entry;
    bool update = false;
    const char *only = "";
    int failed = 0, count = 0;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--update") == 0) update = true;
        else only = argv[i];
    }
    const int n = scandir(ROOT, &entry, is_folder, alphasort);
    for (int i = 0; i < n; i++) {
        failed += run_folder(entry[i]->d_name, only, update, &count);
        free(entry[i]);
    }
    if (n >= 0) free(entry);
    printf("%d cases, %d failed\n", count, failed);
    return failed || !count ? 1 : 0;
}
