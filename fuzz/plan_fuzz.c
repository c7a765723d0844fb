/* libFuzzer: any bytes as a plan with fitting hashes; what loads is run. */
#include <stdlib.h>

#include "../tests/unit/plan/plan_mutate.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    uint8_t *copy = aligned_alloc(64, (size + 64) / 64 * 64);
    if (!copy) return 0;
    memcpy(copy, data, size);
    /* One byte of the input decides whether the hashes are mended, so that the checks of the hashes are met as well. */
    if (size && data[size - 1] != 0xFF) (void)plan_fix_hashes(copy, size);
    if (!plan_try(copy, size)) abort();
    free(copy);
    return 0;
}
