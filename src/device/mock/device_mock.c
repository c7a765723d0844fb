/* The pretended device: host memory of its own behind a guard, filled with a pattern, so that a step which reads memory
 * that no copy brought over computes nonsense and the comparison with the CPU shows it. */
#include <string.h>
#include "device/device.h"

enum { PATTERN = 0xA5 };

static void *allocate(const hone_allocator *host, size_t size) {
    void *memory = hn_alloc(host, size, 64);
    if (memory) memset(memory, PATTERN, size);
    return memory;
}

static void release(const hone_allocator *host, void *memory, size_t size) {
    memset(memory, PATTERN, size);
    hn_release(host, memory, size);
}

static void copy(hn_tensor *to, const hn_tensor *from) { hn_tensor_copy(to, from); }

const hn_device hn_device_mock = {"mock", allocate, release, copy};
