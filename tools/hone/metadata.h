/* NAME.metadata.json beside NAME.plan: the plan's META section for people and other programs, with date and place. */
#ifndef HONE_METADATA_H
#define HONE_METADATA_H

#include "hone/runtime.h"
#include "tool.h"

/* "x.plan" gives "x.metadata.json". */
const char *metadata_path(const char *plan);
/* Writes it for a plan just built from `model`; `accuracy` is text or NULL: not known. */
void metadata_write(const char *plan, const char *model, double build_seconds, const char *accuracy);
/* Warns when it is missing; ends the program when it contradicts the plan. */
void metadata_check(const char *plan, const hone_engine *engine);
/* The revision checked out in the git work tree that holds `path`, NULL when there is none. */
const char *git_revision(const char *path);

#endif
