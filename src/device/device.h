/* Devices: a memory space each, and copies between them. Device 0 is the CPU; the pretended second device shows that
 * partition, segments and copies are right before a GPU takes its place. */
#ifndef HN_DEVICE_DEVICE_H
#define HN_DEVICE_DEVICE_H

#include "abi/tensor.h"

#define HN_DEVICES 2

typedef struct hn_device {
    const char *name;
    /* Memory of this device, aligned to 64 bytes; NULL when there is none left. */
    void *(*allocate)(const hone_allocator *host, size_t size);
    void (*release)(const hone_allocator *host, void *memory, size_t size);
    /* Copies a whole tensor of the same shape, layout and type between host memory and this device's, either way. */
    void (*copy)(hn_tensor *to, const hn_tensor *from);
} hn_device;

extern const hn_device hn_device_cpu, hn_device_mock;
/* NULL for a number that is no device. */
const hn_device *hn_device_at(int number);

#endif
