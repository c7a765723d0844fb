/* NodeProto to IR: find the operator, resolve inputs, convert, name the outputs. */
#include <string.h>
#include "frontend/onnx/onnx_convert.h"

/* Operators without a definition: counted, and reported once each when the graph has been read. */
typedef struct unknown_op {
    const char *type, *domain, *node, *location;
    size_t count;
} unknown_op;

/* ---- reading ---- */

static bool is_vendor(const char *domain) { return *domain && strncmp(domain, "ai.onnx.", 8) != 0; }

static hone_status read_identity(hn_onnx_node *node) {
    hn_onnx_import *import = node->scope->import;
    HN_TRY(hn_onnx_text(import, node->proto.op_type, &node->type));
    HN_TRY(hn_onnx_text(import, node->proto.domain, &node->domain));
    HN_TRY(hn_onnx_text(import, node->proto.overload, &node->overload));
    if (strcmp(node->domain, "ai.onnx") == 0) node->domain = "";
    node->key = *node->domain ? hn_onnx_format(import, "%s.%s", node->domain, node->type) : node->type;
    HN_TRY_ALLOC(node->key);
    const char *text;
    HN_TRY(hn_onnx_text(import, node->proto.name, &text));
    node->shown =
        *text ? hn_onnx_format(import, "%s%s", node->scope->prefix, text)
              : hn_onnx_format(import, "%s%s_%zu", node->scope->prefix, *node->type ? node->type : "node", node->index);
    HN_TRY_ALLOC(node->shown);
    HN_TRY_ALLOC(node->name = hn_onnx_node_name(node->scope, node->shown + strlen(node->scope->prefix)));
    if (!*node->type) HN_FAIL(import->diag, HONE_INVALID_MODEL, "the node names no operator (op_type is empty)");
    node->opset = hn_onnx_opset_of(node->scope->opsets, node->domain);
    if (!node->opset && is_vendor(node->domain)) node->opset = 1; /* exporters forget to declare these */
    return HONE_OK;
}

/* *faulty: an input lies behind a fault, so nothing more can be said about this node. */
static hone_status resolve_inputs(hn_onnx_node *node, hn_onnx_name *inputs, bool *faulty) {
    hone_status worst = HONE_OK;
    for (size_t i = 0; i < node->proto.input.n; i++) {
        const hn_bytes name = node->proto.input.at[i];
        inputs[i] = (hn_onnx_name){.state = HN_ONNX_ABSENT, .maker = ""};
        if (!name.n) continue;
        hn_onnx_name *known = hn_onnx_lookup(node->scope, name);
        if (known) known->read = true, inputs[i] = *known;
        else inputs[i].state = HN_ONNX_FAULTY;
        if (!known && !node->scope->lost) {
            worst = hn_onnx_explain_missing(node->scope, node->index, name);
            if (worst == HONE_OUT_OF_MEMORY) return worst;
        }
        if (inputs[i].state == HN_ONNX_FAULTY) *faulty = true;
    }
    return worst;
}

static hone_status take_inputs(hn_onnx_node *node, const hn_onnx_name *inputs) {
    for (size_t i = 0; i < node->proto.input.n; i++)
        HN_TRY_ALLOC(hn_vec_push(&node->scope->import->scratch, &node->in, inputs[i].value));
    return HONE_OK;
}

/* Outputs that are named, trailing empty names left out; control flow counts its outputs by position. */
static hone_status prepare_results(hn_onnx_node *node) {
    size_t n = node->proto.output.n;
    const bool control = node->op && node->op->facts & HN_CONTROL;
    const size_t least = node->op ? (size_t)node->op->min_out : 0;
    while (!control && n > least && !node->proto.output.at[n - 1].n) n--;
    if (n > INT16_MAX) HN_FAIL(node->scope->import->diag, HONE_UNSUPPORTED, "the node has %zu outputs", n);
    node->n_out = (int)n;
    node->result = HN_NEW_ARRAY(&node->scope->import->scratch, hn_value *, n);
    HN_TRY_ALLOC(node->result);
    return HONE_OK;
}

/* ---- unknown operators ---- */

static const char *shown_domain(const char *domain) { return *domain ? domain : "ai.onnx"; }

static hone_status count_unknown(hn_onnx_node *node) {
    hn_onnx_import *import = node->scope->import;
    const char *key = hn_onnx_format(import, "%s|%s", node->domain, node->type);
    HN_TRY_ALLOC(key);
    unknown_op *known = hn_map_get_text(&import->unknown, key);
    if (!known) {
        known = HN_NEW(&import->scratch, unknown_op);
        HN_TRY_ALLOC(known);
        *known = (unknown_op){node->type, node->domain, node->shown,
                              hn_onnx_place(node->scope, "node", node->index, node->proto.head.bytes), 0};
        HN_TRY_ALLOC(hn_map_put_text(&import->unknown, key, known));
    }
    known->count++;
    if (import->status == HONE_OK) import->status = HONE_UNSUPPORTED;
    return HONE_OK;
}

/* The operator of `domain` whose name is closest to `type`, or NULL. */
static const char *closest(const char *type, const char *domain) {
    const char *close = NULL;
    int distance = 0;
    const hn_onnx_row *row;
    const size_t n = strlen(domain);
    for (size_t i = 0; (row = hn_onnx_row_at(i)); i++) {
        const char *dot = strrchr(row->name, '.');
        const size_t own = dot ? (size_t)(dot - row->name) : 0;
        if (own == n && memcmp(row->name, domain, n) == 0)
            hn_onnx_suggest(type, dot ? dot + 1 : row->name, &close, &distance);
    }
    return close;
}

/* The same among the operators of plugins that are open. */
static const char *closest_of_plugins(const hone_plugins *plugins, const char *type, const char *domain) {
    const char *close = NULL;
    int distance = 0;
    for (size_t i = 0; i < hn_plugins_count(plugins); i++) {
        const hone_plugin_op *own = hn_plugins_at(plugins, i)->own;
        if (strcmp(own->domain, domain) == 0) hn_onnx_suggest(type, own->name, &close, &distance);
    }
    return close;
}

static void hint_unknown(hn_onnx_import *import, size_t first, const unknown_op *op) {
    const char *sibling = closest(op->type, op->domain), *close = closest(op->type, "");
    const char *own = closest_of_plugins(import->model->plugins, op->type, op->domain);
    if (strcmp(op->domain, "com.microsoft.nchwc") == 0)
        hn_diag_hint(
            import->diag, first,
            "ONNX Runtime made it for one kind of processor, with weights in blocks: save the optimized model "
            "with ORT_ENABLE_EXTENDED instead of ORT_ENABLE_ALL, or give Hone the model from before that step");
    else if (own || sibling) hn_diag_hint(import->diag, first, "did you mean '%s'?", own ? own : sibling);
    else if (strcmp(op->domain, "com.microsoft") == 0 || strncmp(op->domain, "com.ms.", 7) == 0)
        hn_diag_hint(
            import->diag, first,
            "ONNX Runtime's optimizer makes such nodes: give Hone the model from before that step, or a plugin "
            "that has this one (--plugin FILE, see hone/plugin.h)");
    else if (close && strcmp(close, op->type) == 0)
        hn_diag_hint(
            import->diag, first,
            "ONNX's own '%s' has an empty domain: is that the one that was meant? Otherwise give a plugin that "
            "has this one: --plugin FILE",
            close);
    else
        hn_diag_hint(
            import->diag, first,
            "give a plugin that has it (--plugin FILE, see hone/plugin.h), express it by standard operators when "
            "exporting, or define it as a local function of the model");
}

hone_status hn_onnx_report_unknown(hn_onnx_import *import) {
    for (size_t i = 0; i < import->unknown.n; i++) {
        const unknown_op *op = import->unknown.entry[i].value;
        const size_t first = hn_onnx_mark(import);
        const char *others =
            op->count > 1 ? hn_onnx_format(import, " (%zu nodes use it, this is the first)", op->count) : "";
        hn_diag_add(import->diag, HONE_ERROR, HONE_UNSUPPORTED, "Hone has no operator '%s' of domain '%s'%s", op->type,
                    shown_domain(op->domain), others ? others : "");
        hn_diag_place(import->diag, first, op->node, op->type, op->location);
        hint_unknown(import, first, op);
    }
    return import->status;
}

/* ---- operators ---- */

static hone_status no_opset(const hn_onnx_node *node) {
    hn_onnx_import *import = node->scope->import;
    const size_t first = hn_onnx_mark(import);
    hn_diag_add(import->diag, HONE_ERROR, HONE_INVALID_MODEL, "the %s does not say which opset of %s it uses",
                node->scope->function ? "function" : "model", shown_domain(node->domain));
    const char *versions =
        *node->domain ? ""
                      : hn_onnx_format(import, " (versions %d to %d are supported)", HN_ONNX_OLDEST, HN_ONNX_NEWEST);
    hn_diag_hint(import->diag, first, "add an opset_import for the domain '%s'%s", node->domain,
                 versions ? versions : "");
    return HONE_INVALID_MODEL;
}

static hone_status too_new(const hn_onnx_node *node, int since) {
    hn_onnx_import *import = node->scope->import;
    const size_t first = hn_onnx_mark(import);
    hn_diag_add(import->diag, HONE_ERROR, HONE_INVALID_MODEL,
                "operator %s came with opset %d of %s; the model has opset %lld", node->type, since,
                shown_domain(node->domain), (long long)node->opset);
    hn_diag_hint(import->diag, first, "export with opset %d or newer", since);
    return HONE_INVALID_MODEL;
}

static const hn_op *find_operator(const hn_onnx_node *node) {
    int since;
    const hn_onnx_row *row = hn_onnx_find_row(node->key, node->opset, &since);
    return row ? hn_op_find(row->op) : hn_plugins_find(node->scope->import->model->plugins, node->key);
}

static hone_status import_operator(hn_onnx_node *node, const hn_onnx_name *inputs) {
    int since;
    const hn_onnx_row *row = hn_onnx_find_row(node->key, node->opset, &since);
    if (!node->opset && (since || !*node->domain)) return no_opset(node);
    if (!row && since) return too_new(node, since);
    const bool for_file = node->scope->import->model->for_file;
    node->op = find_operator(node);
    if (!node->op && !for_file) return count_unknown(node);
    HN_TRY(prepare_results(node));
    if (node->op) HN_TRY(hn_onnx_import_attributes(node));
    HN_TRY(take_inputs(node, inputs));
    if (!node->op) return hn_onnx_keep_unknown(node);
    return for_file && !node->scope->import->model->expanded ? hn_onnx_build_or_keep(node) : hn_onnx_build_node(node);
}

static hone_status import_constant_node(hn_onnx_node *node) {
    if (!node->opset) return no_opset(node);
    HN_TRY(prepare_results(node));
    HN_TRY(hn_onnx_resolve_attributes(node));
    if (!node->n_out) HN_FAIL(node->scope->import->diag, HONE_INVALID_MODEL, "Constant has no output");
    return hn_onnx_import_constant(node, &node->result[0]);
}

static bool is_constant(const hn_onnx_node *node) { return !*node->domain && strcmp(node->type, "Constant") == 0; }

static hone_status import_any(hn_onnx_node *node) {
    HN_TRY(read_identity(node));
    if (is_constant(node)) return import_constant_node(node);
    bool faulty = false;
    hn_onnx_name *inputs = HN_NEW_ARRAY(&node->scope->import->scratch, hn_onnx_name, node->proto.input.n);
    HN_TRY_ALLOC(inputs);
    HN_TRY(resolve_inputs(node, inputs, &faulty));
    HN_TRY(hn_onnx_resolve_attributes(node));
    hn_onnx_function *function = find_operator(node) ? NULL : hn_onnx_find_function(node);
    if (faulty && (function || find_operator(node) || node->scope->import->model->for_file))
        return HONE_OK; /* its results become FAULTY without another message */
    if (!function) return import_operator(node, inputs);
    HN_TRY(prepare_results(node));
    return hn_onnx_inline(node, function, inputs, node->proto.input.n);
}

/* ---- outputs ---- */

/* A constant made by a node has its name already. */
static hone_status name_output(hn_onnx_node *node, size_t i, const char *maker) {
    const hn_bytes name = node->proto.output.at[i];
    hn_value *value = node->result && i < (size_t)node->n_out ? node->result[i] : NULL;
    const bool taken = hn_map_get(&node->scope->names, name.data, name.n) != NULL;
    if (value && value->producer && !taken) {
        const char *ir_name = hn_onnx_value_name(node->scope, name);
        HN_TRY_ALLOC(ir_name);
        HN_TRY_ALLOC(hn_ir_rename(value, ir_name));
        value->origin = NULL; /* a function's result: its name outside counts */
    }
    return hn_onnx_define(node->scope, name, value ? HN_ONNX_VALUE : HN_ONNX_FAULTY, value, maker);
}

/* A producer keeps no value for an output that has no name. */
static void drop_output(hn_onnx_node *node, size_t i) {
    hn_value *value = node->result && i < (size_t)node->n_out ? node->result[i] : NULL;
    if (value && value->producer && !hn_ir_has_uses(value)) value->producer->out[value->index] = NULL;
}

static hone_status name_outputs(hn_onnx_node *node) {
    const char *maker = hn_onnx_format(node->scope->import, "node '%s'", node->shown ? node->shown : "?");
    HN_TRY_ALLOC(maker);
    hone_status worst = HONE_OK;
    for (size_t i = 0; i < node->proto.output.n; i++) {
        if (!node->proto.output.at[i].n) {
            drop_output(node, i);
            continue;
        }
        const hone_status status = name_output(node, i, maker);
        if (status == HONE_OUT_OF_MEMORY) return status;
        if (status != HONE_OK) worst = status;
    }
    return worst;
}

hone_status hn_onnx_import_node(hn_onnx_scope *scope, hn_bytes bytes, size_t index) {
    hn_onnx_import *import = scope->import;
    const size_t first = hn_onnx_mark(import);
    hn_onnx_node node = {.scope = scope, .index = index, .type = ""};
    hone_status status = hn_onnx_read_node(&import->source.pb, bytes, &node.proto);
    if (status != HONE_OK) scope->lost = true;
    if (status == HONE_OK) {
        status = import_any(&node);
        if (status == HONE_OUT_OF_MEMORY) return status;
        if (status != HONE_OK && node.result) memset(node.result, 0, (size_t)node.n_out * sizeof *node.result);
        const hone_status named = name_outputs(&node);
        if (status == HONE_OK || named == HONE_OUT_OF_MEMORY) status = named;
    }
    if (status == HONE_OK) return HONE_OK;
    hn_diag_place(import->diag, first, node.shown, node.type, hn_onnx_place(scope, "node", index, bytes));
    hn_diag_hint(import->diag, first, "check how this node was exported, and correct it there");
    return hn_onnx_note(import, status);
}
