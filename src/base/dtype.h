/* Facts about element types: class, size in memory, names. The list is dtypes.def. */
#ifndef HN_BASE_DTYPE_H
#define HN_BASE_DTYPE_H

#include "hone/types.h"

/* Opaque elements of 16 bytes, for moving data whose meaning does not matter (strings, complex128). Never in a model or
 * a plan, and without a public name. */
#define HN_DTYPE_OPAQUE128 ((hone_dtype)128)

/* Elements that stand for a sequence, optional or map (abi/object.h): a value of such a kind is a scalar of this type.
 * In plans, never in a model, and without a public name. */
#define HN_DTYPE_OBJECT ((hone_dtype)130)

/* Bytes of one string element in memory (a pointer and a length), of an object and of an opaque one. */
#define HN_DTYPE_WIDE_BYTES 16

/* Floating point of any width, 8- and 4-bit formats included; complex is not. */
bool hn_dtype_is_float(hone_dtype dtype);
bool hn_dtype_is_signed_int(hone_dtype dtype);
bool hn_dtype_is_unsigned_int(hone_dtype dtype);
/* Signed or unsigned; bool is not. */
bool hn_dtype_is_int(hone_dtype dtype);
bool hn_dtype_is_complex(hone_dtype dtype);
/* Elements hold addresses: strings and objects. */
bool hn_dtype_is_reference(hone_dtype dtype);
/* True for the numbers listed in dtypes.def. */
bool hn_dtype_is_known(hone_dtype dtype);

/* Bytes of `count` elements stored densely; elements under 8 bits are packed and the last byte is filled up. SIZE_MAX
 * for an unknown type, a negative count, or a result that does not fit. */
size_t hn_dtype_bytes(hone_dtype dtype, int64_t count);

/* The type of that name (as hone_dtype_name spells it), or HONE_NO_DTYPE. */
hone_dtype hn_dtype_parse(const char *name);

#endif
