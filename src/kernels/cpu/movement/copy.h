/* Copies between tensors of any strides, in pieces that tasks share. */
#ifndef HN_KERNELS_COPY_H
#define HN_KERNELS_COPY_H

#include "kernels/cpu/kernel.h"
#include "kernels/cpu/walk.h"

/* Elements of one task. */
#define HN_COPY_TASK (128 * 1024)

int hn_copy_tasks(const hn_tensor *to);
/* Task `task` of copying `from` (broadcast to `to`'s shape) into `to`. Element sizes 1, 2, 4, 8 and 16. */
hone_status hn_copy_task(const hn_tensor *to, const hn_tensor *from, int task);

#endif
