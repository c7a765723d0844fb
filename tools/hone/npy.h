/* NumPy's .npy format: header and bytes of one array. */
#ifndef HONE_NPY_H
#define HONE_NPY_H

#include "tool.h"

/* True when the bytes begin as an .npy file does. */
bool is_npy(const void *bytes, size_t n);
/* The array as a value in row-major order and native byte order. NumPy has no name for bfloat16 and the like; arrays of
 * raw items (`|V2`) are taken as `wanted` when their size fits. Ends the program on malformed or unsupported data;
 * `what` names the array. */
hone_value *read_npy(const void *bytes, size_t n, hone_dtype wanted, const char *what);
/* NumPy's name of an element type ("<f4"), NULL when it has none. */
const char *npy_descr(hone_dtype dtype);
/* The bytes in front of the data, padded to a multiple of 64. */
char *npy_header(const hone_value *value, size_t *n);

#endif
