/* Local functions: read once, inlined at every call with the caller's inputs and attributes. */
#include <string.h>
#include "frontend/onnx/onnx_convert.h"

struct hn_onnx_function {
    hn_onnx_function_proto proto;
    const char *name, *path;
    hn_onnx_opsets opsets;
    hn_onnx_attribute *defaults;
    size_t n_defaults;
    bool faulty; /* its faults have been reported at an earlier call */
};

/* ---- reading ---- */

/* Domain, name and overload, each with its NUL. */
static const char *identity(hn_onnx_import *import, const char *domain, const char *name, const char *overload,
                            size_t *n) {
    hn_str key;
    hn_str_init(&key, &import->scratch);
    hn_str_append(&key, domain, strlen(domain) + 1);
    hn_str_append(&key, name, strlen(name) + 1);
    hn_str_append(&key, overload, strlen(overload) + 1);
    *n = key.n;
    return hn_str_text(&key);
}

static hone_status read_defaults(hn_onnx_import *import, hn_onnx_function *function) {
    const hn_pb_list *list = &function->proto.attribute_proto;
    function->defaults = HN_NEW_ARRAY(&import->scratch, hn_onnx_attribute, list->n);
    HN_TRY_ALLOC(function->defaults);
    for (size_t i = 0; i < list->n; i++) {
        hn_onnx_attribute *attribute = &function->defaults[i];
        HN_TRY(hn_onnx_read_attribute(&import->source.pb, list->at[i], &attribute->proto));
        HN_TRY(hn_onnx_text(import, attribute->proto.name, &attribute->name));
        attribute->node = SIZE_MAX;
        attribute->index = i;
    }
    function->n_defaults = list->n;
    return HONE_OK;
}

static hone_status read_function(hn_onnx_import *import, hn_bytes bytes, hn_onnx_function *function) {
    const char *domain, *overload;
    size_t n;
    HN_TRY(hn_onnx_read_function(&import->source.pb, bytes, &function->proto));
    HN_TRY(hn_onnx_text(import, function->proto.name, &function->name));
    HN_TRY(hn_onnx_text(import, function->proto.domain, &domain));
    HN_TRY(hn_onnx_text(import, function->proto.overload, &overload));
    if (strcmp(domain, "ai.onnx") == 0) domain = "";
    const char *key = identity(import, domain, function->name, overload, &n);
    HN_TRY_ALLOC(key);
    if (hn_map_get(&import->functions, key, n))
        HN_FAIL(import->diag, HONE_INVALID_MODEL, "the function '%s' of domain '%s' is defined twice", function->name,
                domain);
    HN_TRY_ALLOC(hn_map_put(&import->functions, key, n, function));
    HN_TRY(hn_onnx_read_opsets(import, &function->proto.opset_import, &function->opsets));
    return read_defaults(import, function);
}

hone_status hn_onnx_read_functions(hn_onnx_import *import, const hn_pb_list *list) {
    for (size_t i = 0; i < list->n; i++) {
        const size_t first = hn_onnx_mark(import);
        hn_onnx_function *function = HN_NEW(&import->scratch, hn_onnx_function);
        HN_TRY_ALLOC(function);
        function->name = "";
        function->path = hn_onnx_format(import, "functions[%zu]", i);
        HN_TRY_ALLOC(function->path);
        const hone_status status = read_function(import, list->at[i], function);
        if (status == HONE_OK) continue;
        function->faulty = true;
        const char *where = hn_onnx_format(import, "%s (byte %llu)", function->path,
                                           (unsigned long long)hn_pb_offset(&import->source.pb, list->at[i].data));
        hn_diag_place(import->diag, first, function->name, "function", where);
        hn_diag_hint(import->diag, first, "correct the function in the model (%s), or export again", function->path);
        HN_TRY(hn_onnx_note(import, status));
    }
    return HONE_OK;
}

hn_onnx_function *hn_onnx_find_function(const hn_onnx_node *node) {
    size_t n;
    const char *key = identity(node->scope->import, node->domain, node->type, node->overload, &n);
    return key ? hn_map_get(&node->scope->import->functions, key, n) : NULL;
}

/* ---- calls ---- */

static const char by_call[] = "the function's inputs";

static hone_status refuse_recursion(const hn_onnx_node *node, const hn_onnx_function *function) {
    hn_onnx_import *import = node->scope->import;
    const size_t first = hn_onnx_mark(import);
    for (const hn_onnx_scope *scope = node->scope; scope; scope = scope->caller) {
        if (scope->function != function) continue;
        hn_diag_add(import->diag, HONE_ERROR, HONE_INVALID_MODEL, "the function '%s' calls itself%s", function->name,
                    scope == node->scope ? "" : " through other functions");
        hn_diag_hint(import->diag, first, "functions are inlined, so recursion has no end: use Loop instead");
        return HONE_INVALID_MODEL;
    }
    if (node->scope->depth < HN_MAX_NESTING) return HONE_OK;
    HN_FAIL(import->diag, HONE_UNSUPPORTED, "graphs and functions are nested more than %d levels deep", HN_MAX_NESTING);
}

static hone_status check_call(const hn_onnx_node *node, const hn_onnx_function *function, size_t n_inputs) {
    const hn_onnx_function_proto *proto = &function->proto;
    HN_TRY(refuse_recursion(node, function));
    if (n_inputs > proto->input.n || (size_t)node->n_out > proto->output.n)
        HN_FAIL(node->scope->import->diag, HONE_INVALID_MODEL,
                "the function '%s' has %zu inputs and %zu outputs, but is called with %zu and %d", function->name,
                proto->input.n, proto->output.n, n_inputs, node->n_out);
    return HONE_OK;
}

/* What the caller gives, then the defaults of what it leaves out. */
static hone_status bind_attributes(hn_onnx_node *node, const hn_onnx_function *function, hn_onnx_scope *inner) {
    const size_t most = node->n_given + function->n_defaults;
    hn_onnx_attribute *given = HN_NEW_ARRAY(&inner->import->scratch, hn_onnx_attribute, most);
    HN_TRY_ALLOC(given);
    if (node->n_given) memcpy(given, node->given, node->n_given * sizeof *given);
    size_t n = node->n_given;
    for (size_t i = 0; i < function->n_defaults; i++) {
        bool there = false;
        for (size_t k = 0; k < node->n_given && !there; k++)
            there = strcmp(given[k].name, function->defaults[i].name) == 0;
        if (there) continue;
        given[n] = function->defaults[i];
        given[n++].scope = inner;
    }
    inner->given = given;
    inner->n_given = n;
    return HONE_OK;
}

static hone_status bind_inputs(hn_onnx_scope *inner, const hn_onnx_function *function, const hn_onnx_name *inputs,
                               size_t n) {
    for (size_t i = 0; i < function->proto.input.n; i++) {
        const hn_bytes name = function->proto.input.at[i];
        if (!name.n) continue;
        const bool there = i < n && inputs[i].state == HN_ONNX_VALUE;
        HN_TRY(hn_onnx_define(inner, name, there ? HN_ONNX_VALUE : HN_ONNX_ABSENT, there ? inputs[i].value : NULL,
                              by_call));
    }
    return HONE_OK;
}

/* A result takes the caller's name for it, so each needs a node of its own that was made inside. */
static hone_status own_result(hn_onnx_node *node, hn_onnx_name *inside, hn_value **out) {
    if (inside->value->producer && inside->maker != by_call && !inside->listed) {
        inside->listed = true;
        *out = inside->value;
        return HONE_OK;
    }
    return hn_onnx_emit(node, "result", HN_OP_identity, NULL, 0, 1, &inside->value, out);
}

static hone_status take_results(hn_onnx_node *node, const hn_onnx_scope *inner, const hn_onnx_function *function) {
    for (int i = 0; i < node->n_out; i++) {
        const hn_bytes name = function->proto.output.at[i];
        if (!node->proto.output.at[i].n) continue;
        hn_onnx_name *inside = hn_map_get(&inner->names, name.data, name.n);
        if (!inside && !inner->lost) {
            hn_onnx_import *import = inner->import;
            HN_FAIL(import->diag, HONE_INVALID_MODEL, "no node of the function '%s' makes its output '%s'",
                    function->name, hn_onnx_shown(import, name));
        }
        if (inside && inside->value) HN_TRY(own_result(node, inside, &node->result[i]));
    }
    return HONE_OK;
}

hone_status hn_onnx_inline(hn_onnx_node *node, hn_onnx_function *function, const hn_onnx_name *inputs,
                           size_t n_inputs) {
    hn_onnx_import *import = node->scope->import;
    hn_onnx_scope inner;
    if (function->faulty) return HONE_OK;
    HN_TRY(check_call(node, function, n_inputs));
    hn_onnx_scope_init(&inner, import, node->scope->graph);
    inner.caller = node->scope;
    inner.opsets = &function->opsets;
    inner.path = function->path;
    inner.prefix = hn_onnx_format(import, "%s/", node->name);
    inner.function = function;
    inner.depth = node->scope->depth + 1;
    HN_TRY_ALLOC(inner.prefix);
    HN_TRY(bind_attributes(node, function, &inner));
    HN_TRY(bind_inputs(&inner, function, inputs, n_inputs));
    const size_t faults = import->diag ? import->diag->errors : 0;
    HN_TRY(hn_onnx_import_nodes(&inner, &function->proto.node));
    function->faulty = import->diag && import->diag->errors != faults;
    return take_results(node, &inner, function);
}
