/* Single elements of any number type as doubles. */
#ifndef HONE_ELEMENTS_H
#define HONE_ELEMENTS_H

#include "tool.h"

bool is_float_type(hone_dtype dtype);
bool is_integer_type(hone_dtype dtype); /* signed or unsigned, not bool */
int64_t value_count(const hone_value *value);
/* Element `index`; complex numbers give their real part. */
double element_get(const hone_value *value, int64_t index);
/* Rounds to the type; out of range saturates. */
void element_set(hone_value *value, int64_t index, double x);

#endif
