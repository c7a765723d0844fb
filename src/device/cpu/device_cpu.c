/* The host itself. */
#include "device/device.h"

static void *allocate(const hone_allocator *host, size_t size) { return hn_alloc(host, size, 64); }

static void release(const hone_allocator *host, void *memory, size_t size) { hn_release(host, memory, size); }

static void copy(hn_tensor *to, const hn_tensor *from) { hn_tensor_copy(to, from); }

const hn_device hn_device_cpu = {"cpu", allocate, release, copy};

const hn_device *hn_device_at(int number) {
    static const hn_device *const devices[HN_DEVICES] = {&hn_device_cpu, &hn_device_mock};
    return number >= 0 && number < HN_DEVICES ? devices[number] : NULL;
}
