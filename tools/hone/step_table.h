/* The steps of a plan as a table. */
#ifndef HONE_STEP_TABLE_H
#define HONE_STEP_TABLE_H

#include <jansson.h>
#include <stdio.h>

/* `steps` of a report by hone_plan_report: operators, kernel or "reference", device, output, name. */
void print_steps(FILE *to, const json_t *steps);

#endif
