/* .npz: zip archives of .npy arrays. */
#ifndef HONE_ARCHIVE_H
#define HONE_ARCHIVE_H

#include "tensors.h"

bool is_archive(const void *bytes, size_t n);
/* Appends all arrays, named as their entries without ".npy". */
void read_archive(tensors *list, const char *path, const expectation *expected);
/* Writes FILE.npz under a temporary name and renames it; the same arrays give the same bytes. */
void write_archive(const tensors *list, const char *path);

#endif
