/* Help on commands and options. */
#include "help.h"

#include <string.h>
#include "console.h"

enum { LEFT = 30, OVERVIEW_LEFT = 32, WIDTH = 110 };

/* Text from column `left` on, where the line is, wrapped at WIDTH. */
static void print_wrapped(FILE *to, const char *text, int left) {
    int column = left;
    while (*text) {
        const int n = (int)strcspn(text, " ");
        if (column + n > WIDTH && column > left) fprintf(to, "\n%*s", left, ""), column = left;
        fprintf(to, "%s%.*s", column > left ? " " : "", n, text);
        column += n + 1;
        text += n;
        text += *text == ' ';
    }
    fputc('\n', to);
}

void print_overview(FILE *to, const command *commands, int n) {
    fprintf(to, "%sHone%s turns trained networks (ONNX) into fast, checked, deployable plans and runs them.\n\n",
            style_on(to, BOLD), style_off(to));
    fprintf(to, "usage: hone COMMAND ... [options]\n\n");
    for (int i = 0; i < n; i++) {
        fprintf(to, "  %s%-8s%s %-20s ", style_on(to, BOLD), commands[i].name, style_off(to), commands[i].operands);
        print_wrapped(to, commands[i].help, OVERVIEW_LEFT);
    }
    fprintf(to, "\n`hone COMMAND --help` lists the options of a command. Exit status: 0 good, 1 a check or comparison\n"
                "failed, 2 bad usage, unreadable input or a refused request.\n");
}

static const char *spelling(const flag *f) {
    const char *letter = f->letter ? text_of("-%c, ", f->letter) : "";
    return text_of("%s--%s%s%s", letter, f->name, *f->argument ? " " : "", f->argument);
}

static void print_options(FILE *to, const command *c, bool builds) {
    int n;
    const flag *flags = all_flags(&n);
    for (int i = 0; i < n; i++) {
        if (!(flags[i].commands & (1u << c->id)) || flags[i].builds != builds) continue;
        const char *text = spelling(&flags[i]);
        fprintf(to, "  %-*s", LEFT - 2, text);
        if (strlen(text) + 2 >= LEFT) fprintf(to, "\n%*s", LEFT, "");
        print_wrapped(to, flags[i].help, LEFT);
    }
}

void print_command(FILE *to, const command *c) {
    fprintf(to, "usage: %shone %s%s %s [options]\n\n%c%s.\n\noptions:\n", style_on(to, BOLD), c->name, style_off(to),
            c->operands, c->help[0] - 'a' + 'A', c->help + 1);
    print_options(to, c, false);
    int n;
    const flag *flags = all_flags(&n);
    if (!(flags[n - 1].commands & (1u << c->id))) return;
    fprintf(to, "\nbuild options (those that a plan cannot change any more are refused on plans):\n");
    print_options(to, c, true);
}

/* ---- docs/commands.md ---- */

/* A cell of a table: bars would end it. */
static void print_cell(FILE *to, const char *text) {
    for (; *text; text++) fputs(*text == '|' ? "\\|" : (const char[]){*text, 0}, to);
}

static void print_rows(FILE *to, const command *c) {
    int n;
    const flag *flags = all_flags(&n);
    for (int i = 0; i < n; i++) {
        if (!(flags[i].commands & (1u << c->id))) continue;
        fprintf(to, "| `");
        print_cell(to, spelling(&flags[i]));
        fprintf(to, "` | ");
        print_cell(to, flags[i].help);
        fprintf(to, " |\n");
    }
}

void print_markdown(FILE *to, const command *commands, int n) {
    fprintf(to, "# Commands\nMade by `hone help --markdown` from `tools/hone/commands.def`, `tools/hone/flags.def` and "
                "`include/hone/options.def`.\n");
    for (int i = 0; i < n; i++) {
        fprintf(to, "\n## hone %s %s\n%c%s.\n\n| option | meaning |\n| --- | --- |\n", commands[i].name,
                commands[i].operands, commands[i].help[0] - 'a' + 'A', commands[i].help + 1);
        print_rows(to, &commands[i]);
    }
}
