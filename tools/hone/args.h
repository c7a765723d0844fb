/* Command lines: one parser for all commands, driven by commands.def, flags.def and hone/options.def. */
#ifndef HONE_ARGS_H
#define HONE_ARGS_H

#include "tool.h"

typedef enum command_id {
#define HONE_COMMAND(id, operands, help) COMMAND_##id,
#include "commands.def"
#undef HONE_COMMAND
    COMMAND_COUNT
} command_id;

typedef struct args args;

typedef struct command {
    command_id id;
    const char *name, *operands, *help;
    int (*run)(const args *a);
} command;

/* LIST takes all words up to the next option, ANY perhaps none of them, MAYBE a word that starts with a digit, if there
 * is one; each word is given by itself, none as "". */
typedef enum flag_kind { FLAG, TEXT, INT, NUMBER, SIZE, BOOL, LIST, ANY, MAYBE } flag_kind;

typedef struct flag {
    const char *name;
    char letter; /* 0: none */
    flag_kind kind;
    uint32_t commands; /* bits 1 << command_id */
    const char *argument, *help;
    bool builds; /* a key of hone/options.def */
} flag;

typedef struct given_flag {
    const flag *flag;
    const char *value; /* "1" for flags */
} given_flag;

struct args {
    const command *command;
    char *line; /* as typed, for reports */
    const char **operand;
    int n_operand;
    given_flag *given; /* in the order of the command line */
    int n_given;
};

/* All options, the build options last. */
const flag *all_flags(int *n);
/* Parses argv[0..n) (without program and command); ends the program on a mistake, naming what is near. */
args parse_args(const command *c, int n, char **argv);

/* Calls `each` with the values of an option, in the order of the command line. */
void arg_each(const args *a, const char *name, void (*each)(void *user, const char *value), void *user);
/* The last value given, or `otherwise`. The name must be a known option. */
const char *arg_text(const args *a, const char *name, const char *otherwise);
bool arg_given(const args *a, const char *name);
int64_t arg_int(const args *a, const char *name, int64_t otherwise);
double arg_number(const args *a, const char *name, double otherwise);
/* Bytes, with the suffixes K, M, G, T, which may be followed by B; "0" when the option is not given. */
uint64_t arg_size(const args *a, const char *name);
/* The operand at `index`; ends the program when it is missing. `what` names it. */
const char *arg_operand(const args *a, int index, const char *what);
/* Ends the program when there are more than `most` operands. */
void arg_no_more_operands(const args *a, int most);

/* Of a few words the one nearest to `word`, or NULL when none is near. */
const char *nearest(const char *word, const char *const *words, int n);

#endif
