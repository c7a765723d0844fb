/* Blocks of elements of any real type as float, double, int64 or uint64, so that arithmetic is written once.
 *
 * Values convert and round once: to a narrower float to nearest even; from float to integer towards zero, saturating at
 * the ends of the type, NaN to 0 (NumPy and ONNX Runtime leave that to the machine); between integers by wrapping in
 * two's complement; to bool as `!= 0`. The 8- and 4-bit floats saturate. Strings and complex numbers are not handled:
 * they read as 0 and are not written. */
#ifndef HN_OPS_BLOCK_H
#define HN_OPS_BLOCK_H

#include "abi/tensor.h"

#define HN_BLOCK 256 /* elements that callers handle at a time, in buffers on the stack */

/* Elements [first, first + n) of the dense tensor `t`, converted. */
void hn_block_load_f32(float *to, const hn_tensor *t, int64_t first, int n);
void hn_block_load_f64(double *to, const hn_tensor *t, int64_t first, int n);
void hn_block_load_i64(int64_t *to, const hn_tensor *t, int64_t first, int n);
void hn_block_load_u64(uint64_t *to, const hn_tensor *t, int64_t first, int n);
/* Writes elements [first, first + n). Of packed types neighbours in the same byte are kept. */
void hn_block_store_f32(hn_tensor *t, int64_t first, const float *from, int n);
void hn_block_store_f64(hn_tensor *t, int64_t first, const double *from, int n);
void hn_block_store_i64(hn_tensor *t, int64_t first, const int64_t *from, int n);
void hn_block_store_u64(hn_tensor *t, int64_t first, const uint64_t *from, int n);

/* One number towards zero, saturating, NaN to 0. */
int64_t hn_block_to_i64(double v);
uint64_t hn_block_to_u64(double v);

/* The type in which arithmetic over `dtype` runs: all floats in double, integers and bool in 64 bits. */
typedef enum hn_block_kind { HN_BLOCK_F64, HN_BLOCK_I64, HN_BLOCK_U64, HN_BLOCK_NONE } hn_block_kind;
hn_block_kind hn_block_kind_of(hone_dtype dtype);

#endif
