/* Opening plugins and checking what they say of themselves. */
#include "abi/plugin_op.h"

#include <dlfcn.h>
#include <string.h>
#include "base/growable.h"

struct hone_plugins {
    hn_arena arena;
    const hone_allocator *allocator;
    hn_vec(void *) library;
    hn_vec(hn_plugin_op *) op;
};

enum { MOST_PORTS = 127, MOST_OPS = 4096, MOST_NAME = 127 };

hone_status hone_plugins_create(const hone_allocator *allocator, hone_plugins **out) {
    if (!out) return HONE_INVALID_ARGUMENT;
    *out = hn_alloc(allocator, sizeof **out, 16);
    HN_TRY_ALLOC(*out);
    memset(*out, 0, sizeof **out);
    (*out)->allocator = allocator;
    hn_arena_init(&(*out)->arena, allocator);
    return HONE_OK;
}

void hone_plugins_destroy(hone_plugins **plugins) {
    if (!plugins || !*plugins) return;
    hone_plugins *p = *plugins;
    for (size_t i = 0; i < p->library.n; i++) dlclose(p->library.at[i]);
    hn_arena_free(&p->arena);
    hn_release(p->allocator, p, sizeof *p);
    *plugins = NULL;
}

const hn_op *hn_plugins_find(const hone_plugins *plugins, const char *name) {
    for (size_t i = 0; plugins && i < plugins->op.n; i++)
        if (strcmp(plugins->op.at[i]->op.name, name) == 0) return &plugins->op.at[i]->op;
    return NULL;
}

size_t hn_plugins_count(const hone_plugins *plugins) { return plugins ? plugins->op.n : 0; }

const hn_plugin_op *hn_plugins_at(const hone_plugins *plugins, size_t number) { return plugins->op.at[number]; }

static bool ports_fit(int least, int most) {
    return least >= 0 && least <= MOST_PORTS && (most == -1 || (most >= least && most <= MOST_PORTS));
}

/* A name goes into messages, tables and plans. */
static bool is_name(const char *name) {
    size_t n = 0;
    for (; name && name[n] && n <= MOST_NAME; n++)
        if (name[n] <= ' ' || name[n] > '~') return false;
    return n > 0 && n <= MOST_NAME;
}

/* What an operator lacks, or NULL. */
static const char *missing_of(const hone_plugin_op *op) {
    if (!is_name(op->domain) || !is_name(op->name)) return "its domain or its name is missing or not plain ASCII";
    if (!op->infer || !op->run) return "infer or run is NULL";
    if (!op->tasks != !op->run_task) return "tasks and run_task must be given together";
    if (!ports_fit(op->min_inputs, op->max_inputs))
        return "min_inputs and max_inputs contradict each other or 0 to 127";
    if (!ports_fit(op->min_outputs, op->max_outputs) || op->max_outputs == 0)
        return "min_outputs and max_outputs contradict each other or 1 to 127";
    return NULL;
}

static hone_status add_op(hone_plugins *plugins, const hone_plugin *plugin, int i, hn_diag *diag) {
    const hone_plugin_op *own = &plugin->op[i];
    const char *missing = missing_of(own);
    if (missing) HN_FAIL(diag, HONE_MALFORMED, "plugin '%s', operator %d: %s", plugin->name, i, missing);
    const char *name = hn_arena_format(&plugins->arena, "%s.%s", own->domain, own->name);
    hn_plugin_op *made = HN_NEW(&plugins->arena, hn_plugin_op);
    if (!name || !made) return HONE_OUT_OF_MEMORY;
    if (hn_op_find(name) || hn_plugins_find(plugins, name))
        HN_FAIL(diag, HONE_INVALID_ARGUMENT, "plugin '%s': there is an operator '%s' already", plugin->name, name);
    const uint32_t facts = (own->flags & HONE_PLUGIN_PURE ? (uint32_t)HN_FOLD : 0) |
                           (own->flags & HONE_PLUGIN_DATA_SHAPE ? (uint32_t)HN_DATA_SHAPE : 0);
    *made = (hn_plugin_op){.op = {.name = name,
                                  .id = HN_OP_plugin,
                                  .min_in = (int8_t)own->min_inputs,
                                  .max_in = (int8_t)own->max_inputs,
                                  .min_out = (int8_t)own->min_outputs,
                                  .max_out = (int8_t)own->max_outputs,
                                  .facts = facts,
                                  .host = UINT32_MAX,
                                  .infer = hn_plugin_infer,
                                  .ref = hn_plugin_run,
                                  .plugin = made},
                           .plugin = plugin,
                           .own = own,
                           .number = plugins->op.n};
    return hn_vec_push(&plugins->arena, &plugins->op, made) ? HONE_OK : HONE_OUT_OF_MEMORY;
}

static hone_status add_plugin(hone_plugins *plugins, void *library, const char *path, hn_diag *diag) {
    union {
        void *object;
        hone_plugin_get_fn *get;
    } symbol = {dlsym(library, "hone_plugin_get")};
    if (!symbol.object) HN_FAIL(diag, HONE_MALFORMED, "%s is no plugin: it has no hone_plugin_get", path);
    const hone_plugin *plugin = symbol.get(HONE_PLUGIN_ABI);
    if (!plugin || plugin->abi != HONE_PLUGIN_ABI)
        HN_FAIL(diag, HONE_VERSION_MISMATCH, "%s does not speak version %d of the plugin interface%s", path,
                HONE_PLUGIN_ABI, plugin ? ": build it with the hone/plugin.h of this Hone" : ", as it says itself");
    if (!is_name(plugin->name))
        HN_FAIL(diag, HONE_MALFORMED, "the name of plugin %s is missing, longer than %d or not plain ASCII", path,
                MOST_NAME);
    if (plugin->n_op < 1 || plugin->n_op > MOST_OPS || !plugin->op)
        HN_FAIL(diag, HONE_MALFORMED, "plugin %s has %d operators; allowed: 1 to %d", path, plugin->n_op, MOST_OPS);
    for (int i = 0; i < plugin->n_op; i++) HN_TRY(add_op(plugins, plugin, i, diag));
    return HONE_OK;
}

hone_status hone_plugins_open(hone_plugins *plugins, const char *path, hone_messages *messages) {
    if (!plugins || !path) return HONE_INVALID_ARGUMENT;
    const char *place = strchr(path, '/') ? path : hn_arena_format(&plugins->arena, "./%s", path);
    HN_TRY_ALLOC(place);
    HN_TRY(hn_plugin_check_file(place, messages));
    void *library = dlopen(place, RTLD_NOW | RTLD_LOCAL);
    if (!library) HN_FAIL(messages, HONE_IO_ERROR, "the plugin cannot be opened: %s", dlerror());
    if (!hn_vec_push(&plugins->arena, &plugins->library, library)) {
        dlclose(library);
        return HONE_OUT_OF_MEMORY;
    }
    const size_t before = plugins->op.n;
    const hone_status status = add_plugin(plugins, library, path, messages);
    if (status != HONE_OK) plugins->op.n = before;
    return status;
}
