/* Shapes as text. */
#include "shapes.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static bool is_quote(char c) { return c == '\'' || c == '"'; }

bool split_name(const char *text, char **name, const char **rest) {
    if (is_quote(*text)) {
        const char *end = strchr(text + 1, *text);
        if (!end || end[1] != ':') return false;
        *name = text_copy(text + 1, (size_t)(end - text - 1));
        *rest = end + 2;
        return true;
    }
    const char *colon = strrchr(text, ':');
    if (!colon || colon == text) return false;
    *name = text_copy(text, (size_t)(colon - text));
    *rest = colon + 1;
    return true;
}

/* Length of the first item of a comma-separated list; commas inside quotes do not count. */
static size_t item_length(const char *text) {
    char quote = 0;
    size_t n = 0;
    for (; text[n] && (quote || text[n] != ','); n++) {
        if (quote) quote = text[n] == quote ? 0 : quote;
        else if (n == 0 && is_quote(text[n])) quote = text[n];
    }
    return n;
}

static void parse_extents(const char *option, const char *item, const char *at, named_shape *out) {
    while (*at) {
        char *end;
        errno = 0;
        const long long extent = strtoll(at, &end, 10);
        if (end == at || errno || (*end && *end != 'x') || (*end == 'x' && !end[1]))
            fail_hint("extents are whole numbers joined by x: name:1x3x224x224, a scalar is name:",
                      "--%s: '%s' is not a shape", option, item);
        if (extent < 0) fail("--%s: '%s' has a negative extent", option, item);
        if (out->rank == HONE_MAX_RANK) fail("--%s: '%s' has more than %d dimensions", option, item, HONE_MAX_RANK);
        out->dim[out->rank++] = extent;
        at = *end ? end + 1 : end;
    }
}

shape_list parse_shapes(const char *option, const char *text) {
    shape_list list = {0};
    while (*text) {
        const size_t n = item_length(text);
        const char *item = text_copy(text, n), *rest;
        char *name;
        list.at = grow(list.at, (size_t)list.n + 1, sizeof *list.at);
        named_shape *s = &list.at[list.n];
        *s = (named_shape){0};
        if (!split_name(item, &name, &rest))
            fail_hint("write name:1x3x224x224; quote a name that has colons", "--%s: '%s' names no input", option,
                      item);
        s->name = name;
        if (find_shape(&list, name)) fail("--%s: input '%s' is given twice", option, name);
        parse_extents(option, item, rest, s);
        list.n++;
        text += n + (text[n] == ',');
    }
    if (!list.n) fail("--%s: no shape given", option);
    return list;
}

const named_shape *find_shape(const shape_list *list, const char *name) {
    for (int i = 0; i < list->n; i++)
        if (strcmp(list->at[i].name, name) == 0) return &list->at[i];
    return NULL;
}

const char *shape_text(int rank, const int64_t *dim) {
    hn_str text;
    hn_str_init(&text, tool_arena());
    for (int i = 0; i < rank; i++) {
        if (dim[i] < 0) hn_str_add(&text, "%s?", i ? "x" : "");
        else hn_str_add(&text, "%s%" PRId64, i ? "x" : "", dim[i]);
    }
    return rank < 0 ? "?" : rank == 0 ? "scalar" : text_done(&text);
}
