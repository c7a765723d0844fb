/* A self-contained HTML page that draws a model or a plan. */
#ifndef HONE_PAGE_H
#define HONE_PAGE_H

#include <jansson.h>
#include "tool.h"

/* The page for a report of hone_model_report or hone_plan_report; `times` (may be NULL) is what
 * `bench --export-profile` writes. */
void write_page(hn_str *out, const char *path, const json_t *report, const json_t *times);

/* The unchanging parts (page_assets.c). */
extern const char page_style[], page_script[];

#endif
