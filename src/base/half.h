/* Conversions between float and the narrow floating-point formats, round to nearest even, as ONNX defines them. */
#ifndef HN_BASE_HALF_H
#define HN_BASE_HALF_H

#include "hone/types.h"

float hn_half_to_float(uint16_t h);
uint16_t hn_half_from_float(float f);
/* From double in one rounding (a float in between would round twice). */
uint16_t hn_half_from_double(double d);
float hn_bfloat_to_float(uint16_t b);
uint16_t hn_bfloat_from_float(float f);
uint16_t hn_bfloat_from_double(double d);
/* 8-bit and 4-bit formats; `dtype` one of HONE_FLOAT8*, HONE_FLOAT4E2M1. `saturate` as in ONNX Cast; FLOAT4E2M1 always
 * saturates and turns NaN into minus zero; FLOAT8E8M0 drops the sign and rounds up, the default of ONNX Cast. */
float hn_float8_to_float(hone_dtype dtype, uint8_t bits);
uint8_t hn_float8_from_float(hone_dtype dtype, float f, bool saturate);

/* The `round_mode` of ONNX Cast to FLOAT8E8M0, whose values are powers of two. */
typedef enum hn_e8m0_round { HN_E8M0_UP, HN_E8M0_DOWN, HN_E8M0_NEAREST } hn_e8m0_round;
uint8_t hn_float8e8m0_from_float(float f, hn_e8m0_round round, bool saturate);

#endif
