/* Text form of expressions: a parser that reads everything that the printer writes.
 *
 *   sum    = ["-"] product {("+" | "-") product}          product = factor {"*" factor}
 *   factor = number | name | 'quoted name' | "?" | "(" sum ")" | "floor(" sum "/" sum ")" | function "(" sum {"," sum}
 * ")"
 */
#include <string.h>
#include "base/shape_expr_node.h"

#define DEEPEST_TEXT 200
#define LONGEST_NAME 4096

typedef struct parser {
    hn_expr_pool *pool;
    const char *at;
    int depth;
    bool out_of_memory;
    char name[LONGEST_NAME]; /* here and not in the recursive functions' frames */
} parser;

static bool parse_sum(parser *p, hn_dim *out);

static void skip_space(parser *p) {
    while (*p->at == ' ' || *p->at == '\t') p->at++;
}

/* Consumes the character if it comes next; "->" is no minus. Without a match nothing is consumed, spaces included. */
static bool take(parser *p, char c) {
    const char *before = p->at;
    skip_space(p);
    if (*p->at == c && !(c == '-' && p->at[1] == '>')) return p->at++, true;
    p->at = before;
    return false;
}

static bool parse_number(parser *p, bool negative, hn_dim *out) {
    uint64_t value = 0, most = (uint64_t)INT64_MAX + negative;
    for (; hn_expr_is_digit(*p->at); p->at++)
        if (__builtin_mul_overflow(value, (uint64_t)10, &value) ||
            __builtin_add_overflow(value, (uint64_t)(*p->at - '0'), &value))
            return false;
    *out = hn_dim_const(negative ? (int64_t)(0 - value) : (int64_t)value);
    return value <= most;
}

static int hex_digit(char c) {
    if (hn_expr_is_digit(c)) return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* One character of a quoted name at *from, moved behind it; -1 on a bad escape. */
static int quoted_character(const char **from) {
    const char *at = *from;
    if (*at != '\\') return *from += 1, (unsigned char)*at;
    if (at[1] == '\'' || at[1] == '\\') return *from += 2, at[1];
    if (at[1] != 'x' || hex_digit(at[2]) < 0 || hex_digit(at[3]) < 0) return -1;
    int code = hex_digit(at[2]) * 16 + hex_digit(at[3]);
    *from += 4;
    return code ? code : -1;
}

/* The symbol whose name is in p->name. */
static bool symbol_from(parser *p, size_t n, hn_dim *out) {
    p->name[n] = 0;
    *out = hn_expr_symbol(p->pool, p->name);
    p->out_of_memory = p->pool && hn_dim_is_unknown(*out);
    return !hn_dim_is_unknown(*out);
}

static bool parse_quoted(parser *p, hn_dim *out) {
    size_t n = 0;
    for (p->at++; *p->at != '\'';) {
        int c = *p->at ? quoted_character(&p->at) : -1;
        if (c < 0 || n == LONGEST_NAME - 1) return false;
        p->name[n++] = (char)c;
    }
    p->at++;
    return symbol_from(p, n, out);
}

typedef hn_dim (*binary_function)(hn_expr_pool *pool, hn_dim a, hn_dim b);

/* Functions of two arguments; min and max take more. */
static const struct {
    const char *name;
    binary_function apply;
    bool variadic;
} functions[] = {
    {"mod", hn_dim_mod, false},     {"min", hn_dim_min, true},    {"max", hn_dim_max, true},
    {"equal", hn_dim_equal, false}, {"less", hn_dim_less, false},
};

static bool parse_two(parser *p, char separator, hn_dim *a, hn_dim *b) {
    return parse_sum(p, a) && take(p, separator) && parse_sum(p, b);
}

static bool parse_floor(parser *p, hn_dim *out) {
    hn_dim a, b;
    if (!parse_two(p, '/', &a, &b)) return false;
    *out = hn_dim_floor_div(p->pool, a, b);
    return true;
}

static bool parse_select(parser *p, hn_dim *out) {
    hn_dim condition, yes, no;
    if (!parse_two(p, ',', &condition, &yes) || !take(p, ',') || !parse_sum(p, &no)) return false;
    *out = hn_dim_select(p->pool, condition, yes, no);
    return true;
}

static bool parse_scale(parser *p, hn_dim *out) {
    hn_dim a;
    if (!parse_sum(p, &a) || !take(p, ',') || !take(p, '0') || *p->at++ != 'x') return false;
    uint32_t bits = 0;
    for (int i = 0; i < 8; i++, p->at++) {
        if (hex_digit(*p->at) < 0) return false;
        bits = bits << 4 | (uint32_t)hex_digit(*p->at);
    }
    float scale;
    memcpy(&scale, &bits, sizeof scale);
    *out = hn_dim_scale(p->pool, a, scale);
    return true;
}

static bool is_word(const char *text, size_t n, const char *word) {
    return strlen(word) == n && memcmp(text, word, n) == 0;
}

/* The arguments and the closing parenthesis of the function `name`. */
static bool parse_call(parser *p, const char *name, size_t n, hn_dim *out) {
    if (is_word(name, n, "floor")) return parse_floor(p, out) && take(p, ')');
    if (is_word(name, n, "select")) return parse_select(p, out) && take(p, ')');
    if (is_word(name, n, "scale")) return parse_scale(p, out) && take(p, ')');
    for (size_t i = 0; i < sizeof functions / sizeof *functions; i++) {
        hn_dim next;
        if (!is_word(name, n, functions[i].name)) continue;
        if (!parse_two(p, ',', out, &next)) return false;
        *out = functions[i].apply(p->pool, *out, next);
        while (functions[i].variadic && take(p, ',')) {
            if (!parse_sum(p, &next)) return false;
            *out = functions[i].apply(p->pool, *out, next);
        }
        return take(p, ')');
    }
    return false;
}

static bool parse_word(parser *p, hn_dim *out) {
    const char *start = p->at;
    while (hn_expr_is_name_part(*p->at)) p->at++;
    size_t n = (size_t)(p->at - start);
    if (*p->at == '(') return p->at++, parse_call(p, start, n, out);
    if (n >= LONGEST_NAME) return false;
    memcpy(p->name, start, n);
    return symbol_from(p, n, out);
}

static bool parse_factor(parser *p, bool negative, hn_dim *out) {
    skip_space(p);
    if (hn_expr_is_digit(*p->at)) return parse_number(p, negative, out);
    if (take(p, '?')) return *out = HN_UNKNOWN_DIM, true;
    bool ok = take(p, '(')                    ? parse_sum(p, out) && take(p, ')')
              : *p->at == '\''                ? parse_quoted(p, out)
              : hn_expr_is_name_start(*p->at) ? parse_word(p, out)
                                              : false;
    if (ok && negative) *out = hn_dim_sub(p->pool, hn_dim_const(0), *out);
    return ok;
}

/* The sign goes into the first factor, so that the least integer can be read. */
static bool parse_product(parser *p, bool negative, hn_dim *out) {
    if (!parse_factor(p, negative, out)) return false;
    while (take(p, '*')) {
        hn_dim factor;
        if (!parse_factor(p, false, &factor)) return false;
        *out = hn_dim_mul(p->pool, *out, factor);
    }
    return true;
}

static bool parse_sum(parser *p, hn_dim *out) {
    if (++p->depth > DEEPEST_TEXT) return false;
    bool ok = parse_product(p, take(p, '-'), out);
    while (ok) {
        bool negative = false;
        if (!take(p, '+') && !(negative = take(p, '-'))) break;
        hn_dim term;
        ok = parse_product(p, negative, &term);
        if (ok) *out = hn_dim_add(p->pool, *out, term);
    }
    p->depth--;
    return ok;
}

hone_status hn_dim_parse(hn_expr_pool *pool, const char **text, hn_dim *out) {
    parser p;
    p.pool = pool;
    p.at = *text;
    p.depth = 0;
    p.out_of_memory = false;
    *out = HN_UNKNOWN_DIM;
    if (!parse_sum(&p, out)) return p.out_of_memory ? HONE_OUT_OF_MEMORY : HONE_MALFORMED;
    *text = p.at;
    return HONE_OK;
}
