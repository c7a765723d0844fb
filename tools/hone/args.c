/* The option table and the parser. */
#include "args.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define ON(id)     (1u << COMMAND_##id)
#define ALL_BUILDS (ON(build) | ON(run) | ON(bench) | ON(compare))

static const flag flags[] = {
#define HONE_FLAG(name, letter, kind, commands, argument, help) {name, letter, kind, commands, argument, help, false},
#include "flags.def"
#undef HONE_FLAG
#define HONE_OPTION(key, kind, otherwise, least, greatest, help)                                                       \
    {key, 0, kind, ALL_BUILDS, kind == INT ? "N" : kind == SIZE ? "BYTES" : kind == BOOL ? "" : "TEXT", help, true},
#include "hone/options.def"
#undef HONE_OPTION
};

const flag *all_flags(int *n) {
    *n = (int)(sizeof flags / sizeof *flags);
    return flags;
}

/* ---- near words ---- */

/* Letters and digits in lower case: `--minShapes` is near `--min-shapes`. */
static size_t plain(const char *word, char *out, size_t size) {
    size_t n = 0;
    for (; *word && n + 1 < size; word++)
        if (isalnum((unsigned char)*word)) out[n++] = (char)tolower((unsigned char)*word);
    out[n] = 0;
    return n;
}

static size_t least(size_t a, size_t b) { return a < b ? a : b; }

/* Edits (insert, delete, replace) from one word to the other. */
static size_t distance(const char *a, const char *b) {
    char x[64], y[64];
    const size_t n = plain(a, x, sizeof x), m = plain(b, y, sizeof y);
    size_t row[64];
    for (size_t j = 0; j <= m; j++) row[j] = j;
    for (size_t i = 1; i <= n; i++) {
        size_t corner = row[0];
        row[0] = i;
        for (size_t j = 1; j <= m; j++) {
            const size_t edited = corner + (x[i - 1] != y[j - 1]);
            corner = row[j];
            row[j] = least(edited, least(row[j], row[j - 1]) + 1);
        }
    }
    return row[m];
}

const char *nearest(const char *word, const char *const *words, int n) {
    const char *best = NULL;
    size_t best_distance = strlen(word) / 3 + 1;
    for (int i = 0; i < n; i++) {
        const size_t d = distance(word, words[i]);
        if (d < best_distance || (d == best_distance && !best)) best = words[i], best_distance = d;
    }
    return best;
}

/* ---- finding options ---- */

static const flag *find_flag(const char *name, size_t n) {
    for (size_t i = 0; i < sizeof flags / sizeof *flags; i++)
        if (strlen(flags[i].name) == n && memcmp(flags[i].name, name, n) == 0) return &flags[i];
    return NULL;
}

static const flag *find_letter(char letter) {
    for (size_t i = 0; i < sizeof flags / sizeof *flags; i++)
        if (flags[i].letter == letter) return &flags[i];
    return NULL;
}

_Noreturn static void unknown_option(const command *c, const char *word, size_t n) {
    const char *names[sizeof flags / sizeof *flags];
    int count = 0;
    for (size_t i = 0; i < sizeof flags / sizeof *flags; i++)
        if (flags[i].commands & (1u << c->id)) names[count++] = flags[i].name;
    const char *near = nearest(text_copy(word, n), names, count);
    const char *hint = near ? text_of("did you mean --%s? `hone %s --help` lists all options", near, c->name)
                            : text_of("`hone %s --help` lists all options", c->name);
    fail_hint(hint, "hone %s has no option %.*s", c->name, (int)n, word);
}

/* Options that other programs have for the same job, with what stands in for each here. */
static const struct {
    uint32_t command;
    const char *name, *advice;
} foreign[] = {
#define HONE_FOREIGN(command, name, advice) {ON(command), name, advice},
#include "foreign.def"
#undef HONE_FOREIGN
};

static void refuse_foreign(const command *c, const char *name, size_t n) {
    for (size_t i = 0; i < sizeof foreign / sizeof *foreign; i++)
        if (foreign[i].command == (1u << c->id) && strlen(foreign[i].name) == n &&
            memcmp(foreign[i].name, name, n) == 0)
            fail_hint(foreign[i].advice, "hone %s does not do what --%s asks for", c->name, foreign[i].name);
}

/* ---- parsing ---- */

typedef struct parser {
    args a;
    char **argv;
    int n, at;
} parser;

static void check_value(const flag *f, const char *value) {
    char *end;
    errno = 0;
    if (f->kind == INT) {
        (void)strtoll(value, &end, 10);
        if (errno || end == value || *end) fail("--%s: '%s' is not a whole number", f->name, value);
    } else if (f->kind == NUMBER) {
        const double x = strtod(value, &end);
        if (end == value || *end || !isfinite(x)) fail("--%s: '%s' is not a number", f->name, value);
    }
}

static void add_given(parser *p, const flag *f, const char *value) {
    check_value(f, value);
    p->a.given[p->a.n_given++] = (given_flag){f, value};
}

/* The next word of the command line as a value, unless it is an option itself. */
static const char *next_value(parser *p, const flag *f) {
    const char *word = p->at < p->n ? p->argv[p->at] : NULL;
    const bool option = word && strncmp(word, "--", 2) == 0 && find_flag(word + 2, strcspn(word + 2, "="));
    if (!word || option) fail("--%s needs a value: --%s %s", f->name, f->name, f->argument);
    p->at++;
    return word;
}

static bool is_option(const char *word) { return word[0] == '-' && word[1]; }

static void parse_words(parser *p, const flag *f, const char *first) {
    int n = 0;
    if (first) add_given(p, f, first), n++;
    while (!first && p->at < p->n && !is_option(p->argv[p->at])) {
        const char *word = p->argv[p->at];
        if (f->kind == MAYBE && (n || !isdigit((unsigned char)*word))) break;
        add_given(p, f, word), p->at++, n++;
    }
    if (!n && f->kind == LIST) fail("--%s needs a value: --%s %s", f->name, f->name, f->argument);
    if (!n) add_given(p, f, "");
}

static void parse_option(parser *p, const char *word) {
    const bool is_long = word[1] == '-';
    const char *name = word + 1 + is_long;
    const size_t n = is_long ? strcspn(name, "=") : strlen(name);
    const flag *f = is_long ? find_flag(name, n) : n == 1 ? find_letter(*name) : NULL;
    const bool known = f && (f->commands & (1u << p->a.command->id));
    if (!known && is_long) refuse_foreign(p->a.command, name, n);
    if (!known) unknown_option(p->a.command, word, (size_t)(name + n - word));
    const char *value = is_long && name[n] == '=' ? name + n + 1 : NULL;
    if (f->kind == LIST || f->kind == ANY || f->kind == MAYBE) {
        parse_words(p, f, value);
        return;
    }
    if (f->kind == FLAG && value) fail("--%s takes no value", f->name);
    if (!value) value = f->kind == FLAG || f->kind == BOOL ? "1" : next_value(p, f);
    add_given(p, f, value);
}

static char *whole_line(const command *c, int n, char **argv) {
    hn_str line;
    hn_str_init(&line, tool_arena());
    hn_str_add(&line, "hone %s", c->name);
    for (int i = 0; i < n; i++) hn_str_add(&line, strpbrk(argv[i], " \t\"'*") ? " '%s'" : " %s", argv[i]);
    return text_copy(text_done(&line), line.n);
}

args parse_args(const command *c, int n, char **argv) {
    parser p = {.a = {.command = c}, .argv = argv, .n = n};
    p.a.line = whole_line(c, n, argv);
    p.a.given = take((size_t)n, sizeof *p.a.given);
    p.a.operand = take((size_t)n, sizeof *p.a.operand);
    bool options = true;
    while (p.at < n) {
        const char *word = argv[p.at++];
        if (options && strcmp(word, "--") == 0) options = false;
        else if (options && word[0] == '-' && word[1]) parse_option(&p, word);
        else p.a.operand[p.a.n_operand++] = word;
    }
    return p.a;
}

/* ---- asking ---- */

void arg_each(const args *a, const char *name, void (*each)(void *user, const char *value), void *user) {
    for (int i = 0; i < a->n_given; i++)
        if (strcmp(a->given[i].flag->name, name) == 0) each(user, a->given[i].value);
}

const char *arg_text(const args *a, const char *name, const char *otherwise) {
    const flag *f = find_flag(name, strlen(name));
    if (!f) fail("the program asks for an option --%s that does not exist", name);
    const char *value = otherwise;
    for (int i = 0; i < a->n_given; i++)
        if (a->given[i].flag == f) value = a->given[i].value;
    return value;
}

bool arg_given(const args *a, const char *name) { return arg_text(a, name, NULL) != NULL; }

int64_t arg_int(const args *a, const char *name, int64_t otherwise) {
    const char *value = arg_text(a, name, NULL);
    return value ? strtoll(value, NULL, 10) : otherwise;
}

double arg_number(const args *a, const char *name, double otherwise) {
    const char *value = arg_text(a, name, NULL);
    return value ? strtod(value, NULL) : otherwise;
}

uint64_t arg_size(const args *a, const char *name) {
    const char *value = arg_text(a, name, "0");
    static const char suffix[] = "KMGT";
    char *end;
    errno = 0;
    const long long n = strtoll(value, &end, 10);
    const char *unit = *end ? strchr(suffix, *end) : NULL;
    const char *behind = unit ? end + 1 : end;
    uint64_t bytes = 0;
    behind += *behind == 'B';
    if (errno || end == value || n < 0 || *behind ||
        __builtin_mul_overflow((uint64_t)n, UINT64_C(1) << (unit ? 10 * (unit - suffix + 1) : 0), &bytes))
        fail("--%s: '%s' is not a number of bytes such as 512M", name, value);
    return bytes;
}

const char *arg_operand(const args *a, int index, const char *what) {
    if (index >= a->n_operand)
        fail_hint(text_of("usage: hone %s %s [options]", a->command->name, a->command->operands), "hone %s needs %s",
                  a->command->name, what);
    return a->operand[index];
}

void arg_no_more_operands(const args *a, int most) {
    if (a->n_operand > most)
        fail_hint(text_of("usage: hone %s %s [options]", a->command->name, a->command->operands),
                  "'%s' is one operand too many", a->operand[most]);
}
