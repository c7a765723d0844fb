/* NodeProto: conversion into the form of the opset, attributes, operands. */
#include <string.h>
#include "frontend/onnx/onnx_convert.h"
#include "frontend/onnx/onnx_write.h"

#define KEPT_OF_NODE (1u << 6 | 1u << 9 | 1u << 10) /* doc_string, metadata_props, device_configurations */

/* ---- attributes ---- */

static hone_status put_list(const hn_attr *attr, hn_pb_out *proto) {
    for (uint32_t i = 0; i < attr->n; i++) {
        if (attr->kind == HN_ATTR_INTS) hn_pb_put_int(proto, 8, attr->ints[i]);
        if (attr->kind == HN_ATTR_FLOATS) hn_pb_put_float(proto, 7, attr->floats[i]);
        if (attr->kind == HN_ATTR_STRINGS) hn_pb_put_bytes(proto, 9, attr->strings[i].data, attr->strings[i].n);
    }
    return HONE_OK;
}

static hone_status put_body(const hn_onnx_export *e, const hn_attr *attr, hn_pb_out *proto) {
    hn_pb_out body;
    hn_pb_out_init(&body, &e->out->scratch);
    if (attr->i < 0 || attr->i >= e->node->n_body) HN_FAIL(e->out->diag, HONE_INTERNAL, "attribute without its graph");
    HN_TRY(hn_onnx_write_graph(e->out, e->node->body[attr->i], &body));
    hn_pb_put_message(proto, 6, &body);
    return HONE_OK;
}

static hone_status put_value(const hn_onnx_export *e, const hn_attr *attr, hn_pb_out *proto, hn_onnx_kind *kind) {
    switch (attr->kind) {
    case HN_ATTR_INT:
        *kind = HN_ONNX_INT;
        hn_pb_put_int(proto, 3, attr->i);
        return HONE_OK;
    case HN_ATTR_FLOAT:
        *kind = HN_ONNX_FLOAT;
        hn_pb_put_float(proto, 2, attr->f);
        return HONE_OK;
    case HN_ATTR_STRING:
        *kind = HN_ONNX_STRING;
        hn_pb_put_bytes(proto, 4, attr->s.data, attr->s.n);
        return HONE_OK;
    case HN_ATTR_INTS:
        *kind = HN_ONNX_INTS;
        return put_list(attr, proto);
    case HN_ATTR_FLOATS:
        *kind = HN_ONNX_FLOATS;
        return put_list(attr, proto);
    case HN_ATTR_STRINGS:
        *kind = HN_ONNX_STRINGS;
        return put_list(attr, proto);
    case HN_ATTR_TENSOR:
        *kind = HN_ONNX_TENSOR;
        hn_onnx_write_tensor(e->out, attr->tensor, NULL, proto, 5);
        return HONE_OK;
    case HN_ATTR_TYPE:
        *kind = HN_ONNX_TYPE_PROTO;
        hn_onnx_write_type(e->out, attr->type, proto, 14);
        return HONE_OK;
    case HN_ATTR_GRAPH:
        *kind = HN_ONNX_GRAPH;
        return put_body(e, attr, proto);
    case HN_ATTR_DIMS:
        break;
    }
    HN_FAIL(e->out->diag, HONE_INTERNAL, "an attribute of expressions reached the writer");
}

/* The operator is written as it was read. */
static bool is_own(const hn_node *node) { return node->op->id == HN_OP_kept || node->op->plugin; }

/* Attributes that came later mean with 0 what was so before. */
static hone_status put_attribute(const hn_onnx_export *e, const hn_attr *attr, hn_pb_out *node) {
    hn_pb_out proto;
    hn_onnx_kind kind = HN_ONNX_UNDEFINED;
    if (!is_own(e->node) && !strchr(e->type, '.') && !hn_onnx_has_attribute(e->type, attr->name, e->out->opset)) {
        if (attr->kind == HN_ATTR_INT && attr->i == 0) return HONE_OK;
        const char *why = hn_arena_format(&e->out->scratch, "it needs the attribute '%s'", attr->name);
        HN_TRY_ALLOC(why);
        return hn_onnx_cannot_export(e, why);
    }
    hn_pb_out_init(&proto, &e->out->scratch);
    hn_pb_put_text(&proto, 1, attr->name);
    HN_TRY(put_value(e, attr, &proto, &kind));
    hn_pb_put_int(&proto, 20, kind);
    hn_pb_put_message(node, 5, &proto);
    return HONE_OK;
}

/* ---- operands ---- */

static hone_status put_made(const hn_onnx_export *e, const hn_onnx_operand *in, hn_pb_out *node,
                            hn_pb_out *initializers) {
    const char *hint = hn_arena_format(&e->out->scratch, "%s_%s", e->node->name, in->suffix);
    const char *name = hint ? hn_ir_unique_name(e->out->model, hint) : NULL;
    HN_TRY_ALLOC(name);
    hn_onnx_write_tensor(e->out, in->tensor, name, initializers, 5);
    hn_pb_put_text(node, 1, name);
    return HONE_OK;
}

static bool is_absent(const hn_onnx_operand *in) { return !in->value && !in->tensor; }

static hone_status put_inputs(const hn_onnx_export *e, hn_pb_out *node, hn_pb_out *initializers) {
    size_t n = e->in.n;
    while (n > (size_t)e->node->op->min_in && is_absent(&e->in.at[n - 1])) n--;
    for (size_t i = 0; i < n; i++) {
        const hn_onnx_operand *in = &e->in.at[i];
        if (in->tensor) HN_TRY(put_made(e, in, node, initializers));
        else hn_pb_put_text(node, 1, in->value ? in->value->name : "");
        if (in->value && !hn_map_put(&e->out->used, &in->value->id, sizeof in->value->id, e->out))
            return HONE_OUT_OF_MEMORY;
    }
    return HONE_OK;
}

static void put_outputs(const hn_node *node, hn_pb_out *proto) {
    int n = node->n_out;
    while (!(node->op->facts & HN_CONTROL) && n > node->op->min_out && !node->out[n - 1]) n--;
    for (int i = 0; i < n; i++) hn_pb_put_text(proto, 2, node->out[i] ? node->out[i]->name : "");
}

/* ---- the node ---- */

/* The name in a domain that has the operator in its newest form, or NULL. */
static const char *in_other_domain(const char *op) {
    const hn_onnx_row *row;
    for (size_t i = 0; (row = hn_onnx_row_at(i)); i++)
        if (!row->import && strchr(row->name, '.') && strcmp(row->op, op) == 0) return row->name;
    return NULL;
}

/* Characters of "domain.Type" that are the domain. Types that nobody knows may hold dots, too. */
static size_t domain_length(const hn_onnx_export *e) {
    const hn_op *op = e->node->op;
    const char *dot = strrchr(e->type, '.');
    return op->id == HN_OP_kept ? ((const hn_kept_op *)op)->n_domain : dot ? (size_t)(dot - e->type) : 0;
}

static hone_status put_type(const hn_onnx_export *e, hn_pb_out *proto) {
    hn_onnx_out *out = e->out;
    const size_t n = domain_length(e);
    hn_pb_put_text(proto, 4, n ? e->type + n + 1 : e->type);
    out->standard = out->standard || !n;
    if (!n) return HONE_OK;
    hn_pb_put_bytes(proto, 7, e->type, n);
    return hn_map_put(&out->domains, e->type, n, out) ? HONE_OK : HONE_OUT_OF_MEMORY;
}

/* A node of ONNX itself can only stay as it is where the opset spells it as the one that it was read from. */
static hone_status check_own(const hn_onnx_export *e) {
    const hn_op *op = e->node->op;
    int since;
    if (op->id != HN_OP_kept || domain_length(e)) return HONE_OK;
    const hn_onnx_row *row = hn_onnx_find_row(op->name, ((const hn_kept_op *)op)->opset, &since);
    if (row == hn_onnx_find_row(op->name, e->out->opset, &since)) return HONE_OK;
    return hn_onnx_cannot_export(e, "it has another form there");
}

static hone_status convert(hn_onnx_export *e) {
    const hn_node *node = e->node;
    hn_arena *arena = &e->out->scratch;
    int since;
    for (uint32_t i = 0; i < node->attrs.n; i++) HN_TRY_ALLOC(hn_vec_push(arena, &e->attrs, node->attrs.at[i]));
    for (int i = 0; i < node->n_in; i++) {
        const hn_onnx_operand in = {.value = node->in[i]};
        HN_TRY_ALLOC(hn_vec_push(arena, &e->in, in));
    }
    if (is_own(node)) return check_own(e);
    const hn_onnx_export_row *row = hn_onnx_find_export(e->type, e->out->opset);
    if (!row && (node->op->facts & HN_INTERNAL_OP))
        HN_FAIL(e->out->diag, HONE_INTERNAL, "node '%s' (%s) has no form in ONNX", node->name, node->op->name);
    if (row) HN_TRY(row->convert(e));
    if (hn_onnx_find_row(e->type, e->out->opset, &since)) return HONE_OK;
    const char *other = in_other_domain(e->type);
    if (other) {
        e->type = other;
        return HONE_OK;
    }
    const char *why = hn_arena_format(arena, "the operator came with opset %d", since);
    HN_TRY_ALLOC(why);
    return hn_onnx_cannot_export(e, why);
}

hone_status hn_onnx_write_node(hn_onnx_out *out, const hn_node *node, hn_pb_out *nodes, hn_pb_out *initializers) {
    hn_onnx_export e = {.out = out, .node = node, .type = node->op->name};
    hn_pb_out proto;
    hn_pb_out_init(&proto, &out->scratch);
    HN_TRY(convert(&e));
    HN_TRY(put_inputs(&e, &proto, initializers));
    put_outputs(node, &proto);
    hn_pb_put_text(&proto, 3, node->name);
    HN_TRY(put_type(&e, &proto));
    for (size_t i = 0; i < e.attrs.n; i++) HN_TRY(put_attribute(&e, &e.attrs.at[i], &proto));
    hn_onnx_write_as_read(out, node->proto, KEPT_OF_NODE, &proto);
    hn_pb_put_message(nodes, 1, &proto);
    return HONE_OK;
}
