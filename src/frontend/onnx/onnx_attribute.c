/* Attributes: references to a function's caller, kinds against the schema, values for the IR. */
#include "frontend/onnx/onnx_import.h"

#include <string.h>

/* ---- schema ---- */

typedef struct attr_row {
    const char *op, *name;
    hn_onnx_kind kind;
    int16_t first, last; /* opsets; last 0: still there */
    bool required;
} attr_row;

static const attr_row rows[] = {
#define HN_ONNX_ATTR(op, name, kind, first, last, required) {op, name, HN_ONNX_##kind, first, last, required},
#include "frontend/onnx/onnx_attrs.def"
#undef HN_ONNX_ATTR
};
#define N_ROWS (sizeof rows / sizeof *rows)

/* First row of the operator (rows are sorted), or N_ROWS. */
static size_t first_row(const char *op) {
    size_t low = 0, high = N_ROWS;
    while (low < high) {
        const size_t middle = (low + high) / 2;
        if (strcmp(rows[middle].op, op) < 0) low = middle + 1;
        else high = middle;
    }
    return low < N_ROWS && strcmp(rows[low].op, op) == 0 ? low : N_ROWS;
}

static bool in_opset(const attr_row *row, int64_t opset) {
    return opset >= row->first && (!row->last || opset <= row->last);
}

/* The row for this opset; else one of another opset (*elsewhere), else NULL. */
static const attr_row *find_row(const char *op, const char *name, int64_t opset, const attr_row **elsewhere) {
    *elsewhere = NULL;
    for (size_t i = first_row(op); i < N_ROWS && strcmp(rows[i].op, op) == 0; i++) {
        if (strcmp(rows[i].name, name) != 0) continue;
        if (in_opset(&rows[i], opset)) return &rows[i];
        *elsewhere = &rows[i];
    }
    return NULL;
}

bool hn_onnx_has_attribute(const char *type, const char *name, int64_t opset) {
    const attr_row *elsewhere;
    return find_row(type, name, opset, &elsewhere) != NULL;
}

/* ---- places ---- */

static const char *attribute_path(const hn_onnx_attribute *attribute) {
    hn_onnx_import *import = attribute->scope->import;
    const char *path = attribute->node == SIZE_MAX
                           ? hn_onnx_format(import, "%s.attribute_proto[%zu]", attribute->scope->path, attribute->index)
                           : hn_onnx_format(import, "%s.node[%zu].attribute[%zu]", attribute->scope->path,
                                            attribute->node, attribute->index);
    return path ? path : "";
}

static const char *attribute_place(const hn_onnx_attribute *attribute) {
    hn_onnx_import *import = attribute->scope->import;
    return hn_onnx_format(import, "%s (byte %llu)", attribute_path(attribute),
                          (unsigned long long)hn_pb_offset(&import->source.pb, attribute->proto.head.bytes.data));
}

/* ---- references ---- */

static const hn_onnx_attribute *find_given(const hn_onnx_attribute *given, size_t n, const char *name) {
    for (size_t i = 0; i < n; i++)
        if (strcmp(given[i].name, name) == 0) return &given[i];
    return NULL;
}

static hone_status resolve(hn_onnx_node *node, size_t index, hn_onnx_attribute *out, bool *present) {
    hn_onnx_scope *scope = node->scope;
    hn_onnx_import *import = scope->import;
    const char *from;
    *present = true;
    HN_TRY(hn_onnx_read_attribute(&import->source.pb, node->proto.attribute.at[index], &out->proto));
    HN_TRY(hn_onnx_text(import, out->proto.name, &out->name));
    if (!*out->name) HN_FAIL(import->diag, HONE_INVALID_MODEL, "attribute %zu has no name", index);
    out->scope = scope;
    out->node = node->index;
    out->index = index;
    if (!out->proto.ref_attr_name.n) return HONE_OK;
    HN_TRY(hn_onnx_text(import, out->proto.ref_attr_name, &from));
    if (!scope->function)
        HN_FAIL(import->diag, HONE_INVALID_MODEL,
                "attribute '%s' refers to the attribute '%s' of a function, but the node is not inside one", out->name,
                from);
    const hn_onnx_attribute *given = find_given(scope->given, scope->n_given, from);
    *present = given != NULL;
    if (!given) return HONE_OK;
    const char *name = out->name;
    *out = *given;
    out->name = name;
    return HONE_OK;
}

hone_status hn_onnx_resolve_attributes(hn_onnx_node *node) {
    hn_onnx_import *import = node->scope->import;
    const size_t n = node->proto.attribute.n;
    node->given = HN_NEW_ARRAY(&import->scratch, hn_onnx_attribute, n);
    HN_TRY_ALLOC(node->given);
    for (size_t i = 0; i < n; i++) {
        hn_onnx_attribute attribute = {0};
        bool present;
        HN_TRY(resolve(node, i, &attribute, &present));
        if (!present) continue;
        if (find_given(node->given, node->n_given, attribute.name))
            HN_FAIL(import->diag, HONE_INVALID_MODEL, "attribute '%s' is given twice", attribute.name);
        node->given[node->n_given++] = attribute;
    }
    return HONE_OK;
}

/* ---- kinds ---- */

/* Old files have no discriminator: the field that is there tells. */
static int64_t kind_of(const hn_onnx_attribute_proto *proto, hn_onnx_kind expected) {
    static const struct {
        int field;
        hn_onnx_kind kind;
    } fields[] = {
        {2, HN_ONNX_FLOAT},          {3, HN_ONNX_INT},
        {4, HN_ONNX_STRING},         {5, HN_ONNX_TENSOR},
        {6, HN_ONNX_GRAPH},          {7, HN_ONNX_FLOATS},
        {8, HN_ONNX_INTS},           {9, HN_ONNX_STRINGS},
        {10, HN_ONNX_TENSORS},       {11, HN_ONNX_GRAPHS},
        {14, HN_ONNX_TYPE_PROTO},    {15, HN_ONNX_TYPE_PROTOS},
        {22, HN_ONNX_SPARSE_TENSOR}, {23, HN_ONNX_SPARSE_TENSORS},
    };
    if (proto->type != HN_ONNX_UNDEFINED) return proto->type;
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
        if (hn_pb_has(&proto->head, fields[i].field)) return fields[i].kind;
    return expected;
}

static hone_status check_kind(const hn_onnx_node *node, const hn_onnx_attribute *attribute, const attr_row *row) {
    hn_onnx_import *import = node->scope->import;
    const int64_t kind = kind_of(&attribute->proto, row->kind);
    if (kind == (int64_t)row->kind) return HONE_OK;
    const size_t first = hn_onnx_mark(import);
    hn_diag_add(import->diag, HONE_ERROR, HONE_INVALID_MODEL, "attribute '%s' is of kind %s (%lld); %s takes %s here",
                attribute->name, hn_onnx_kind_name(kind), (long long)kind, node->type, hn_onnx_kind_name(row->kind));
    hn_diag_hint(import->diag, first, "write the attribute as %s", hn_onnx_kind_name(row->kind));
    return HONE_INVALID_MODEL;
}

/* What may have been meant, or that the attribute can go. */
static void hint_unknown(const hn_onnx_node *node, const char *name, size_t first) {
    const char *best = NULL;
    int distance = 0;
    for (size_t i = first_row(node->key); i < N_ROWS && strcmp(rows[i].op, node->key) == 0; i++)
        if (in_opset(&rows[i], node->opset)) hn_onnx_suggest(name, rows[i].name, &best, &distance);
    hn_diag *diag = node->scope->import->diag;
    if (best) hn_diag_hint(diag, first, "did you mean '%s'?", best);
    else hn_diag_hint(diag, first, "remove the attribute, or look for what it was to say");
}

/* An attribute of another opset would change what the node computes; one that no opset knows cannot. */
static hone_status unknown_attribute(const hn_onnx_node *node, const hn_onnx_attribute *attribute,
                                     const attr_row *elsewhere) {
    hn_onnx_import *import = node->scope->import;
    const size_t first = hn_onnx_mark(import);
    if (!elsewhere) {
        HN_TRY(
            hn_onnx_warn(import, "%s has no attribute '%s' in any opset: it is ignored", node->type, attribute->name));
        hn_diag_place(import->diag, first, node->shown, node->type, attribute_place(attribute));
        hint_unknown(node, attribute->name, first);
        return HONE_OK;
    }
    if (elsewhere->last && node->opset > elsewhere->last)
        hn_diag_add(import->diag, HONE_ERROR, HONE_INVALID_MODEL,
                    "attribute '%s' of %s ended with opset %d; the model has opset %lld", attribute->name, node->type,
                    elsewhere->last, (long long)node->opset);
    else
        hn_diag_add(import->diag, HONE_ERROR, HONE_INVALID_MODEL,
                    "attribute '%s' of %s came with opset %d; the model has opset %lld", attribute->name, node->type,
                    elsewhere->first, (long long)node->opset);
    hn_diag_hint(import->diag, first,
                 "the opset_import of the model does not fit its nodes: correct it, or export again");
    return HONE_INVALID_MODEL;
}

/* ---- values ---- */

static hone_status missing_content(const hn_onnx_node *node, const hn_onnx_attribute *attribute) {
    HN_FAIL(node->scope->import->diag, HONE_INVALID_MODEL, "attribute '%s' says it is a %s, but holds none",
            attribute->name, hn_onnx_kind_name(attribute->proto.type));
}

static hone_status import_tensor(hn_onnx_node *node, const hn_onnx_attribute *attribute, hn_attr *out) {
    const hn_onnx_source *source = &node->scope->import->source;
    hn_onnx_tensor_proto proto;
    if (!attribute->proto.t.data) return missing_content(node, attribute);
    hn_tensor *tensor = HN_NEW(source->arena, hn_tensor);
    HN_TRY_ALLOC(tensor);
    HN_TRY(hn_onnx_read_tensor(&source->pb, attribute->proto.t, &proto));
    out->tensor = tensor;
    return hn_onnx_decode_tensor(source, &proto, tensor);
}

static hone_status import_body(hn_onnx_node *node, const hn_onnx_attribute *attribute, hn_attr *out) {
    const hn_onnx_scope *scope = node->scope;
    hn_onnx_import *import = scope->import;
    hn_onnx_graph_proto proto;
    hn_onnx_scope inner;
    if (!attribute->proto.g.data) return missing_content(node, attribute);
    if (scope->depth >= HN_MAX_NESTING)
        HN_FAIL(import->diag, HONE_UNSUPPORTED, "graphs and functions are nested more than %d levels deep",
                HN_MAX_NESTING);
    HN_TRY(hn_onnx_read_graph(&import->source.pb, attribute->proto.g, &proto));
    const char *name = hn_onnx_format(import, "%s_%s", node->name, attribute->name);
    hn_graph *graph = name ? hn_ir_graph(import->model, name) : NULL;
    HN_TRY_ALLOC(graph);
    hn_onnx_scope_init(&inner, import, graph);
    inner.parent = attribute->scope;
    inner.caller = scope;
    inner.opsets = attribute->scope->opsets;
    inner.path = hn_onnx_join(import, attribute_path(attribute), ".g");
    inner.prefix = scope->prefix;
    inner.function = attribute->scope->function;
    inner.given = attribute->scope->given;
    inner.n_given = attribute->scope->n_given;
    inner.depth = scope->depth + 1;
    HN_TRY_ALLOC(inner.path);
    HN_TRY_ALLOC(hn_vec_push(&import->scratch, &node->bodies, graph));
    out->i = (int64_t)node->bodies.n - 1;
    return hn_onnx_import_graph(&inner, &proto);
}

static hone_status copy_list(hn_onnx_node *node, const void *at, size_t n, size_t size, hn_attr *out, const void **to) {
    if (n > UINT32_MAX) HN_FAIL(node->scope->import->diag, HONE_UNSUPPORTED, "attribute '%s' is too long", out->name);
    out->n = (uint32_t)n;
    *to = hn_arena_copy(&node->scope->import->model->arena, n ? at : "", n * size);
    return *to ? HONE_OK : HONE_OUT_OF_MEMORY;
}

static hone_status import_value(hn_onnx_node *node, const hn_onnx_attribute *attribute, hn_onnx_kind kind,
                                hn_attr *out) {
    const hn_onnx_attribute_proto *p = &attribute->proto;
    const void *list;
    switch (kind) {
    case HN_ONNX_FLOAT:
        out->kind = HN_ATTR_FLOAT;
        out->f = p->f;
        return HONE_OK;
    case HN_ONNX_INT:
        out->kind = HN_ATTR_INT;
        out->i = p->i;
        return HONE_OK;
    case HN_ONNX_STRING:
        out->kind = HN_ATTR_STRING;
        out->s = p->s.data ? p->s : (hn_bytes){"", 0};
        return HONE_OK;
    case HN_ONNX_FLOATS:
        out->kind = HN_ATTR_FLOATS;
        HN_TRY(copy_list(node, p->floats.at, p->floats.n, sizeof *p->floats.at, out, &list));
        out->floats = list;
        return HONE_OK;
    case HN_ONNX_INTS:
        out->kind = HN_ATTR_INTS;
        HN_TRY(copy_list(node, p->ints.at, p->ints.n, sizeof *p->ints.at, out, &list));
        out->ints = list;
        return HONE_OK;
    case HN_ONNX_STRINGS:
        out->kind = HN_ATTR_STRINGS;
        HN_TRY(copy_list(node, p->strings.at, p->strings.n, sizeof *p->strings.at, out, &list));
        out->strings = list;
        return HONE_OK;
    case HN_ONNX_TENSOR:
        out->kind = HN_ATTR_TENSOR;
        return import_tensor(node, attribute, out);
    case HN_ONNX_GRAPH:
        out->kind = HN_ATTR_GRAPH;
        return import_body(node, attribute, out);
    case HN_ONNX_TYPE_PROTO:
        out->kind = HN_ATTR_TYPE;
        if (!p->tp.data) return missing_content(node, attribute);
        return hn_onnx_import_type(node->scope->import, p->tp, NULL, &out->type, NULL);
    default:
        HN_FAIL(node->scope->import->diag, HONE_UNSUPPORTED, "attributes of kind %s ('%s') are not supported",
                hn_onnx_kind_name(kind), attribute->name);
    }
}

/* Of before opset 7: hints about memory that say nothing about results. */
static bool means_nothing(const hn_onnx_node *node, const char *name) {
    return node->opset < 7 && (strcmp(name, "consumed_inputs") == 0 || strcmp(name, "output_sequence") == 0);
}

static hone_status import_attribute(hn_onnx_node *node, const hn_onnx_attribute *attribute) {
    if (!*node->domain && means_nothing(node, attribute->name)) return HONE_OK;
    const attr_row *elsewhere, *row = find_row(node->key, attribute->name, node->opset, &elsewhere);
    if (!row) return unknown_attribute(node, attribute, elsewhere);
    HN_TRY(check_kind(node, attribute, row));
    hn_attr attr = {.name = row->name};
    HN_TRY(import_value(node, attribute, row->kind, &attr));
    return hn_vec_push(&node->scope->import->scratch, &node->attrs, attr) ? HONE_OK : HONE_OUT_OF_MEMORY;
}

/* Of an operator that looks at them itself: any kind, but no bodies for plugins. */
static hone_status import_own_attribute(hn_onnx_node *node, const hn_onnx_attribute *attribute) {
    hn_onnx_import *import = node->scope->import;
    const hn_onnx_kind kind = (hn_onnx_kind)kind_of(&attribute->proto, HN_ONNX_UNDEFINED);
    if (kind == HN_ONNX_GRAPH && node->op && node->op->plugin)
        HN_FAIL(
            import->diag, HONE_UNSUPPORTED,
            "attribute '%s' is a graph, and operators of plugins compute tensors only: express the branch or the loop "
            "by If, Loop or Scan, and give the plugin what is inside",
            attribute->name);
    hn_attr attr = {.name = hn_arena_string(&import->model->arena, attribute->name, strlen(attribute->name))};
    HN_TRY_ALLOC(attr.name);
    HN_TRY(import_value(node, attribute, kind, &attr));
    return hn_vec_push(&import->scratch, &node->attrs, attr) ? HONE_OK : HONE_OUT_OF_MEMORY;
}

typedef hone_status attribute_fn(hn_onnx_node *node, const hn_onnx_attribute *attribute);

static hone_status import_each(hn_onnx_node *node, attribute_fn *one) {
    hone_status worst = HONE_OK;
    for (size_t i = 0; i < node->n_given; i++) {
        const size_t first = hn_onnx_mark(node->scope->import);
        const hone_status status = one(node, &node->given[i]);
        if (status == HONE_OK) continue;
        hn_diag_place(node->scope->import->diag, first, node->shown, node->type, attribute_place(&node->given[i]));
        if (status == HONE_OUT_OF_MEMORY) return status;
        if (worst == HONE_OK) worst = status;
    }
    return worst;
}

hone_status hn_onnx_import_own_attributes(hn_onnx_node *node) { return import_each(node, import_own_attribute); }

hone_status hn_onnx_import_attributes(hn_onnx_node *node) {
    hn_onnx_import *import = node->scope->import;
    hone_status missing = HONE_OK;
    for (size_t i = first_row(node->key); i < N_ROWS && strcmp(rows[i].op, node->key) == 0; i++)
        if (rows[i].required && in_opset(&rows[i], node->opset) &&
            !find_given(node->given, node->n_given, rows[i].name))
            missing =
                hn_diag_add(import->diag, HONE_ERROR, HONE_INVALID_MODEL, "the required attribute '%s' (%s) is missing",
                            rows[i].name, hn_onnx_kind_name(rows[i].kind));
    const hone_status status = import_each(node, node->op->plugin ? import_own_attribute : import_attribute);
    return status == HONE_OUT_OF_MEMORY || missing == HONE_OK ? status : missing;
}
