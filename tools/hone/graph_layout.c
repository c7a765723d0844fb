/* The steps of a layered drawing. */
#include "graph_layout.h"

#include <stdlib.h>
#include <string.h>

enum { SWEEPS = 8, RELAXATIONS = 12, LONGEST_ROUTED = 80, MOST_BENDS = 40000, BEND_WIDTH = 14 };

/* Neighbours of each node in the layer above or below, as one array with offsets. */
typedef struct links {
    int *start, *to;
} links;

/* ---- layers ---- */

static int *count_in(const layout *l) {
    int *in = take((size_t)l->n_given, sizeof *in);
    for (int e = 0; e < l->n_edge; e++) in[l->edge[e].to]++;
    return in;
}

static links links_of(int n, const int (*pair)[2], int n_pair) {
    links k = {take((size_t)n + 2, sizeof *k.start), take((size_t)n_pair, sizeof *k.to)};
    for (int i = 0; i < n_pair; i++) k.start[pair[i][0] + 2]++;
    for (int i = 0; i < n; i++) k.start[i + 2] += k.start[i + 1];
    for (int i = 0; i < n_pair; i++) k.to[k.start[pair[i][0] + 1]++] = pair[i][1];
    return k;
}

/* Longest path from the sources; nodes on a cycle (there should be none) stay in layer 0. Returns the nodes in an order
 * in which edges point forwards. */
static const int *find_layers(layout *l, const links *down, int *n_order) {
    int *left = count_in(l), *order = take((size_t)l->n_given, sizeof *order), n = 0;
    for (int i = 0; i < l->n_given; i++)
        if (!left[i]) order[n++] = i;
    for (int at = 0; at < n; at++)
        for (int k = down->start[order[at]]; k < down->start[order[at] + 1]; k++) {
            layout_node *to = &l->node[down->to[k]];
            const layout_node *from = &l->node[order[at]];
            if (to->layer <= from->layer) to->layer = from->layer + 1;
            to->anchored = to->anchored || from->anchored;
            if (--left[down->to[k]] == 0) order[n++] = down->to[k];
        }
    *n_order = n;
    return order;
}

/* What nothing holds at the top moves down to just above its first user: sources, and chains that hang on no input. */
static void lower_loose(layout *l, const links *down, const int *order, int n) {
    const int *in = count_in(l);
    for (int at = n - 1; at >= 0; at--) {
        layout_node *node = &l->node[order[at]];
        int least = -1;
        for (int k = down->start[order[at]]; k < down->start[order[at] + 1]; k++)
            if (least < 0 || l->node[down->to[k]].layer < least) least = l->node[down->to[k]].layer;
        if (least > 0 && (!node->anchored || !in[order[at]])) node->layer = least - 1;
    }
}

static void assign_layers(layout *l) {
    int n, (*pair)[2] = take((size_t)l->n_edge, sizeof *pair);
    for (int e = 0; e < l->n_edge; e++) pair[e][0] = l->edge[e].from, pair[e][1] = l->edge[e].to;
    const links down = links_of(l->n_given, (const int(*)[2])pair, l->n_edge);
    const int *order = find_layers(l, &down, &n);
    lower_loose(l, &down, order, n);
}

/* ---- bends ---- */

static int new_bend(layout *l, int layer) {
    l->node = grow(l->node, (size_t)l->n_node + 1, sizeof *l->node);
    l->node[l->n_node] = (layout_node){.width = BEND_WIDTH, .is_point = true, .layer = layer};
    return l->n_node++;
}

static void add_bends(layout *l) {
    layout_node *own = grow(NULL, (size_t)l->n_node, sizeof *own);
    memcpy(own, l->node, (size_t)l->n_node * sizeof *own);
    l->node = own;
    for (int e = 0; e < l->n_edge; e++) {
        layout_edge *edge = &l->edge[e];
        const int from = l->node[edge->from].layer, to = l->node[edge->to].layer;
        edge->first = l->n_node, edge->n = 0;
        if (to - from > LONGEST_ROUTED || l->n_node - l->n_given > MOST_BENDS) continue;
        for (int layer = from + 1; layer < to; layer++) (void)new_bend(l, layer), edge->n++;
    }
}

/* ---- order ---- */

typedef struct rows {
    int **row; /* nodes of each layer in order */
    int *count, n;
    links up, down;
} rows;

static int segments(const layout *l, int (*pair)[2]) {
    int n = 0;
    for (int e = 0; e < l->n_edge; e++) {
        const layout_edge *edge = &l->edge[e];
        if (!edge->n && l->node[edge->to].layer - l->node[edge->from].layer > 1) continue;
        int at = edge->from;
        for (int k = 0; k < edge->n; k++, n++) {
            if (pair) pair[n][0] = at, pair[n][1] = edge->first + k;
            at = edge->first + k;
        }
        if (pair) pair[n][0] = at, pair[n][1] = edge->to;
        n++;
    }
    return n;
}

static rows make_rows(const layout *l) {
    rows r = {0};
    for (int i = 0; i < l->n_node; i++)
        if (l->node[i].layer >= r.n) r.n = l->node[i].layer + 1;
    r.row = take((size_t)r.n, sizeof *r.row), r.count = take((size_t)r.n, sizeof *r.count);
    for (int i = 0; i < l->n_node; i++) r.count[l->node[i].layer]++;
    for (int k = 0; k < r.n; k++) r.row[k] = take((size_t)r.count[k], sizeof **r.row), r.count[k] = 0;
    for (int i = 0; i < l->n_node; i++) r.row[l->node[i].layer][r.count[l->node[i].layer]++] = i;
    const int n = segments(l, NULL);
    int(*pair)[2] = take((size_t)n, sizeof *pair);
    (void)segments(l, pair);
    r.down = links_of(l->n_node, (const int(*)[2])pair, n);
    for (int i = 0; i < n; i++) {
        const int top = pair[i][0];
        pair[i][0] = pair[i][1], pair[i][1] = top;
    }
    r.up = links_of(l->n_node, (const int(*)[2])pair, n);
    return r;
}

/* Mean place (order or x) of a node's neighbours; its own place when it has none. */
static double barycentre(const layout *l, const links *k, int node, bool by_x) {
    double sum = 0;
    const int first = k->start[node], last = k->start[node + 1];
    if (first == last) return by_x ? l->node[node].x : l->node[node].order;
    for (int i = first; i < last; i++) sum += by_x ? l->node[k->to[i]].x : l->node[k->to[i]].order;
    return sum / (last - first);
}

typedef struct keyed {
    double key;
    int node, was;
} keyed;

static int by_key(const void *a, const void *b) {
    const keyed *x = a, *y = b;
    return x->key != y->key ? (x->key > y->key) - (x->key < y->key) : x->was - y->was;
}

static void sort_row(layout *l, const rows *r, int row, const links *k, keyed *room) {
    for (int i = 0; i < r->count[row]; i++)
        room[i] = (keyed){barycentre(l, k, r->row[row][i], false), r->row[row][i], i};
    qsort(room, (size_t)r->count[row], sizeof *room, by_key);
    for (int i = 0; i < r->count[row]; i++) r->row[row][i] = room[i].node, l->node[room[i].node].order = i;
}

static void find_order(layout *l, const rows *r, keyed *room) {
    for (int k = 0; k < r->n; k++)
        for (int i = 0; i < r->count[k]; i++) l->node[r->row[k][i]].order = i;
    for (int s = 0; s < SWEEPS; s++) {
        for (int k = 1; k < r->n; k++) sort_row(l, r, k, &r->up, room);
        for (int k = r->n - 2; k >= 0; k--) sort_row(l, r, k, &r->down, room);
    }
}

/* ---- coordinates ---- */

/* Least squares under "each at least its distance right of the one before": pool adjacent violators. */
typedef struct pool {
    double sum, weight;
    int n;
} pool;

static void place_row(layout *l, const rows *r, int row, const double *wanted, double *offset, pool *room) {
    int n = 0;
    double sum = 0;
    for (int i = 0; i < r->count[row]; i++) {
        const layout_node *node = &l->node[r->row[row][i]];
        if (i) sum += (l->node[r->row[row][i - 1]].width + node->width) / 2 + (node->is_point ? l->gap / 3 : l->gap);
        offset[i] = sum;
        const double weight = node->is_point ? 2 : 1;
        room[n++] = (pool){(wanted[i] - sum) * weight, weight, 1};
        while (n > 1 && room[n - 2].sum / room[n - 2].weight > room[n - 1].sum / room[n - 1].weight) {
            room[n - 2].sum += room[n - 1].sum, room[n - 2].weight += room[n - 1].weight,
                room[n - 2].n += room[n - 1].n;
            n--;
        }
    }
    int at = 0;
    for (int p = 0; p < n; p++)
        for (int i = 0; i < room[p].n; i++, at++)
            l->node[r->row[row][at]].x = room[p].sum / room[p].weight + offset[at];
}

static void relax_row(layout *l, const rows *r, int row, bool from_above, bool both, double *wanted, double *offset,
                      pool *room) {
    for (int i = 0; i < r->count[row]; i++) {
        const int node = r->row[row][i];
        const double up = barycentre(l, &r->up, node, true), down = barycentre(l, &r->down, node, true);
        wanted[i] = both ? (up + down) / 2 : from_above ? up : down;
    }
    place_row(l, r, row, wanted, offset, room);
}

static void find_x(layout *l, const rows *r, int widest) {
    double *wanted = take((size_t)widest, sizeof *wanted), *offset = take((size_t)widest, sizeof *offset);
    pool *room = take((size_t)widest, sizeof *room);
    for (int k = 0; k < r->n; k++) {
        memset(wanted, 0, (size_t)r->count[k] * sizeof *wanted);
        place_row(l, r, k, wanted, offset, room);
    }
    for (int s = 0; s < RELAXATIONS; s++) {
        const bool both = s >= RELAXATIONS - 3;
        for (int k = 1; k < r->n; k++) relax_row(l, r, k, true, both, wanted, offset, room);
        for (int k = r->n - 2; k >= 0; k--) relax_row(l, r, k, false, both, wanted, offset, room);
    }
    for (int k = 1; k < r->n; k++) relax_row(l, r, k, true, false, wanted, offset, room);
}

static void find_extent(layout *l, const rows *r) {
    double left = 0, right = 0;
    for (int i = 0; i < l->n_node; i++) {
        const layout_node *n = &l->node[i];
        if (i == 0 || n->x - n->width / 2 < left) left = n->x - n->width / 2;
        if (i == 0 || n->x + n->width / 2 > right) right = n->x + n->width / 2;
    }
    for (int i = 0; i < l->n_node; i++) {
        l->node[i].x += l->gap - left;
        l->node[i].y = (l->node[i].layer + 0.5) * l->layer_height;
    }
    l->width = right - left + 2 * l->gap;
    l->height = r->n * l->layer_height;
}

void layout_run(layout *l) {
    l->n_given = l->n_node;
    assign_layers(l);
    add_bends(l);
    const rows r = make_rows(l);
    int widest = 1;
    for (int k = 0; k < r.n; k++)
        if (r.count[k] > widest) widest = r.count[k];
    keyed *room = take((size_t)widest, sizeof *room);
    find_order(l, &r, room);
    find_x(l, &r, widest);
    find_extent(l, &r);
}
