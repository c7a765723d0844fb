/* The text form of a model (.hir).
 *
 *   model  = "hir 1" graph
 *   graph  = "graph" name "{" {"input" value ":" type} {"const" value ":" tensor} {node} "return" [uses] "}"
 *   node   = [out {"," out}] "=" operator "(" [use {"," use}] ")" ["{" attr {"," attr} "}"] "as" name [origin] {graph}
 *   out    = "_" | value ":" type              an output that nobody wants is "_", and so is an absent input
 *   use    = "_" | "%" name
 *   value  = "%" name [origin]                 the name is quoted unless it is made of letters, digits, _ . / - $ and
 *                                              does not begin with //
 *   origin = "~" [name]                        where the name in the source file is another one; "~" alone: it has none
 *   type   = ("?" | dtype "[" [dim {"," dim}] "]" | dtype "[...]" | kind "(" [dtype ","] type ")") ["channels_last"]
 *   tensor = dtype "[" [number {"," number}] "]" "=" ("{" [element {"," element}] "}" | "@" 16 hexadecimal digits)
 *   attr   = name ":" (integer | float "f" | string | "[" integers, floats "f" or strings "]" | "ints[]" | "floats[]" |
 *            "strings[]" | "dims[" dims "]" | "tensor" tensor | "body" number | "type" type)
 *
 * Lines and indentation mean nothing; "//" begins a comment. The dims of types are expressions as in shape_expr.h.
 * Elements are numbers, quoted strings, or "x" and hexadecimal bytes for types without plain numbers. A tensor "@seed"
 * is filled from the seed (hn_hir_seed_fill); printed are seeds that were read and hashes of other data. Constants are
 * printed in the graph that they belong to, in the order of their first use. */
#include <stdio.h>
#include <string.h>
#include "base/dtype.h"
#include "base/half.h"
#include "ir/hir_text.h"

typedef hn_vec(const hn_value *) value_list;

typedef struct printer {
    hn_str *out;
    const hn_model *model;
    bool whole;
    hn_arena arena;
    uint8_t *seen;    /* per value id: the constant is in its list */
    hn_map constants; /* graph -> value_list */
} printer;

static void indent(printer *p, int depth) { hn_str_add(p->out, "%*s", depth * 2, ""); }

static void print_quoted(hn_str *out, const char *text, size_t n) {
    hn_str_append(out, "\"", 1);
    for (size_t i = 0; i < n; i++) {
        const unsigned char c = (unsigned char)text[i];
        if (c == '"' || c == '\\') hn_str_add(out, "\\%c", c);
        else if (c < 0x20 || c >= 0x7F) hn_str_add(out, "\\x%02x", c);
        else hn_str_append(out, text + i, 1);
    }
    hn_str_append(out, "\"", 1);
}

static void print_name(hn_str *out, const char *name) {
    const char *c = name;
    while (hn_hir_is_plain(*c)) c++;
    if (*name && !*c && strncmp(name, "//", 2) != 0) hn_str_append(out, name, strlen(name));
    else print_quoted(out, name, strlen(name));
}

static void print_origin(hn_str *out, const char *name, const char *origin) {
    if (origin && strcmp(name, origin) == 0) return;
    hn_str_append(out, " ~", 2);
    if (origin) print_name(out, origin);
}

static void print_use(printer *p, const hn_value *value) {
    hn_str_add(p->out, value ? "%%" : "_");
    if (value) print_name(p->out, value->name);
}

static void print_definition(printer *p, const hn_value *value) {
    print_use(p, value);
    print_origin(p->out, value->name, value->origin);
}

static void print_type(hn_str *out, const hn_value *value, const hn_expr_pool *pool) {
    const hn_type *type = value->info.type;
    if (!type || type->kind == HN_KIND_NONE) hn_str_append(out, "?", 1);
    else hn_info_print(out, &value->info, pool);
    if (value->layout == HN_LAYOUT_CHANNELS_LAST) hn_str_add(out, " channels_last");
}

/* ---- tensors ---- */

/* Shortest form that reads back exactly; the decimal point is one in every locale. */
static void print_real(hn_str *out, double value, int digits) {
    char text[40];
    const int n = snprintf(text, sizeof text, "%.*g", digits, value);
    for (int i = 0; i < n; i++)
        if (text[i] == ',') text[i] = '.';
    hn_str_append(out, text, (size_t)n);
}

static void print_bytes(hn_str *out, const hn_tensor *t) {
    const size_t n = hn_tensor_bytes(t);
    hn_str_append(out, "x", 1);
    for (size_t i = 0; i < n; i++) hn_str_add(out, "%02x", ((const uint8_t *)t->data)[i]);
}

static void print_element(hn_str *out, const hn_tensor *t, int64_t i) {
    switch (t->dtype) {
    case HONE_FLOAT32:
    case HONE_FLOAT16:
    case HONE_BFLOAT16:
        print_real(out, hn_tensor_real(t, i), 9);
        break;
    case HONE_FLOAT64:
        print_real(out, hn_tensor_real(t, i), 17);
        break;
    case HONE_UINT64:
        hn_str_add(out, "%llu", (unsigned long long)hn_tensor_int(t, i));
        break;
    case HONE_STRING:
        print_quoted(out, ((const hn_bytes *)t->data)[i].data, ((const hn_bytes *)t->data)[i].n);
        break;
    default:
        hn_str_add(out, "%lld", (long long)hn_tensor_int(t, i));
        break;
    }
}

static bool has_plain_numbers(hone_dtype dtype) {
    const int bits = hone_dtype_bits(dtype);
    if (dtype == HONE_FLOAT32 || dtype == HONE_FLOAT64 || dtype == HONE_FLOAT16 || dtype == HONE_BFLOAT16) return true;
    return dtype == HONE_BOOL || (hn_dtype_is_int(dtype) && bits >= 8);
}

static void print_tensor(printer *p, const hn_tensor *t) {
    const int64_t n = hn_tensor_count(t);
    hn_tensor_print(p->out, t);
    hn_str_append(p->out, " = ", 3);
    if (n > HN_HIR_INLINE && !p->whole && t->dtype != HONE_STRING) {
        hn_str_add(p->out, "@%016llx", (unsigned long long)hn_hir_seed_of(t));
        return;
    }
    hn_str_append(p->out, "{", 1);
    if (n > 0 && !has_plain_numbers(t->dtype) && t->dtype != HONE_STRING) {
        print_bytes(p->out, t);
    } else {
        for (int64_t i = 0; i < n; i++) {
            if (i) hn_str_append(p->out, ", ", 2);
            print_element(p->out, t, i);
        }
    }
    hn_str_append(p->out, "}", 1);
}

/* ---- attributes ---- */

static void print_list_item(printer *p, const hn_attr *a, uint32_t i) {
    switch (a->kind) {
    case HN_ATTR_INTS:
        hn_str_add(p->out, "%lld", (long long)a->ints[i]);
        break;
    case HN_ATTR_FLOATS:
        print_real(p->out, (double)a->floats[i], 9);
        hn_str_append(p->out, "f", 1);
        break;
    case HN_ATTR_STRINGS:
        print_quoted(p->out, a->strings[i].data, a->strings[i].n);
        break;
    default:
        hn_dim_print(p->out, a->dims[i], p->model->exprs);
        break;
    }
}

static void print_list(printer *p, const hn_attr *a) {
    const char *word = a->kind == HN_ATTR_DIMS      ? "dims"
                       : a->n                       ? ""
                       : a->kind == HN_ATTR_INTS    ? "ints"
                       : a->kind == HN_ATTR_STRINGS ? "strings"
                                                    : "floats";
    hn_str_add(p->out, "%s[", word);
    for (uint32_t i = 0; i < a->n; i++) {
        if (i) hn_str_append(p->out, ", ", 2);
        print_list_item(p, a, i);
    }
    hn_str_append(p->out, "]", 1);
}

static void print_attr(printer *p, const hn_attr *a) {
    print_name(p->out, a->name);
    hn_str_append(p->out, ": ", 2);
    switch (a->kind) {
    case HN_ATTR_INT:
        hn_str_add(p->out, "%lld", (long long)a->i);
        break;
    case HN_ATTR_FLOAT:
        print_real(p->out, (double)a->f, 9);
        hn_str_append(p->out, "f", 1);
        break;
    case HN_ATTR_STRING:
        print_quoted(p->out, a->s.data, a->s.n);
        break;
    case HN_ATTR_TENSOR:
        hn_str_add(p->out, "tensor ");
        print_tensor(p, a->tensor);
        break;
    case HN_ATTR_GRAPH:
        hn_str_add(p->out, "body %lld", (long long)a->i);
        break;
    case HN_ATTR_TYPE: {
        const hn_value stand_in = {.info = {.type = a->type, .shape = {.rank = -1}}};
        hn_str_add(p->out, "type ");
        print_type(p->out, &stand_in, p->model->exprs);
        break;
    }
    default:
        print_list(p, a);
        break;
    }
}

/* ---- nodes and graphs ---- */

static void print_graph(printer *p, const hn_graph *graph, int depth);

static void print_outputs(printer *p, const hn_node *node) {
    for (int i = 0; i < node->n_out; i++) {
        if (i) hn_str_append(p->out, ", ", 2);
        if (!node->out[i]) {
            hn_str_append(p->out, "_", 1);
            continue;
        }
        print_definition(p, node->out[i]);
        hn_str_append(p->out, ": ", 2);
        print_type(p->out, node->out[i], p->model->exprs);
    }
}

static void print_node(printer *p, const hn_node *node, int depth) {
    indent(p, depth);
    print_outputs(p, node);
    hn_str_add(p->out, "%s= %s(", node->n_out ? " " : "", node->op->name);
    for (int i = 0; i < node->n_in; i++) {
        if (i) hn_str_append(p->out, ", ", 2);
        print_use(p, node->in[i]);
    }
    hn_str_append(p->out, ")", 1);
    for (uint32_t i = 0; i < node->attrs.n; i++) {
        hn_str_add(p->out, i ? ", " : " {");
        print_attr(p, &node->attrs.at[i]);
    }
    hn_str_add(p->out, node->attrs.n ? "} as " : " as ");
    print_name(p->out, node->name);
    print_origin(p->out, node->name, node->origin);
    hn_str_append(p->out, "\n", 1);
    for (int i = 0; i < node->n_body; i++) print_graph(p, node->body[i], depth + 1);
}

static void print_constants(printer *p, const hn_graph *graph, int depth) {
    const value_list *list = hn_map_get(&p->constants, &graph, sizeof graph);
    for (size_t i = 0; list && i < list->n; i++) {
        indent(p, depth);
        hn_str_append(p->out, "const ", 6);
        print_definition(p, list->at[i]);
        hn_str_append(p->out, ": ", 2);
        print_tensor(p, list->at[i]->info.data);
        hn_str_append(p->out, "\n", 1);
    }
}

static void print_graph(printer *p, const hn_graph *graph, int depth) {
    indent(p, depth);
    hn_str_append(p->out, "graph ", 6);
    print_name(p->out, graph->name);
    hn_str_append(p->out, " {\n", 3);
    for (size_t i = 0; i < graph->inputs.n; i++) {
        indent(p, depth + 1);
        hn_str_append(p->out, "input ", 6);
        print_definition(p, graph->inputs.at[i]);
        hn_str_append(p->out, ": ", 2);
        print_type(p->out, graph->inputs.at[i], p->model->exprs);
        hn_str_append(p->out, "\n", 1);
    }
    print_constants(p, graph, depth + 1);
    for (const hn_node *node = graph->first; node; node = node->next) print_node(p, node, depth + 1);
    indent(p, depth + 1);
    hn_str_append(p->out, "return", 6);
    for (size_t i = 0; i < graph->outputs.n; i++) {
        hn_str_add(p->out, i ? ", " : " ");
        print_use(p, graph->outputs.at[i]);
    }
    hn_str_append(p->out, "\n", 1);
    indent(p, depth);
    hn_str_append(p->out, "}\n", 2);
}

/* ---- constants, by graph ---- */

static bool collect_value(printer *p, const hn_value *value) {
    if (!hn_ir_is_constant(value) || p->seen[value->id]) return true;
    p->seen[value->id] = 1;
    value_list *list = hn_map_get(&p->constants, &value->graph, sizeof value->graph);
    if (!list) {
        list = HN_NEW(&p->arena, value_list);
        if (!list || !hn_map_put(&p->constants, &value->graph, sizeof value->graph, list)) return false;
    }
    return hn_vec_push(&p->arena, list, value);
}

static bool collect(printer *p, const hn_graph *graph) {
    bool ok = true;
    for (const hn_node *node = graph->first; ok && node; node = node->next) {
        for (int i = 0; i < node->n_in; i++) ok = ok && collect_value(p, node->in[i]);
        for (int i = 0; i < node->n_body; i++) ok = ok && collect(p, node->body[i]);
    }
    for (size_t i = 0; i < graph->outputs.n; i++) ok = ok && collect_value(p, graph->outputs.at[i]);
    return ok;
}

void hn_ir_print(hn_str *out, const hn_model *model, bool whole) {
    printer p = {.out = out, .model = model, .whole = whole};
    hn_arena_init(&p.arena, model->arena.allocator);
    hn_map_init(&p.constants, &p.arena);
    p.seen = HN_NEW_ARRAY(&p.arena, uint8_t, (size_t)model->next_id + 1);
    if (p.seen && collect(&p, model->main)) {
        hn_str_add(out, HN_HIR_VERSION "\n");
        print_graph(&p, model->main, 0);
    } else {
        out->failed = true;
    }
    hn_arena_free(&p.arena);
}
