/* A walk over the pattern: groups, repetitions, escapes and classes are looked at, everything else is copied. */
#include "ops/text/regex_syntax.h"

#include <stdio.h>
#include <string.h>

enum { GROWTH = 6, SPARE = 64, MOST_REPEATS = 1000 }; /* no rewriting makes a piece longer than GROWTH times */

typedef struct walk {
    const char *at, *end, *start;
    char *to, *single;                /* where the piece before begins when it is no group; else NULL */
    int64_t depth;                    /* open groups */
    bool grouped, in_class, repeated; /* the piece before is a repetition */
    hn_diag *diag;
} walk;

static hone_status refuse(const walk *w, const char *what) {
    HN_FAIL(w->diag, HONE_INVALID_ARGUMENT, "attribute pattern: %s (at byte %lld; the syntax is that of RE2)", what,
            (long long)(w->at - w->start));
}

static void put(walk *w, const char *text) {
    const size_t n = strlen(text);
    memcpy(w->to, text, n);
    w->to += n;
}

static void copy(walk *w, int64_t n) {
    memcpy(w->to, w->at, (size_t)n);
    w->to += n;
    w->at += n;
}

/* The byte `n` places ahead, 0 behind the end. */
static int ahead(const walk *w, int64_t n) { return w->end - w->at > n ? (unsigned char)w->at[n] : 0; }

static bool among(int c, const char *set) { return c && strchr(set, c); }
static bool is_octal(int c) { return c >= '0' && c <= '7'; }
static bool is_digit(int c) { return c >= '0' && c <= '9'; }
static bool is_letter(int c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
static bool is_word(int c) { return is_letter(c) || is_digit(c) || c == '_'; }
static bool is_hex(int c) { return is_digit(c) || among(c, "abcdefABCDEF"); }

/* \pN, \p{Greek}, \P{^Lu}: PCRE2's plain script names mean script extensions, RE2's the script. */
static hone_status property(walk *w) {
    const bool braced = ahead(w, 2) == '{';
    int64_t name = braced ? 3 : 2, n = braced ? 0 : 1;
    bool negative = ahead(w, 1) == 'P';
    if (braced && ahead(w, 3) == '^') name++, negative = !negative;
    while (braced && (is_letter(ahead(w, name + n)) || ahead(w, name + n) == '_')) n++;
    if (ahead(w, name) < 'A' || ahead(w, name) > 'Z' || n > 64 || (braced && ahead(w, name + n) != '}'))
        return refuse(w, "\\p has no name of a category or script");
    const bool script = n > 2 && memcmp(w->at + name, "Any", 3) != 0;
    put(w, negative ? "\\P{" : "\\p{");
    if (script) put(w, "sc:");
    w->at += name;
    copy(w, n);
    put(w, "}");
    w->at += braced;
    return HONE_OK;
}

static hone_status hexadecimal(walk *w) {
    int64_t n = 3;
    if (ahead(w, 2) == '{') {
        while (is_hex(ahead(w, n))) n++;
        if (n == 3 || ahead(w, n) != '}') return refuse(w, "\\x{ has no hexadecimal number");
        copy(w, n + 1);
        return HONE_OK;
    }
    if (!is_hex(ahead(w, 2)) || !is_hex(ahead(w, 3))) return refuse(w, "\\x needs two hexadecimal digits");
    copy(w, 4);
    return HONE_OK;
}

static hone_status octal(walk *w) {
    char text[16];
    int value = 0, n = 1;
    if (ahead(w, 1) != '0' && (!is_octal(ahead(w, 1)) || !is_octal(ahead(w, 2))))
        return refuse(w, "RE2 has no backreferences");
    for (; n < 4 && is_octal(ahead(w, n)); n++) value = 8 * value + ahead(w, n) - '0';
    snprintf(text, sizeof text, "\\x{%x}", (unsigned)value);
    put(w, text);
    w->at += n;
    return HONE_OK;
}

/* \Q...\E, or to the end. */
static void quoted(walk *w) {
    const char *end = memmem(w->at, (size_t)(w->end - w->at), "\\E", 2);
    copy(w, (end ? end + 2 : w->end) - w->at);
    if (!end) put(w, "\\E");
}

static hone_status rewrite(walk *w, const char *text) {
    put(w, text);
    w->at += 2;
    return HONE_OK;
}

/* A place without width, in a group of its own so that it may be repeated. */
static void place(walk *w, int64_t n) {
    put(w, "(?:");
    copy(w, n);
    put(w, ")");
}

static hone_status escape(walk *w) {
    const int c = ahead(w, 1);
    if (c == 's') return rewrite(w, w->in_class ? "\\t\\n\\f\\r " : "[\\t\\n\\f\\r ]"); /* without \v */
    if (c == 'S') return rewrite(w, w->in_class ? "\\S\\x0B" : "[\\S\\x0B]");
    if (c == 'v') return rewrite(w, "\\x0B");
    if (c == 'p' || c == 'P') return property(w);
    if (c == 'x') return hexadecimal(w);
    if (is_digit(c)) return octal(w);
    if (!w->in_class && among(c, "AbBz")) return place(w, 2), HONE_OK;
    if (!w->in_class && c == 'Q') return quoted(w), HONE_OK;
    if (c == 'C') return refuse(w, "\\C, a single byte of a character, is not supported");
    if (!among(c, "dDwWafnrt") && (c == 0 || c >= 0x80 || is_letter(c)))
        return refuse(w, w->in_class ? "an escape that is unknown in a class" : "an unknown escape");
    copy(w, 2);
    return HONE_OK;
}

/* Inside [...]. A bracket that does not open a named class stands for itself. */
static hone_status member(walk *w) {
    const int c = ahead(w, 0);
    if (c == '\\') return escape(w);
    if (c == '[' && ahead(w, 1) == ':' && ahead(w, 2) != '<' && ahead(w, 2) != '>') {
        const char *end = memmem(w->at, (size_t)(w->end - w->at), ":]", 2);
        if (!end) return refuse(w, "[: is not closed");
        copy(w, end + 2 - w->at);
        return HONE_OK;
    }
    if (c == '[') put(w, "\\");
    w->in_class = c != ']';
    copy(w, 1);
    return HONE_OK;
}

static void open_class(walk *w) {
    copy(w, 1);
    if (ahead(w, 0) == '^') copy(w, 1);
    if (among(ahead(w, 0), "]:.=")) put(w, "\\"), copy(w, 1); /* no beginning of a named class here */
    w->in_class = true;
}

/* The name of a group is read and dropped: nothing can refer to it. */
static hone_status named_group(walk *w, int64_t name) {
    int64_t n = 0;
    w->depth++;
    while (is_word(ahead(w, name + n))) n++;
    if (n == 0 || ahead(w, name + n) != '>') return refuse(w, "a group's name is no word in < and >");
    w->at += name + n + 1;
    put(w, "(?:");
    return HONE_OK;
}

static hone_status open_group(walk *w) {
    int64_t n = 2;
    if (ahead(w, 1) == '*') return refuse(w, "nothing before * to repeat");
    if (ahead(w, 1) != '?') {
        put(w, "(?:");
        w->at++;
        w->depth++;
        return HONE_OK;
    }
    if (ahead(w, 2) == 'P' && ahead(w, 3) == '<') return named_group(w, 4);
    if (ahead(w, 2) == '<' && ahead(w, 3) != '=' && ahead(w, 3) != '!') return named_group(w, 3);
    while (among(ahead(w, n), "imsU-")) n++;
    if (ahead(w, n) != ':' && ahead(w, n) != ')')
        return refuse(w, "a group of this kind (lookaround, atomic, conditional, recursive or with other flags)");
    w->depth += ahead(w, n) == ':'; /* (?i) only sets a flag */
    copy(w, n + 1);
    return HONE_OK;
}

/* The bytes of {n}, {n,} or {n,m}; 0 when this is none. *most is the larger number, cut off above the limit. */
static int64_t braces(const walk *w, int *most) {
    int64_t i = 1;
    int number = 0;
    *most = 0;
    if (!is_digit(ahead(w, 1))) return 0;
    for (; is_digit(ahead(w, i)) || (ahead(w, i) == ',' && !memchr(w->at, ',', (size_t)i)); i++) {
        number = ahead(w, i) == ',' ? 0 : number > MOST_REPEATS ? number : 10 * number + ahead(w, i) - '0';
        if (number > *most) *most = number;
    }
    return ahead(w, i) == '}' ? i + 1 : 0;
}

/* Puts the piece before into a group. */
static void group_last(walk *w) {
    memmove(w->single + 3, w->single, (size_t)(w->to - w->single));
    memcpy(w->single, "(?:", 3);
    w->to += 3;
    put(w, ")");
}

/* One of * + ? {n,m} with an optional ? behind; *found tells whether there is one here. */
static hone_status repetition(walk *w, bool *found) {
    int most = 0;
    int64_t n = among(ahead(w, 0), "*+?") ? 1 : ahead(w, 0) == '{' ? braces(w, &most) : 0;
    *found = n > 0;
    if (n == 0) return HONE_OK;
    if (w->repeated) return refuse(w, "a repetition of a repetition");
    if (most > MOST_REPEATS) return refuse(w, "more than 1000 repetitions");
    if (w->grouped && w->single && ahead(w, 0) == '+') group_last(w);
    if (ahead(w, n) == '?') n++;
    copy(w, n);
    return HONE_OK;
}

static hone_status piece(walk *w) {
    const int c = ahead(w, 0);
    bool found = false;
    if (w->in_class) return member(w);
    HN_TRY(repetition(w, &found));
    w->repeated = found;
    if (found) return HONE_OK;
    w->single = among(c, "()|") ? NULL : w->to;
    if (c == '\\') return escape(w);
    if (c == '(') return open_group(w);
    if (c == ')' && w->depth-- == 0) return refuse(w, "a ) without its (");
    if (c == '[') open_class(w);
    else if (c == '^' || c == '$') place(w, 1);
    else {
        if (c == '{') put(w, "\\"); /* no repetition */
        copy(w, 1);
    }
    return HONE_OK;
}

hone_status hn_regex_from_re2(hn_arena *arena, hn_bytes pattern, bool grouped, hn_bytes *out, hn_diag *diag) {
    size_t size;
    if (__builtin_mul_overflow(pattern.n, GROWTH, &size) || __builtin_add_overflow(size, SPARE, &size))
        return HONE_OUT_OF_MEMORY;
    char *text = hn_arena_alloc(arena, size);
    HN_TRY_ALLOC(text);
    const char *at = pattern.n ? (const char *)pattern.data : "";
    walk w = {.at = at, .start = at, .end = at + pattern.n, .to = text, .grouped = grouped, .diag = diag};
    put(&w, "(?:"); /* the whole text must match */
    while (w.at < w.end) HN_TRY(piece(&w));
    if (w.in_class || w.depth > 0) return refuse(&w, w.in_class ? "a [ without its ]" : "a ( without its )");
    put(&w, ")\\z");
    out->data = (const void *)text;
    out->n = (size_t)(w.to - text);
    return HONE_OK;
}
