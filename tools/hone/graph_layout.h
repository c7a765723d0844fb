/* Layered drawing of a directed graph: layers, order within them, coordinates. Pure geometry.
 *
 *   edges -> layers (longest path) -> points on long edges -> order (barycentres) -> x (least squares without overlap)
 */
#ifndef HONE_GRAPH_LAYOUT_H
#define HONE_GRAPH_LAYOUT_H

#include "tool.h"

typedef struct layout_node {
    double width;  /* given */
    bool anchored; /* given: stays near the top, and what hangs on it below it */
    double x, y;   /* centre; found */
    bool is_point; /* a bend of a long edge, without a box */
    int layer, order;
} layout_node;

typedef struct layout_edge {
    int from, to; /* given: numbers of nodes; from != to */
    int first, n; /* found: bends, numbers of nodes from `first` on, from top to bottom */
} layout_edge;

typedef struct layout {
    layout_node *node;
    int n_node, n_given; /* bends are appended behind the given nodes */
    layout_edge *edge;
    int n_edge;
    double layer_height, gap; /* given: distance of layers, least space between boxes */
    double width, height;     /* found */
} layout;

void layout_run(layout *l);

#endif
