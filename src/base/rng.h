/* Counter-based random numbers (Philox 4x32-10): the value at (key, counter) is the same on every machine. */
#ifndef HN_BASE_RNG_H
#define HN_BASE_RNG_H

#include <stdint.h>

void hn_rng_block(uint64_t key, uint64_t counter, uint32_t out[4]);
/* Element `index` of stream `key`: uniform in (0, 1); standard normal. */
double hn_rng_uniform(uint64_t key, uint64_t index);
double hn_rng_normal(uint64_t key, uint64_t index);

#endif
