/* The drawing of one graph of a report as SVG. */
#ifndef HONE_PAGE_GRAPH_H
#define HONE_PAGE_GRAPH_H

#include <jansson.h>
#include "tool.h"

/* Text inside HTML. */
void add_escaped(hn_str *out, const char *text);
/* A text of an object of a report; "" when it has none of that name. */
const char *string_of(const json_t *object, const char *key);
/* "1x64x56x56" of a shape in a report. */
const char *report_shape(const json_t *shape);
/* Kind of an operator: the colour of its box, and its name in the legend. */
int operator_kind(const char *op);
extern const char *const operator_kinds[];
enum { OPERATOR_KINDS = 7 };

/* Draws the nodes of `nodes` (a report's "steps" or "nodes") whose `owner_key` equals `owner` (NULL: that have no such
 * key), with the ports of the report when it is the main graph. */
void draw_graph(hn_str *out, const json_t *report, const json_t *nodes, const char *owner_key, const json_t *owner);

#endif
