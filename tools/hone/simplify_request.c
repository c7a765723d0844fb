/* Command line to hone_simplify_options. */
#include "simplify_request.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "console.h"
#include "inputs.h"

/* ---- shapes ---- */

typedef struct shapes {
    hone_named_shape *at;
    int n;
    const char *option;
} shapes;

static bool is_extents(const char *text) {
    for (; *text; text++)
        if (!isdigit((unsigned char)*text) && *text != ',' && *text != 'x') return false;
    return true;
}

/* Extents joined by commas or by x. */
static void add_shape(void *user, const char *text) {
    shapes *list = user;
    char *name = NULL;
    const char *at = text;
    hone_named_shape shape = {.rank = 0};
    if (!is_extents(text) && (!split_name(text, &name, &at) || !is_extents(at)))
        fail_hint("write NAME:1,3,224,224, or 1,3,224,224 where the model has one input", "--%s: '%s' is not a shape",
                  list->option, text);
    shape.name = name;
    for (char *end; *at; at = *end ? end + 1 : end) {
        errno = 0;
        const long long extent = strtoll(at, &end, 10);
        if (end == at || errno || (*end && !end[1])) fail("--%s: '%s' is not a shape", list->option, text);
        if (shape.rank == HONE_MAX_RANK) fail("--%s: '%s' has too many dimensions", list->option, text);
        shape.dim[shape.rank++] = extent;
    }
    list->at = grow(list->at, (size_t)list->n + 1, sizeof *list->at);
    list->at[list->n++] = shape;
}

static shapes read_shapes(const args *a, const char *option, const char *former) {
    shapes list = {.option = option};
    arg_each(a, option, add_shape, &list);
    if (former) arg_each(a, former, add_shape, &list);
    return list;
}

/* ---- passes ---- */

/* onnxsim's names of what Hone's passes do. */
static const char *own_pass(const char *name) {
    static const char *const same[][2] = {
        {"fuse_bn_into_conv", "bn_fold"},
        {"fuse_add_bias_into_conv", "affine_fold"},
        {"fuse_pad_into_conv", "pad_fold"},
        {"fuse_pad_into_pool", "pad_fold"},
        {"fuse_consecutive_transposes", "transpose_chains"},
        {"eliminate_nop_transpose", "transpose_chains"},
        {"fuse_consecutive_squeezes", "reshape_chains"},
        {"fuse_consecutive_unsqueezes", "reshape_chains"},
        {"eliminate_common_subexpression", "cse"},
        {"eliminate_duplicate_initializer", "cse"},
        {"eliminate_deadend", "dead_code"},
        {"eliminate_unused_initializer", "dead_code"},
        {"eliminate_identity", "identity_removal"},
        {"eliminate_nop_cast", "identity_removal"},
        {"eliminate_nop_dropout", "identity_removal"},
        {"eliminate_nop_pad", "identity_removal"},
        {"eliminate_nop_reshape", "identity_removal"},
        {"eliminate_if_with_const_cond", "fold_control"},
        {"eliminate_shape_op", "fold_shapes"},
        {"eliminate_shape_gather", "fold_shapes"},
    };
    for (size_t i = 0; i < sizeof same / sizeof *same; i++)
        if (strcmp(same[i][0], name) == 0) return same[i][1];
    return name;
}

static void add_skip(void *user, const char *name) {
    hn_str *list = user;
    hn_str_add(list, "%s%s", list->n ? "," : "", *name ? own_pass(name) : "all");
}

static const char *read_skip(const args *a) {
    hn_str list;
    hn_str_init(&list, tool_arena());
    arg_each(a, "skip-optimization", add_skip, &list);
    arg_each(a, "skip-optimizer", add_skip, &list);
    if (arg_given(a, "skip-fuse-bn")) add_skip(&list, "bn_fold");
    if (arg_given(a, "skip-constant-folding")) hn_str_add(&list, "%sfold_constants,fold_shapes", list.n ? "," : "");
    const char *text = text_done(&list);
    return !*text ? NULL : strstr(text, "all") ? "all" : text;
}

static void add_word(void *user, const char *word) {
    hn_str *list = user;
    hn_str_add(list, "%s%s", list->n ? "," : "", word);
}

static const char *read_recover(const args *a) {
    hn_str list;
    hn_str_init(&list, tool_arena());
    arg_each(a, "recover", add_word, &list);
    return list.n ? text_done(&list) : NULL;
}

/* ---- the check ---- */

static int read_samples(const args *a) {
    const char *third = a->n_operand > 2 ? a->operand[2] : NULL;
    char *end;
    if (third) {
        const long n = strtol(third, &end, 10);
        if (*end || end == third || n < 0 || n > INT32_MAX)
            fail("'%s' is no number of random inputs of the check", third);
        return n ? (int)n : -1;
    }
    const int64_t n = arg_int(a, "samples", 1);
    if (n < 1 || n > INT32_MAX) fail("--samples: at least 1");
    return arg_given(a, "no-check") ? -1 : (int)n;
}

static bool gives_inputs(const args *a) {
    return arg_given(a, "input") || arg_given(a, "inputs") || arg_given(a, "val-range") ||
           arg_given(a, "input-data-path");
}

/* Shapes as the reader of input files wants them. */
static const char *shapes_text(const shapes *list, const source *s) {
    hn_str text;
    hn_str_init(&text, tool_arena());
    for (int i = 0; i < list->n; i++) {
        const char *name = list->at[i].name ? list->at[i].name : s->n_input ? s->input[0].name : "";
        hn_str_add(&text, "%s'%s':", i ? "," : "", name);
        if (list->at[i].rank) hn_str_add(&text, "%s", shape_text(list->at[i].rank, list->at[i].dim));
    }
    return list->n ? text_done(&text) : NULL;
}

/* Inputs from files, the others drawn in the ranges given: they live until the program ends. */
static void read_inputs(const args *a, const char *in, const shapes *test, hone_simplify_options *o) {
    source s;
    inputs given;
    source_open(&s, a, in);
    inputs_open(&given, &s, a, shapes_text(test, &s), true);
    const tensors values = inputs_sample(&given, 0);
    hone_named_value *list = take((size_t)values.n, sizeof *list);
    for (int i = 0; i < values.n; i++) {
        list[i].name = text_copy(values.at[i].name, strlen(values.at[i].name));
        list[i].value = values.at[i].value;
    }
    o->input = list;
    o->n_input = values.n;
    tensors_free(&given.files);
    source_close(&s);
}

/* ---- the whole ---- */

static int64_t read_opset(const args *a) {
    const char *text = arg_text(a, "target-opset", NULL);
    char *end;
    if (!text) return 0;
    if (strcmp(text, "latest") == 0) return -1;
    const long opset = strtol(text, &end, 10);
    if (*end || end == text || opset < 1) fail("--target-opset: '%s' is neither a number nor `latest`", text);
    return opset;
}

typedef struct names {
    const char **at;
    int n;
} names;

static void add_name(void *user, const char *name) {
    names *list = user;
    list->at = grow(list->at, (size_t)list->n + 1, sizeof *list->at);
    list->at[list->n++] = name;
}

static uint64_t fold_limit(const args *a) {
    if (!arg_given(a, "no-large-tensor")) return 0;
    const uint64_t limit = *arg_text(a, "no-large-tensor", "") ? arg_size(a, "no-large-tensor") : 1024;
    return limit ? limit : 1;
}

hone_simplify_options simplify_request(const args *a, const char **in, const char **out) {
    hone_simplify_options o = {.size = sizeof o};
    names unused = {0};
    const shapes fixed = read_shapes(a, "overwrite-input-shape", "input-shape");
    const shapes test = read_shapes(a, "test-input-shape", NULL);
    arg_each(a, "unused-output", add_name, &unused);
    *in = arg_operand(a, 0, "a model");
    *out = arg_text(a, "output", NULL);
    if (!*out) *out = arg_operand(a, 1, "a place for the result");
    arg_no_more_operands(a, arg_given(a, "output") ? 1 : 3);
    o.shape = fixed.at, o.n_shape = fixed.n;
    o.test_shape = test.at, o.n_test_shape = test.n;
    o.unused_output = unused.at, o.n_unused_output = unused.n;
    o.skip = read_skip(a);
    o.recover = read_recover(a);
    o.fold_limit = fold_limit(a);
    o.opset = read_opset(a);
    o.plugins = tool_plugins(a);
    o.external_above = arg_given(a, "save-as-external-data") ? 1 : arg_size(a, "external-data-threshold");
    o.samples = read_samples(a);
    o.rtol = arg_number(a, "check-rtol", 0), o.atol = arg_number(a, "check-atol", 0);
    o.seed = (uint64_t)arg_int(a, "seed", 0);
    if (o.samples > 0 && gives_inputs(a)) read_inputs(a, *in, &test, &o);
    return o;
}
