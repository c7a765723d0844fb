/* hone <command>: finds the command, parses its options, prints help. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "commands.h"
#include "console.h"
#include "help.h"
#include "hone/runtime.h"

static const command commands[] = {
#define HONE_COMMAND(id, operands, help) {COMMAND_##id, #id, operands, help, command_##id},
#include "commands.def"
#undef HONE_COMMAND
};

static const command *find_command(const char *name) {
    for (int i = 0; i < COMMAND_COUNT; i++)
        if (strcmp(commands[i].name, name) == 0) return &commands[i];
    return NULL;
}

_Noreturn static void unknown_command(const char *name) {
    const char *names[COMMAND_COUNT];
    for (int i = 0; i < COMMAND_COUNT; i++) names[i] = commands[i].name;
    const char *near = nearest(name, names, COMMAND_COUNT);
    fail_hint(near ? text_of("did you mean `hone %s`? `hone help` lists all commands", near)
                   : "`hone help` lists all commands",
              "there is no command '%s'", name);
}

static int help(int argc, char **argv) {
    if (argc < 3) {
        print_overview(stdout, commands, COMMAND_COUNT);
        return GOOD;
    }
    if (strcmp(argv[2], "--markdown") == 0) {
        print_markdown(stdout, commands, COMMAND_COUNT);
        return GOOD;
    }
    const command *c = find_command(argv[2]);
    if (!c) unknown_command(argv[2]);
    print_command(stdout, c);
    return GOOD;
}

static int run(const command *c, int argc, char **argv) {
    for (int i = 2; i < argc && strcmp(argv[i], "--") != 0; i++)
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
            print_command(stdout, c);
            return GOOD;
        }
    const args a = parse_args(c, argc - 2, argv + 2);
    return c->run(&a);
}

int main(int argc, char **argv) {
    console_start();
    watch_interrupts();
    if (argc < 2) {
        print_overview(stderr, commands, COMMAND_COUNT);
        return REFUSED;
    }
    const char *word = argv[1];
    if (strcmp(word, "help") == 0 || strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0) return help(argc, argv);
    if (strcmp(word, "--version") == 0 || strcmp(word, "version") == 0) {
        printf("hone %s\n", hone_version());
        return GOOD;
    }
    const command *c = find_command(word);
    if (!c) unknown_command(word);
    const int status = run(c, argc, argv);
    errno = 0;
    if ((fflush(stdout) != 0 || ferror(stdout)) && errno != EPIPE) fail("cannot write to standard output");
    return status;
}
