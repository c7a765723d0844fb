/* Input files, shapes of what is not given, random values. */
#include "inputs.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "base/map.h"
#include "base/rng.h"
#include "console.h"
#include "elements.h"

/* ---- shapes ---- */

/* The value of a symbol that another input's shape tells, or -1. */
static int64_t symbol_value(const inputs *in, const char *symbol) {
    for (int i = 0; i < in->source->n_input; i++) {
        const hone_port *p = &in->source->input[i];
        const named_shape *given = find_shape(&in->shapes, p->name);
        const tensor *file = tensors_find(&in->files, p->name);
        for (int k = 0; k < p->rank; k++) {
            if (p->dim[k] >= 0 || strcmp(p->symbol[k], symbol) != 0) continue;
            if (file && hone_value_rank(file->value) == p->rank) return hone_value_dims(file->value)[k];
            if (given && given->rank == p->rank) return given->dim[k];
        }
    }
    return -1;
}

/* Shape of an input that no file gives: --shapes, what other inputs say of its symbols, the profile's opt shape; 0
 * where nothing is told. */
static int resolve_shape(const inputs *in, int index, int64_t *dim) {
    const hone_port *p = &in->source->input[index];
    const named_shape *given = find_shape(&in->shapes, p->name);
    if (given) {
        memcpy(dim, given->dim, sizeof given->dim);
        return given->rank;
    }
    int64_t opt[HONE_MAX_RANK];
    const bool has_opt = in->source->engine && hone_engine_profile_shape(in->source->engine, in->profile, index,
                                                                         HONE_PROFILE_OPT, opt) == HONE_OK;
    for (int k = 0; k < p->rank; k++) {
        const bool named = p->dim[k] < 0 && *p->symbol[k] && strcmp(p->symbol[k], "?") != 0;
        const int64_t told = named ? symbol_value(in, p->symbol[k]) : -1;
        dim[k] = p->dim[k] >= 0 ? p->dim[k] : told >= 0 ? told : has_opt && opt[k] > 0 ? opt[k] : 0;
    }
    return p->rank;
}

static int raw_shape(void *user, const hone_port *port, int64_t *dim) {
    const inputs *in = user;
    for (int i = 0; i < in->source->n_input; i++) {
        if (strcmp(in->source->input[i].name, port->name) != 0) continue;
        bool fixed = find_shape(&in->shapes, port->name) != NULL || port->rank >= 0;
        for (int k = 0; fixed && !find_shape(&in->shapes, port->name) && k < port->rank; k++) fixed = port->dim[k] >= 0;
        return fixed ? resolve_shape(in, i, dim) : -1;
    }
    return -1;
}

/* ---- files ---- */

static void load_given(inputs *in, const char *option, const char *text) {
    const expectation expected = {in->source->input, in->source->n_input, raw_shape, in};
    char *name;
    const char *path;
    if (file_exists(text) || !split_name(text, &name, &path)) {
        load_all(&in->files, text, &expected);
        return;
    }
    if (tensors_find(&in->files, name)) fail("--%s: input '%s' is given twice", option, name);
    load_one(&in->files, name, path, &expected);
}

/* Number of the input of that name, or -1. */
static int input_index(const source *s, const char *name) {
    for (int i = 0; i < s->n_input; i++)
        if (strcmp(s->input[i].name, name) == 0) return i;
    return -1;
}

static const char *input_names(const source *s) {
    hn_str text;
    hn_str_init(&text, tool_arena());
    for (int i = 0; i < s->n_input; i++) hn_str_add(&text, "%s'%s'", i ? ", " : "", s->input[i].name);
    return text_done(&text);
}

static void check_names(const inputs *in) {
    for (int i = 0; i < in->files.n; i++)
        if (input_index(in->source, in->files.at[i].name) < 0 &&
            strcmp(in->files.at[i].name, arg_text(in->args, "labels", "")) != 0)
            note("array '%s' is no input and is left out", in->files.at[i].name);
    for (int i = 0; i < in->shapes.n; i++)
        if (input_index(in->source, in->shapes.at[i].name) < 0)
            fail("--shapes: there is no input '%s'; the inputs are %s", in->shapes.at[i].name, input_names(in->source));
}

/* ---- ranges of random values ---- */

static bool parse_range(const char *text, value_range *out) {
    char *end;
    if (*text != '[') return false;
    out->given = true;
    out->low = strtod(text + 1, &end);
    if (end == text + 1 || *end != ',') return false;
    const char *high = end + 1;
    out->high = strtod(high, &end);
    return end != high && strcmp(end, "]") == 0 && isfinite(out->low) && isfinite(out->high) && out->low <= out->high;
}

/* Several ranges may stand in one option: a:[0,1],b:[2,3]. */
static void add_ranges(inputs *in, const char *text) {
    for (const char *at = text; *at;) {
        const char *close = strchr(at, ']'), *rest;
        const char *item = text_copy(at, close ? (size_t)(close + 1 - at) : strlen(at));
        char *name;
        value_range r;
        if (!split_name(item, &name, &rest) || !parse_range(rest, &r))
            fail("--val-range: '%s' is not of the form name:[low,high]", item);
        const int k = input_index(in->source, name);
        if (k < 0) fail("--val-range: there is no input '%s'; the inputs are %s", name, input_names(in->source));
        in->range[k] = r;
        at += strlen(item);
        at += *at == ',';
    }
}

void inputs_open(inputs *in, const source *s, const args *a, const char *shapes, bool always_random) {
    *in = (inputs){.source = s, .args = a, .random = always_random || arg_given(a, "random")};
    in->samples = arg_int(a, "samples", 1);
    in->profile = (int)arg_int(a, "use-profile", 0);
    if (in->samples < 1) fail("--samples: at least 1");
    if (shapes) in->shapes = parse_shapes("shapes", shapes);
    in->range = HN_NEW_ARRAY(tool_arena(), value_range, s->n_input + 1);
    if (!in->range) fail("out of memory");
    for (int i = 0; i < a->n_given; i++) {
        const char *name = a->given[i].flag->name;
        if (strcmp(name, "input") == 0 || strcmp(name, "inputs") == 0 || strcmp(name, "input-data-path") == 0)
            load_given(in, name, a->given[i].value);
        if (strcmp(name, "val-range") == 0) add_ranges(in, a->given[i].value);
    }
    check_names(in);
    if (in->samples > 1 && in->files.n == s->n_input && s->n_input) fail("--samples: all inputs come from files");
}

/* ---- random values ---- */

static bool is_mask(const hone_port *port) {
    return port->dtype == HONE_BOOL || strcasestr(port->name, "mask") != NULL;
}

enum { SMALL = 8 }; /* integers and scalars of which nothing is known lie in 0..8 */

static double draw(const hone_port *port, int64_t limit, const value_range *r, uint64_t key, uint64_t index) {
    const bool whole = is_integer_type(port->dtype);
    if (!r->given && is_mask(port)) return 1;
    if (!r->given && !whole && port->rank != 0) return hn_rng_normal(key, index);
    const double low = r->given ? r->low : 0, high = r->given ? r->high : limit > 0 ? (double)(limit - 1) : SMALL;
    const double u = hn_rng_uniform(key, index);
    return whole ? floor(low + u * (floor(high) - low + 1)) : low + u * (high - low);
}

/* Dims that nothing tells become 1, and this is said. */
static void fill_dims(const hone_port *port, int rank, int64_t *dim, const named_shape *given, bool say) {
    bool filled = false;
    for (int k = 0; k < rank && !given; k++)
        if (dim[k] == 0 && port->dim[k] != 0) dim[k] = 1, filled = true;
    if (filled && say)
        note("input '%s' is taken as %s: nothing tells its varying dimensions (--shapes does)", port->name,
             shape_text(rank, dim));
}

static hone_value *random_value(const inputs *in, int index, int64_t sample) {
    const hone_port *port = &in->source->input[index];
    int64_t dim[HONE_MAX_RANK];
    if (port->dtype == HONE_NO_DTYPE || port->dtype == HONE_STRING)
        fail("input '%s' is %s: it cannot be drawn at random", port->name, port->type);
    const int rank = resolve_shape(in, index, dim);
    if (rank < 0) fail_hint("give it with --shapes", "input '%s' has no declared rank", port->name);
    fill_dims(port, rank, dim, find_shape(&in->shapes, port->name), sample == 0);
    hone_value *value = value_new(port->dtype, rank, dim);
    const uint64_t seed = (uint64_t)arg_int(in->args, "seed", 0) + ((uint64_t)sample << 32);
    const uint64_t key = hn_hash(port->name, strlen(port->name), seed);
    const int64_t n = value_count(value), limit = in->source->index_limit[index];
    for (int64_t i = 0; i < n; i++) element_set(value, i, draw(port, limit, &in->range[index], key, (uint64_t)i));
    return value;
}

tensors inputs_sample(const inputs *in, int64_t sample) {
    tensors out = {0};
    for (int i = 0; i < in->source->n_input; i++) {
        const char *name = in->source->input[i].name;
        const tensor *file = tensors_find(&in->files, name);
        if (!file && !in->random)
            fail_hint(text_of("give --input %s:FILE, or --random", name), "input '%s' is missing", name);
        tensors_add(&out, name, file ? value_copy(file->value) : random_value(in, i, sample));
    }
    return out;
}

shape_list inputs_shapes(const tensors *sample) {
    shape_list list = {take((size_t)sample->n, sizeof(named_shape)), 0};
    for (int i = 0; i < sample->n; i++) {
        if (hone_value_kind(sample->at[i].value) != HONE_TENSOR) continue;
        named_shape *s = &list.at[list.n++];
        s->name = sample->at[i].name;
        s->rank = hone_value_rank(sample->at[i].value);
        memcpy(s->dim, hone_value_dims(sample->at[i].value), (size_t)s->rank * sizeof s->dim[0]);
    }
    return list;
}
