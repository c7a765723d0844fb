/* Names and faults of an import. */
#include "frontend/onnx/onnx_import.h"

#include <stdlib.h>
#include <string.h>

#define LONGEST_PATH 160 /* characters of a place in a message */

/* ---- faults ---- */

hone_status hn_onnx_note(hn_onnx_import *import, hone_status status) {
    if (status == HONE_OK) return HONE_OK;
    if (import->status == HONE_OK) import->status = status;
    const bool stop = import->stop || status == HONE_OUT_OF_MEMORY || !import->diag || hn_diag_full(import->diag);
    return stop ? status : HONE_OK;
}

size_t hn_onnx_mark(const hn_onnx_import *import) { return import->diag ? import->diag->n : 0; }

const char *hn_onnx_format(hn_onnx_import *import, const char *format, ...) {
    va_list args;
    va_start(args, format);
    const char *text = hn_arena_format_v(&import->scratch, format, args);
    va_end(args);
    return text;
}

hone_status hn_onnx_warn(hn_onnx_import *import, const char *format, ...) {
    va_list args;
    va_start(args, format);
    const char *text = hn_arena_format_v(&import->scratch, format, args);
    va_end(args);
    if (!text) return HONE_OUT_OF_MEMORY;
    if (hn_map_get_text(&import->warned, text)) return HONE_OK;
    if (!hn_map_put_text(&import->warned, text, import)) return HONE_OUT_OF_MEMORY;
    hn_diag_add(import->diag, HONE_WARNING, HONE_OK, "%s", text);
    return HONE_OK;
}

const char *hn_onnx_shown(hn_onnx_import *import, hn_bytes text) { return hn_onnx_show(&import->source.pb, text); }

const char *hn_onnx_join(hn_onnx_import *import, const char *a, const char *b) {
    const size_t n = strlen(a), m = strlen(b);
    char *text = hn_arena_alloc_aligned(&import->scratch, n + m + 1, 1);
    if (!text) return NULL;
    memcpy(text, a, n);
    memcpy(text + n, b, m + 1);
    return text;
}

const char *hn_onnx_place(const hn_onnx_scope *scope, const char *field, size_t index, hn_bytes bytes) {
    const size_t n = strlen(scope->path);
    const bool deep = n > LONGEST_PATH; /* the innermost levels say most */
    return hn_onnx_format(scope->import, "%s%s.%s[%zu] (byte %llu)", deep ? "..." : "",
                          deep ? scope->path + n - LONGEST_PATH : scope->path, field, index,
                          (unsigned long long)hn_pb_offset(&scope->import->source.pb, bytes.data));
}

hone_status hn_onnx_text(hn_onnx_import *import, hn_bytes text, const char **out) {
    if (text.n && memchr(text.data, 0, text.n))
        HN_FAIL(import->diag, HONE_MALFORMED, "the name '%s' at byte %llu contains a zero byte",
                hn_onnx_shown(import, text), (unsigned long long)hn_pb_offset(&import->source.pb, text.data));
    *out = hn_arena_string(&import->scratch, text.data, text.n);
    return *out ? HONE_OK : HONE_OUT_OF_MEMORY;
}

/* ---- suggestions ---- */

#define LONGEST_COMPARED 63

static char lower(char c) { return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c; }

/* Edit distance without regard to case; names too long to compare are far apart. */
static int edit_distance(const char *a, const char *b) {
    const int n = (int)strnlen(a, LONGEST_COMPARED + 1), m = (int)strnlen(b, LONGEST_COMPARED + 1);
    if (n > LONGEST_COMPARED || m > LONGEST_COMPARED || abs(n - m) > 2) return LONGEST_COMPARED;
    int row[LONGEST_COMPARED + 1];
    for (int j = 0; j <= m; j++) row[j] = j;
    for (int i = 1; i <= n; i++) {
        int diagonal = row[0];
        row[0] = i;
        for (int j = 1; j <= m; j++) {
            int best = diagonal + (lower(a[i - 1]) != lower(b[j - 1]));
            if (row[j] + 1 < best) best = row[j] + 1;
            if (row[j - 1] + 1 < best) best = row[j - 1] + 1;
            diagonal = row[j];
            row[j] = best;
        }
    }
    return row[m];
}

void hn_onnx_suggest(const char *text, const char *candidate, const char **best, int *distance) {
    const int d = edit_distance(text, candidate);
    const size_t length = strlen(text);
    const int allowed = length < 3 ? 0 : length < 5 ? 1 : 2;
    if (d > allowed || (*best && d >= *distance)) return;
    *best = candidate;
    *distance = d;
}

/* ---- names ---- */

void hn_onnx_scope_init(hn_onnx_scope *scope, hn_onnx_import *import, hn_graph *graph) {
    *scope = (hn_onnx_scope){.import = import, .graph = graph, .path = "graph", .prefix = ""};
    hn_map_init(&scope->names, &import->scratch);
}

hone_status hn_onnx_define(hn_onnx_scope *scope, hn_bytes name, hn_onnx_state state, hn_value *value,
                           const char *maker) {
    const char *text;
    HN_TRY(hn_onnx_text(scope->import, name, &text));
    const hn_onnx_name *known = hn_map_get(&scope->names, name.data, name.n);
    if (known) {
        const size_t first = hn_onnx_mark(scope->import);
        hn_diag_add(scope->import->diag, HONE_ERROR, HONE_INVALID_MODEL, "the name '%s' is made twice: by %s and by %s",
                    hn_onnx_shown(scope->import, name), known->maker, maker);
        hn_diag_hint(scope->import->diag, first, "every value needs a name of its own: rename one of the two");
        return HONE_INVALID_MODEL;
    }
    hn_onnx_name *entry = HN_NEW(&scope->import->scratch, hn_onnx_name);
    HN_TRY_ALLOC(entry);
    *entry = (hn_onnx_name){.state = state, .value = value, .maker = maker};
    HN_TRY_ALLOC(hn_map_put(&scope->names, name.data, name.n, entry));
    if (value && !value->origin)
        HN_TRY_ALLOC(value->origin = hn_arena_string(&scope->graph->model->arena, text, name.n));
    return HONE_OK;
}

hn_onnx_name *hn_onnx_lookup(const hn_onnx_scope *scope, hn_bytes name) {
    for (; scope; scope = scope->parent) {
        hn_onnx_name *entry = hn_map_get(&scope->names, name.data, name.n);
        if (entry) return entry;
    }
    return NULL;
}

static bool is_main(const hn_onnx_scope *scope) { return !scope->caller; }

const char *hn_onnx_value_name(const hn_onnx_scope *scope, hn_bytes name) {
    const char *text = hn_arena_string(&scope->import->scratch, name.data, name.n);
    if (is_main(scope) || !text) return text;
    text = hn_onnx_join(scope->import, scope->prefix, text);
    while (text && hn_map_get_text(&scope->import->reserved, text)) text = hn_onnx_join(scope->import, text, ".");
    return text;
}

/* Nodes without outputs of their own names call them <node>_out. */
static bool is_reserved(hn_onnx_import *import, const char *name) {
    const char *output = hn_onnx_join(import, name, "_out");
    return hn_map_get_text(&import->reserved, name) || (output && hn_map_get_text(&import->reserved, output));
}

const char *hn_onnx_node_name(const hn_onnx_scope *scope, const char *name) {
    const char *text = hn_onnx_join(scope->import, scope->prefix, name);
    while (text && is_reserved(scope->import, text)) text = hn_onnx_join(scope->import, text, ".");
    return text;
}

int64_t hn_onnx_opset_of(const hn_onnx_opsets *opsets, const char *domain) {
    for (size_t i = 0; i < opsets->n; i++)
        if (strcmp(opsets->at[i].domain, domain) == 0) return opsets->at[i].version;
    return 0;
}
