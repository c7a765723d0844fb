/* Reads the text form (grammar: print.c) into a model. The text may be anything: what the grammar leaves open is
 * checked by the verifier at the end. */
#include <stdio.h>
#include <string.h>
#include "ir/hir_text.h"

/* Nodes and values are made under this name until they get their own, so that names made up meanwhile cannot clash. */
#define WORKING_NAME "\1\1hir"

/* ---- words ---- */

hone_status hn_hir_fault(const hn_hir_reader *r, const char *format, ...) {
    char text[200];
    int line = 1;
    va_list args;
    for (const char *c = r->text; c < r->at; c++) line += *c == '\n';
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    HN_FAIL(r->diag, HONE_MALFORMED, "line %d: %s", line, text);
}

/* How many characters of what comes next go into a message. */
static int preview(const hn_hir_reader *r) {
    const size_t n = strcspn(r->at, "\n");
    return n < 12 ? (int)n : 12;
}

static void skip_space(hn_hir_reader *r) {
    for (;; r->at++) {
        if (r->at[0] == '/' && r->at[1] == '/')
            while (r->at[1] && r->at[1] != '\n') r->at++;
        else if (!*r->at || !strchr(" \t\r\n", *r->at)) return;
    }
}

bool hn_hir_take(hn_hir_reader *r, char c) {
    skip_space(r);
    if (*r->at != c) return false;
    r->at++;
    return true;
}

bool hn_hir_take_word(hn_hir_reader *r, const char *word) {
    const size_t n = strlen(word);
    skip_space(r);
    if (strncmp(r->at, word, n) != 0 || hn_hir_is_plain(r->at[n])) return false;
    r->at += n;
    return true;
}

hone_status hn_hir_expect(hn_hir_reader *r, char c) {
    return hn_hir_take(r, c) ? HONE_OK : hn_hir_fault(r, "'%c' expected before '%.*s'", c, preview(r), r->at);
}

hn_bytes hn_hir_token(hn_hir_reader *r) {
    skip_space(r);
    const char *start = r->at;
    while ((hn_hir_is_plain(*r->at) && *r->at != '/') || *r->at == '+') r->at++;
    return (hn_bytes){start, (size_t)(r->at - start)};
}

static int hex_digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* One character of a quoted text at *from, moved behind it; -1 at a bad escape or the end. */
static int quoted_character(const char **from) {
    const char *at = *from;
    if (!*at || *at == '\n') return -1;
    if (*at != '\\') return *from += 1, (unsigned char)*at;
    if (at[1] == '"' || at[1] == '\\') return *from += 2, at[1];
    if (at[1] != 'x' || hex_digit(at[2]) < 0 || hex_digit(at[3]) < 0) return -1;
    *from += 4;
    return hex_digit(at[2]) * 16 + hex_digit(at[3]);
}

hone_status hn_hir_quoted(hn_hir_reader *r, hn_bytes *out) {
    HN_TRY(hn_hir_expect(r, '"'));
    const char *end = r->at;
    size_t n = 0;
    for (; *end != '"'; n++)
        if (quoted_character(&end) < 0) return hn_hir_fault(r, "a quotation does not end, or has a bad escape");
    char *text = hn_arena_alloc(&r->model->arena, n + 1);
    HN_TRY_ALLOC(text);
    for (size_t i = 0; i < n; i++) text[i] = (char)quoted_character(&r->at);
    *out = (hn_bytes){text, n};
    r->at = end + 1;
    return HONE_OK;
}

hone_status hn_hir_name(hn_hir_reader *r, const char **out) {
    skip_space(r);
    if (*r->at == '"') {
        hn_bytes text;
        HN_TRY(hn_hir_quoted(r, &text));
        *out = text.data;
        return text.n && !memchr(text.data, 0, text.n) ? HONE_OK
                                                       : hn_hir_fault(r, "a name is empty or has a zero byte");
    }
    const char *start = r->at;
    while (hn_hir_is_plain(*r->at)) r->at++;
    if (r->at == start) return hn_hir_fault(r, "name expected before '%.*s'", preview(r), r->at);
    *out = hn_arena_string(&r->model->arena, start, (size_t)(r->at - start));
    return *out ? HONE_OK : HONE_OUT_OF_MEMORY;
}

hone_status hn_hir_dims(hn_hir_reader *r, hn_dim *out, int max, int *n) {
    *n = 0;
    if (hn_hir_take(r, ']')) return HONE_OK;
    do {
        if (*n == max) return hn_hir_fault(r, "more than %d dimensions", max);
        skip_space(r);
        const hone_status status = hn_dim_parse(r->model->exprs, &r->at, &out[(*n)++]);
        if (status == HONE_OUT_OF_MEMORY) return status;
        if (status != HONE_OK) return hn_hir_fault(r, "dimension expected before '%.*s'", preview(r), r->at);
    } while (hn_hir_take(r, ','));
    return hn_hir_expect(r, ']');
}

/* ---- names ---- */

/* Gives something its name, which must be free. */
static hone_status take_name(hn_hir_reader *r, const char *name, const char **to) {
    hn_map *names = &r->model->names;
    if (hn_map_get_text(names, name)) return hn_hir_fault(r, "'%s' is made twice", name);
    *to = name;
    return hn_map_put_text(names, name, r->model) ? HONE_OK : HONE_OUT_OF_MEMORY;
}

/* "~" says that the name in the source is another one, or that there is none. */
static hone_status read_origin(hn_hir_reader *r, const char *name, const char **out) {
    *out = name;
    if (!hn_hir_take(r, '~')) return HONE_OK;
    *out = NULL;
    return hn_hir_is_plain(*r->at) || *r->at == '"' ? hn_hir_name(r, out) : HONE_OK;
}

/* What stands of a value where it is made. */
typedef struct header {
    bool absent;
    const char *name, *origin;
    const hn_type *type;
    hn_shape shape;
    hn_layout layout;
} header;

static hone_status read_header(hn_hir_reader *r, header *out) {
    *out = (header){.shape = hn_shape_unknown()};
    HN_TRY(hn_hir_expect(r, '%'));
    HN_TRY(hn_hir_name(r, &out->name));
    HN_TRY(read_origin(r, out->name, &out->origin));
    return hn_hir_expect(r, ':');
}

static hone_status read_typed_header(hn_hir_reader *r, header *out) {
    HN_TRY(read_header(r, out));
    HN_TRY(hn_hir_type(r, &out->type, &out->shape));
    if (hn_hir_take_word(r, "channels_last")) out->layout = HN_LAYOUT_CHANNELS_LAST;
    return HONE_OK;
}

static hone_status name_value(hn_hir_reader *r, const header *h, hn_value *value) {
    value->origin = h->origin;
    value->layout = h->layout;
    HN_TRY(take_name(r, h->name, &value->name));
    return hn_map_put_text(&r->values, h->name, value) ? HONE_OK : HONE_OUT_OF_MEMORY;
}

/* The value of that name; the verifier finds out whether it may be used here. */
static hone_status read_use(hn_hir_reader *r, hn_value **out) {
    const char *name;
    *out = NULL;
    if (hn_hir_take(r, '_')) return HONE_OK;
    HN_TRY(hn_hir_expect(r, '%'));
    HN_TRY(hn_hir_name(r, &name));
    *out = hn_map_get_text(&r->values, name);
    return *out ? HONE_OK : hn_hir_fault(r, "there is no value '%s' before this", name);
}

/* ---- statements ---- */

static hone_status read_input(hn_hir_reader *r, hn_graph *graph) {
    header h;
    HN_TRY(read_typed_header(r, &h));
    hn_value *value = hn_ir_input(graph, WORKING_NAME, h.type, &h.shape);
    HN_TRY_ALLOC(value);
    return name_value(r, &h, value);
}

static hone_status read_constant(hn_hir_reader *r, hn_graph *graph) {
    header h;
    hn_tensor t;
    HN_TRY(read_header(r, &h));
    HN_TRY(hn_hir_tensor(r, &t));
    hn_value *value = hn_ir_constant(graph, WORKING_NAME, &t);
    HN_TRY_ALLOC(value);
    return name_value(r, &h, value);
}

typedef hn_vec(header) header_list;
typedef hn_vec(hn_value *) value_list;

/* Outputs up to and with the "=". */
static hone_status read_outputs(hn_hir_reader *r, header_list *out) {
    if (hn_hir_take(r, '=')) return HONE_OK;
    do {
        header h = {.absent = hn_hir_take(r, '_')};
        if (!h.absent) HN_TRY(read_typed_header(r, &h));
        if (!hn_vec_push(&r->scratch, out, h)) return HONE_OUT_OF_MEMORY;
    } while (hn_hir_take(r, ','));
    return hn_hir_expect(r, '=');
}

static hone_status read_inputs(hn_hir_reader *r, value_list *out) {
    HN_TRY(hn_hir_expect(r, '('));
    if (hn_hir_take(r, ')')) return HONE_OK;
    do {
        hn_value *value;
        HN_TRY(read_use(r, &value));
        if (!hn_vec_push(&r->scratch, out, value)) return HONE_OUT_OF_MEMORY;
    } while (hn_hir_take(r, ','));
    return hn_hir_expect(r, ')');
}

static hone_status read_node_name(hn_hir_reader *r, const char **name, const char **origin) {
    if (!hn_hir_take_word(r, "as")) return hn_hir_fault(r, "'as' and a name expected before '%.*s'", preview(r), r->at);
    HN_TRY(hn_hir_name(r, name));
    return read_origin(r, *name, origin);
}

static hone_status set_outputs(hn_hir_reader *r, hn_node *node, const header_list *out) {
    for (int i = 0; i < node->n_out; i++) {
        const header *h = &out->at[i];
        if (h->absent) {
            node->out[i] = NULL;
            continue;
        }
        node->out[i]->info.type = h->type;
        node->out[i]->info.shape = h->shape;
        HN_TRY(name_value(r, h, node->out[i]));
    }
    return HONE_OK;
}

static hone_status read_graph(hn_hir_reader *r, hn_graph *graph);

static hone_status read_bodies(hn_hir_reader *r, hn_node *node) {
    hn_vec(hn_graph *) bodies = {0};
    const int most = HN_MAX_NESTING + (node->op->id == HN_OP_group); /* a group runs as one */
    while (hn_hir_take_word(r, "graph")) {
        hn_graph *body = hn_ir_graph(r->model, "");
        HN_TRY_ALLOC(body);
        body->owner = node;
        if (++r->depth > most) return hn_hir_fault(r, "graphs are nested more than %d levels deep", HN_MAX_NESTING);
        HN_TRY(read_graph(r, body));
        r->depth--;
        if (!hn_vec_push(&r->scratch, &bodies, body)) return HONE_OUT_OF_MEMORY;
    }
    if (!bodies.n) return HONE_OK;
    if (!(node->op->facts & HN_CONTROL) && node->op->id != HN_OP_group)
        return hn_hir_fault(r, "%s has no bodies", node->op->name);
    return hn_ir_set_bodies(node, bodies.at, (int)bodies.n) ? HONE_OK : HONE_OUT_OF_MEMORY;
}

static hone_status read_node(hn_hir_reader *r, hn_graph *graph) {
    header_list out = {0};
    value_list in = {0};
    const char *op_name, *name, *origin;
    hn_attrs attrs;
    HN_TRY(read_outputs(r, &out));
    HN_TRY(hn_hir_name(r, &op_name));
    const hn_op *op = hn_op_find(op_name);
    if (!op) return hn_hir_fault(r, "there is no operator '%s'", op_name);
    HN_TRY(read_inputs(r, &in));
    HN_TRY(hn_hir_attrs(r, &attrs));
    HN_TRY(read_node_name(r, &name, &origin));
    hn_node *node = hn_ir_node(graph, NULL, op, WORKING_NAME, attrs, (int)in.n, in.at, (int)out.n);
    HN_TRY_ALLOC(node);
    HN_TRY(take_name(r, name, &node->name));
    node->origin = origin;
    HN_TRY(set_outputs(r, node, &out));
    return read_bodies(r, node);
}

static hone_status read_return(hn_hir_reader *r, hn_graph *graph) {
    if (hn_hir_take(r, '}')) return HONE_OK;
    do {
        hn_value *value;
        HN_TRY(read_use(r, &value));
        if (!value) return hn_hir_fault(r, "an output cannot be absent");
        if (!hn_ir_add_output(graph, value)) return HONE_OUT_OF_MEMORY;
    } while (hn_hir_take(r, ','));
    return hn_hir_expect(r, '}');
}

/* Behind the word "graph". */
static hone_status read_graph(hn_hir_reader *r, hn_graph *graph) {
    HN_TRY(hn_hir_name(r, &graph->name));
    HN_TRY(hn_hir_expect(r, '{'));
    while (!hn_hir_take_word(r, "return")) {
        if (hn_hir_take_word(r, "input")) HN_TRY(read_input(r, graph));
        else if (hn_hir_take_word(r, "const")) HN_TRY(read_constant(r, graph));
        else HN_TRY(read_node(r, graph));
    }
    return read_return(r, graph);
}

/* ---- the whole ---- */

/* A structure that passes must not leave is a fault of the text here. */
static hone_status check_structure(const hn_hir_reader *r) {
    hn_diag found;
    hn_diag_init(&found, r->model->arena.allocator);
    hone_status status = hn_ir_verify(r->model, &found);
    if (status == HONE_INTERNAL)
        status = hn_diag_add(r->diag, HONE_ERROR, HONE_MALFORMED, "%s", found.n ? found.at[0].text : "damaged graph");
    hn_diag_free(&found);
    return status;
}

static hone_status read_model(hn_hir_reader *r) {
    if (!hn_hir_take_word(r, "hir") || !hn_hir_take_word(r, "1"))
        return hn_hir_fault(r, "the text does not begin with '" HN_HIR_VERSION "'");
    if (!hn_hir_take_word(r, "graph")) return hn_hir_fault(r, "'graph' expected before '%.*s'", preview(r), r->at);
    HN_TRY(read_graph(r, r->model->main));
    skip_space(r);
    if (*r->at) return hn_hir_fault(r, "text behind the end: '%.*s'", preview(r), r->at);
    return check_structure(r);
}

hone_status hn_ir_parse(const char *text, size_t n, const hone_allocator *allocator, hn_model **out, hn_diag *diag) {
    hn_hir_reader r = {.diag = diag};
    *out = NULL;
    HN_TRY(hn_model_create(allocator, &r.model));
    hn_arena_init(&r.scratch, allocator);
    hn_map_init(&r.values, &r.scratch);
    r.text = r.at = hn_arena_string(&r.scratch, text, n);
    hone_status status = r.text ? HONE_OK : HONE_OUT_OF_MEMORY;
    if (status == HONE_OK && memchr(text, 0, n)) status = hn_hir_fault(&r, "the text holds a zero byte");
    if (status == HONE_OK) status = read_model(&r);
    if (status == HONE_OK && r.model->failed) status = HONE_OUT_OF_MEMORY;
    hn_arena_free(&r.scratch);
    if (status != HONE_OK) hn_model_destroy(&r.model);
    *out = r.model;
    return status;
}
