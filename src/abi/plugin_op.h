/* Operators that plugins bring: the same hn_op as our own, behind a set that models and engines are given. */
#ifndef HN_ABI_PLUGIN_OP_H
#define HN_ABI_PLUGIN_OP_H

#include "abi/operator.h"
#include "hone/plugin.h"

/* An operator of a plugin: `op.plugin` points here. */
typedef struct hn_plugin_op {
    hn_op op;
    const hone_plugin *plugin;
    const hone_plugin_op *own;
    size_t number; /* in the set */
} hn_plugin_op;

/* The operator of that name ("domain.Name") in the set (NULL: an empty one), or NULL. */
const hn_op *hn_plugins_find(const hone_plugins *plugins, const char *name);

/* All operators of a set, by number. */
size_t hn_plugins_count(const hone_plugins *plugins);
const hn_plugin_op *hn_plugins_at(const hone_plugins *plugins, size_t number);

/* Fails unless the file is a whole shared library for this kind of machine. (plugin_file.c) */
HONE_MUST_USE hone_status hn_plugin_check_file(const char *path, hn_diag *diag);

/* Adapters (plugin_call.c). The reference uses the fast form when the call has a pool. */
hn_infer_fn hn_plugin_infer;
hn_ref_fn hn_plugin_run;

#endif
