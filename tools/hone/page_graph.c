/* From a report's nodes to boxes and lines. */
#include "page_graph.h"

#include <stdlib.h>
#include <string.h>
#include "base/map.h"
#include "console.h"
#include "graph_layout.h"

/* ---- words ---- */

void add_escaped(hn_str *out, const char *text) {
    for (; *text; text++) {
        const char *entity = *text == '<'   ? "&lt;"
                             : *text == '>' ? "&gt;"
                             : *text == '&' ? "&amp;"
                             : *text == '"' ? "&quot;"
                                            : NULL;
        if (entity) hn_str_append(out, entity, strlen(entity));
        else hn_str_append(out, text, 1);
    }
}

const char *report_shape(const json_t *shape) {
    hn_str text;
    hn_str_init(&text, tool_arena());
    size_t i;
    json_t *dim;
    if (!json_is_array(shape)) return "?";
    if (!json_array_size(shape)) return "scalar";
    json_array_foreach(shape, i, dim) {
        if (json_is_integer(dim)) hn_str_add(&text, "%s%" JSON_INTEGER_FORMAT, i ? "×" : "", json_integer_value(dim));
        else hn_str_add(&text, "%s%s", i ? "×" : "", json_is_string(dim) ? json_string_value(dim) : "?");
    }
    return text_done(&text);
}

const char *const operator_kinds[OPERATOR_KINDS] = {"convolution",  "matrix product",  "pooling, reduction",
                                                    "control flow", "movement, shape", "normalization, softmax",
                                                    "elementwise"};

/* Words in operator names, the first that fits decides. */
static const struct {
    const char *word;
    int kind;
} words[] = {
    {"Conv", 0},   {"Gemm", 1},     {"MatMul", 1},    {"Attention", 1}, {"Einsum", 1}, {"LSTM", 1},
    {"GRU", 1},    {"RNN", 1},      {"Softmax", 5},   {"Normal", 5},    {"LRN", 5},    {"Pool", 2},
    {"Reduce", 2}, {"ArgM", 2},     {"TopK", 2},      {"If", 3},        {"Loop", 3},   {"Scan", 3},
    {"Shape", 4},  {"Reshape", 4},  {"Transpose", 4}, {"Concat", 4},    {"Split", 4},  {"Slice", 4},
    {"Gather", 4}, {"Squeeze", 4},  {"squeeze", 4},   {"Flatten", 4},   {"Expand", 4}, {"Tile", 4},
    {"Pad", 4},    {"Cast", 4},     {"Copy", 4},      {"Reorder", 4},   {"Resize", 4}, {"Constant", 4},
    {"Range", 4},  {"Identity", 4}, {"NonZero", 4},   {"Scatter", 4},
};

int operator_kind(const char *op) {
    const size_t first = strcspn(op, "+");
    const char *anchor = text_copy(op, first);
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strstr(anchor, words[i].word)) return words[i].kind;
    return 6;
}

/* At most `most` characters, the end replaced by an ellipsis. */
static const char *shortened(const char *text, int most) {
    if (text_width(text) <= most) return text;
    size_t n = 0;
    int width = 0;
    while (text[n] && width < most - 1) {
        do n++;
        while ((text[n] & 0xC0) == 0x80);
        width++;
    }
    return text_of("%.*s…", (int)n, text);
}

/* ---- boxes ---- */

typedef struct box {
    const char *title, *subtitle, *find;
    int kind;  /* -1: a port */
    int index; /* in the report; -1: a port */
    bool slow; /* runs by reference */
    double time;
} box;

typedef struct drawing {
    layout layout;
    box *box;
    hn_map producer; /* value name -> box number + 1 */
    hn_map alias;    /* value name -> name of the value whose memory it shows */
    hn_map edges;    /* "from to" */
    double slowest;
    int capacity;
} drawing;

const char *string_of(const json_t *object, const char *key) {
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "";
}

static int add_box(drawing *d, box b) {
    layout *l = &d->layout;
    if (l->n_node == d->capacity) {
        d->capacity = d->capacity ? 2 * d->capacity : 64;
        l->node = grow(l->node, (size_t)d->capacity, sizeof *l->node);
        d->box = grow(d->box, (size_t)d->capacity, sizeof *d->box);
    }
    const double title = text_width(b.title) * 7.0, subtitle = text_width(b.subtitle) * 6.2;
    const double width = (title > subtitle ? title : subtitle) + 28;
    l->node[l->n_node] = (layout_node){.width = width < 76 ? 76 : width, .anchored = b.kind < 0};
    d->box[l->n_node] = b;
    if (b.time > d->slowest) d->slowest = b.time;
    return l->n_node++;
}

static void put(hn_map *map, const char *key, const void *value) {
    if (!hn_map_put_text(map, key, (void *)(uintptr_t)value)) fail("out of memory");
}

static void makes(drawing *d, const char *value, int number) {
    put(&d->producer, value, (void *)((uintptr_t)number + 1));
}

static void add_edge(drawing *d, int from, int to) {
    layout *l = &d->layout;
    const char *key = text_of("%d %d", from, to);
    if (from == to || hn_map_get_text(&d->edges, key)) return;
    put(&d->edges, key, d);
    l->edge = grow(l->edge, (size_t)l->n_edge + 1, sizeof *l->edge);
    l->edge[l->n_edge++] = (layout_edge){.from = from, .to = to};
}

/* The box that makes a value; a view's value is made by whoever made what it shows. */
static int maker(drawing *d, const char *value) {
    for (int depth = 0; depth < 64 && value; depth++) {
        const uintptr_t number = (uintptr_t)hn_map_get_text(&d->producer, value);
        if (number) return (int)number - 1;
        value = hn_map_get_text(&d->alias, value);
    }
    return -1;
}

static bool belongs(const json_t *node, const char *owner_key, const json_t *owner) {
    const json_t *mine = json_object_get(node, owner_key);
    return owner ? mine && json_equal(mine, (json_t *)(uintptr_t)owner) : !mine;
}

static void add_nodes(drawing *d, const json_t *nodes, const char *owner_key, const json_t *owner) {
    size_t i, k;
    json_t *node, *out;
    json_array_foreach(nodes, i, node) {
        if (!belongs(node, owner_key, owner)) continue;
        const char *op = *string_of(node, "fused") ? string_of(node, "fused") : string_of(node, "op");
        const json_t *first = json_array_get(json_object_get(node, "outputs"), 0);
        const bool slow = strcmp(string_of(node, "kind"), "reference") == 0;
        const int number =
            add_box(d, (box){.title = shortened(op, 30),
                             .subtitle = shortened(report_shape(json_object_get(first, "shape")), 30),
                             .find = text_of("%s %s %s", string_of(node, "name"), op, string_of(node, "kernel")),
                             .kind = operator_kind(op),
                             .index = (int)i,
                             .slow = slow,
                             .time = json_number_value(json_object_get(node, "time_ms"))});
        json_array_foreach(json_object_get(node, "outputs"), k, out) if (json_is_object(out))
            makes(d, string_of(out, "name"), number);
    }
}

static void add_inputs(drawing *d, const json_t *report) {
    size_t i;
    json_t *port;
    json_array_foreach(json_object_get(report, "inputs"), i, port) {
        const char *name = string_of(port, "name");
        const int number =
            add_box(d, (box){shortened(name, 30), shortened(report_shape(json_object_get(port, "shape")), 30), name, -1,
                             -1, false, 0});
        makes(d, name, number);
    }
}

static void note_alias(drawing *d, const json_t *value) {
    const char *of = json_string_value(json_object_get(value, "alias_of"));
    if (of && strcmp(of, string_of(value, "name")) != 0) put(&d->alias, string_of(value, "name"), of);
}

static void note_aliases(drawing *d, const json_t *values) {
    size_t i;
    json_t *value;
    json_array_foreach(values, i, value) if (json_is_object(value)) note_alias(d, value);
}

static void connect_nodes(drawing *d, const json_t *nodes) {
    const int n = d->layout.n_node;
    for (int b = 0; b < n; b++) {
        if (d->box[b].index < 0) continue;
        const json_t *inputs = json_object_get(json_array_get(nodes, (size_t)d->box[b].index), "inputs");
        for (size_t k = 0; k < json_array_size(inputs); k++) {
            const json_t *in = json_array_get(inputs, k);
            const char *name = json_is_string(in) ? json_string_value(in) : string_of(in, "name");
            const int from = maker(d, name);
            if (from >= 0) add_edge(d, from, b);
        }
    }
}

static void add_outputs(drawing *d, const json_t *report) {
    size_t i;
    json_t *port;
    json_array_foreach(json_object_get(report, "outputs"), i, port) {
        const char *name = string_of(port, "name");
        const int from = maker(d, name);
        const int number =
            add_box(d, (box){shortened(name, 30), shortened(report_shape(json_object_get(port, "shape")), 30), name, -1,
                             -1, false, 0});
        if (from >= 0) add_edge(d, from, number);
    }
}

/* ---- SVG ---- */

enum { BOX_HEIGHT = 40, LAYER_HEIGHT = 74 };

static void draw_edge(hn_str *out, const layout *l, const layout_edge *e) {
    const layout_node *a = &l->node[e->from], *b = &l->node[e->to];
    double x = a->x, y = a->y + BOX_HEIGHT / 2.0;
    hn_str_add(out, "<path class=\"e\" data-a=\"%d\" data-b=\"%d\" d=\"M%.0f %.0f", e->from, e->to, x, y);
    for (int k = 0; k <= e->n; k++) {
        const bool last = k == e->n;
        const layout_node *p = last ? b : &l->node[e->first + k];
        const double py = last ? b->y - BOX_HEIGHT / 2.0 - 5 : p->y;
        const double middle = (y + py) / 2;
        hn_str_add(out, "C%.0f %.0f %.0f %.0f %.0f %.0f", x, middle, p->x, middle, p->x, py);
        x = p->x, y = py;
    }
    hn_str_add(out, "\" marker-end=\"url(#tip)\"/>\n");
}

static void draw_box(hn_str *out, const drawing *d, int number) {
    const box *b = &d->box[number];
    const layout_node *n = &d->layout.node[number];
    const double left = -n->width / 2;
    hn_str_add(out, "<g class=\"node%s\" data-id=\"%d\" data-step=\"%d\" data-find=\"", b->kind < 0 ? " port" : "",
               number, b->index);
    add_escaped(out, b->find);
    hn_str_add(out, "\" transform=\"translate(%.0f %.0f)\">", n->x, n->y);
    hn_str_add(out, "<rect class=\"b\" x=\"%.0f\" y=\"%d\" width=\"%.0f\" height=\"%d\" rx=\"8\"%s/>", left,
               -BOX_HEIGHT / 2, n->width, BOX_HEIGHT, b->slow ? " stroke-dasharray=\"4 3\"" : "");
    if (b->kind >= 0)
        hn_str_add(out, "<rect class=\"c%d\" x=\"%.0f\" y=\"%d\" width=\"4\" height=\"%d\" rx=\"2\"/>", b->kind,
                   left + 5, -BOX_HEIGHT / 2 + 6, BOX_HEIGHT - 12);
    if (d->slowest > 0 && b->time > 0)
        hn_str_add(out, "<rect class=\"heat\" x=\"%.0f\" y=\"%d\" width=\"%.1f\" height=\"3\" rx=\"1.5\"/>", left + 14,
                   BOX_HEIGHT / 2 - 6, (n->width - 24) * b->time / d->slowest);
    hn_str_add(out, "<text x=\"3\" y=\"-3\">");
    add_escaped(out, b->title);
    hn_str_add(out, "</text><text class=\"s\" x=\"3\" y=\"11\">");
    add_escaped(out, b->subtitle);
    hn_str_add(out, "</text></g>\n");
}

static void draw(hn_str *out, drawing *d) {
    layout *l = &d->layout;
    l->layer_height = LAYER_HEIGHT, l->gap = 22;
    layout_run(l);
    hn_str_add(
        out,
        "<svg viewBox=\"0 0 %.0f %.0f\" xmlns=\"http://www.w3.org/2000/svg\"><defs><marker id=\"tip\" viewBox=\"0 0 "
        "8 8\" refX=\"4\" refY=\"4\" markerWidth=\"6\" markerHeight=\"6\" orient=\"auto\"><path d=\"M0 0L8 4L0 "
        "8z\" fill=\"var(--edge)\"/></marker></defs>\n",
        l->width, l->height);
    for (int e = 0; e < l->n_edge; e++) draw_edge(out, l, &l->edge[e]);
    for (int i = 0; i < l->n_given; i++) draw_box(out, d, i);
    hn_str_add(out, "</svg>\n");
}

void draw_graph(hn_str *out, const json_t *report, const json_t *nodes, const char *owner_key, const json_t *owner) {
    drawing d = {0};
    hn_map_init(&d.producer, tool_arena());
    hn_map_init(&d.alias, tool_arena());
    hn_map_init(&d.edges, tool_arena());
    if (!owner) add_inputs(&d, report);
    add_nodes(&d, nodes, owner_key, owner);
    size_t i;
    json_t *node;
    json_array_foreach(nodes, i, node) note_aliases(&d, json_object_get(node, "inputs"));
    note_aliases(&d, json_object_get(report, "outputs"));
    connect_nodes(&d, nodes);
    if (!owner) add_outputs(&d, report);
    if (d.layout.n_node) draw(out, &d);
    free(d.box);
    free(d.layout.edge);
}
