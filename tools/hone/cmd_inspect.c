/* hone inspect: what is in a model or a plan. */
#include "commands.h"
#include "console.h"
#include "source.h"

int command_inspect(const args *a) {
    const char *path = arg_operand(a, 0, "a model or a plan");
    arg_no_more_operands(a, 1);
    char *text;
    json_t *report;
    if (is_plan_file(path)) {
        report = plan_report(path, false, &text);
    } else {
        hone_model *model;
        if (load_model(path, arg_given(a, "verbose"), &model) != HONE_OK) return REFUSED;
        report = model_report(model, &text);
        hone_model_destroy(&model);
    }
    fputs(text, stdout);
    json_decref(report);
    hone_text_destroy(&text);
    return GOOD;
}
