/* Types: the shared constant ones, comparison, text. */
#include <string.h>
#include "abi/tensor.h"
#include "base/diag.h"
#include "base/dtype.h"

/* The types of values that models make of elements of one type. */
typedef struct family {
    hn_type tensor, sequence, optional, optional_sequence, int_map, string_map, int_map_sequence, string_map_sequence;
} family;

#define HN_DTYPE(number, constant, name, bits, class)                                                                  \
    [number] = {.tensor = {HN_KIND_TENSOR, HONE_##constant, NULL},                                                     \
                .sequence = {HN_KIND_SEQUENCE, HONE_NO_DTYPE, &families[number].tensor},                               \
                .optional = {HN_KIND_OPTIONAL, HONE_NO_DTYPE, &families[number].tensor},                               \
                .optional_sequence = {HN_KIND_OPTIONAL, HONE_NO_DTYPE, &families[number].sequence},                    \
                .int_map = {HN_KIND_MAP, HONE_INT64, &families[number].tensor},                                        \
                .string_map = {HN_KIND_MAP, HONE_STRING, &families[number].tensor},                                    \
                .int_map_sequence = {HN_KIND_SEQUENCE, HONE_NO_DTYPE, &families[number].int_map},                      \
                .string_map_sequence = {HN_KIND_SEQUENCE, HONE_NO_DTYPE, &families[number].string_map}},
static const family families[] = {
#include "base/dtypes.def"
};
#undef HN_DTYPE

const hn_type *hn_type_tensor(hone_dtype dtype) { return hn_dtype_is_known(dtype) ? &families[dtype].tensor : NULL; }

const hn_type *hn_type_map(hone_dtype key, hone_dtype dtype) {
    if (!hn_dtype_is_known(dtype)) return NULL;
    return key == HONE_INT64 ? &families[dtype].int_map : key == HONE_STRING ? &families[dtype].string_map : NULL;
}

static const hn_type *sequence_of(const hn_type *elem) {
    if (elem->kind == HN_KIND_TENSOR) return &families[elem->dtype].sequence;
    if (elem->kind != HN_KIND_MAP || !hn_type_map(elem->dtype, elem->elem->dtype)) return NULL;
    const family *f = &families[elem->elem->dtype];
    return elem->dtype == HONE_INT64 ? &f->int_map_sequence : &f->string_map_sequence;
}

static const hn_type *optional_of(const hn_type *elem) {
    if (elem->kind == HN_KIND_TENSOR) return &families[elem->dtype].optional;
    const bool plain = elem->kind == HN_KIND_SEQUENCE && elem->elem->kind == HN_KIND_TENSOR;
    return plain ? &families[elem->elem->dtype].optional_sequence : NULL;
}

const hn_type *hn_type_of(hn_kind kind, const hn_type *elem) {
    if (!elem) return NULL;
    return kind == HN_KIND_SEQUENCE ? sequence_of(elem) : kind == HN_KIND_OPTIONAL ? optional_of(elem) : NULL;
}

bool hn_type_same(const hn_type *a, const hn_type *b) {
    while (a && b && a != b) {
        if (a->kind != b->kind || a->dtype != b->dtype) return false;
        a = a->elem;
        b = b->elem;
    }
    return a == b;
}

/* ---- text ---- */

static const char *const words[] = {"none", "", "sequence", "optional", "map"};

void hn_type_print(hn_str *out, const hn_type *type) {
    if (!type) {
        hn_str_add(out, "?");
    } else if (type->kind == HN_KIND_TENSOR) {
        hn_str_add(out, "%s", hone_dtype_name(type->dtype));
    } else {
        hn_str_add(out, "%s(", words[type->kind]);
        if (type->kind == HN_KIND_MAP) hn_str_add(out, "%s,", hone_dtype_name(type->dtype));
        hn_type_print(out, type->elem);
        hn_str_add(out, ")");
    }
}

enum { DEEPEST = 16, LONGEST_WORD = 31 };

/* A word of letters, digits and underscores; "" when there is none. */
static void take_word(const char **at, const char *end, char *word) {
    size_t n = 0;
    for (; *at < end && n < LONGEST_WORD; (*at)++) {
        const char c = **at;
        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_')) break;
        word[n++] = c;
    }
    word[n] = '\0';
}

static bool take(const char **at, const char *end, char c) {
    if (*at >= end || **at != c) return false;
    (*at)++;
    return true;
}

static hone_status parse(const char **at, const char *end, hn_arena *arena, int depth, const hn_type **out);

/* Behind "sequence", "optional" or "map". */
static hone_status parse_list(const char **at, const char *end, hn_arena *arena, int depth, hn_type made,
                              const hn_type **out) {
    char word[LONGEST_WORD + 1];
    if (depth == DEEPEST || !take(at, end, '(')) return HONE_OK;
    if (made.kind == HN_KIND_MAP) {
        take_word(at, end, word);
        made.dtype = hn_dtype_parse(word);
        if (!made.dtype || !take(at, end, ',')) return HONE_OK;
    }
    HN_TRY(parse(at, end, arena, depth + 1, &made.elem));
    if (!made.elem || !take(at, end, ')')) return HONE_OK;
    *out = hn_arena_copy(arena, &made, sizeof made);
    return *out ? HONE_OK : HONE_OUT_OF_MEMORY;
}

static hone_status parse(const char **at, const char *end, hn_arena *arena, int depth, const hn_type **out) {
    char word[LONGEST_WORD + 1];
    *out = NULL;
    take_word(at, end, word);
    for (int kind = HN_KIND_SEQUENCE; kind <= HN_KIND_MAP; kind++)
        if (strcmp(word, words[kind]) == 0)
            return parse_list(at, end, arena, depth, (hn_type){.kind = (hn_kind)kind}, out);
    *out = hn_type_tensor(hn_dtype_parse(word));
    return HONE_OK;
}

hone_status hn_type_parse(const char **at, const char *end, hn_arena *arena, const hn_type **out) {
    return parse(at, end, arena, 0, out);
}
