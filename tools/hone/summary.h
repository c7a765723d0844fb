/* What an array looks like, in one row of a table or one JSON object. */
#ifndef HONE_SUMMARY_H
#define HONE_SUMMARY_H

#include "base/json.h"
#include "tensors.h"

void print_summaries(const tensors *list);
void write_summaries(hn_json *json, const char *key, const tensors *list);

#endif
